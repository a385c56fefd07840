/** Every page, by who visits it. `:product` and `:order` become one of the visitor's own. */
export const PAGES: Record<"guest" | "buyer" | "seller" | "admin", string[]> = {
  guest: ["/", "/products", "/products?q=lamp&in_stock=true&sort=price", "/products?q=zzzz", "/products/:product"].concat([
    ...["/cart", "/sign-in", "/register", "/no-such-page"],
  ]),
  buyer: ["/products/:product", "/cart", "/checkout", "/orders", "/orders/:order", "/notifications", "/profile", "/admin"],
  seller: ["/seller", "/seller/orders", "/seller/products", "/seller/products/new", "/seller/products/:product"].concat([
    ...["/seller/import", "/profile"],
  ]),
  admin: ["/admin", "/admin/users", "/admin/products", "/admin/orders", "/admin/health"].concat([
    ...["/lab", "/lab/load", "/lab/explain/product_by_id", "/lab/distribution", "/lab/audit", "/lab/reports"],
  ]),
};
