/** Every page, by who visits it. `:product` and `:order` become one of the visitor's own. */
export const PAGES: Record<"guest" | "buyer" | "seller" | "admin", string[]> = {
  guest: ["/", "/products", "/products?q=lamp&in_stock=true&sort=price", "/products?q=zzzz", "/products/:product"].concat([
    ...["/cart", "/sign-in", "/register", "/no-such-page"],
  ]),
  buyer: ["/products/:product", "/cart", "/checkout", "/orders", "/orders/:order", "/profile", "/admin"],
  seller: ["/seller", "/profile"],
  admin: ["/admin", "/lab"],
};
