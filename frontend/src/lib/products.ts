import { queryOptions, type InfiniteData, type QueryClient } from "@tanstack/react-query";

import { api, call, type Schemas } from "@/lib/api";
import type { StockUpdate } from "@/lib/connection";

export type Product = Schemas["Product"];
type Cart = Schemas["Cart"];
type Page = Schemas["ProductPage"];

export const PRODUCT = "product"; // keys of one product begin with it
export const PRODUCTS = "products"; // keys of lists
export const CART = "cart"; // the key of a buyer's cart

export function productQuery(id: string) {
  return queryOptions({
    queryKey: [PRODUCT, id],
    queryFn: ({ signal }) => call(api.GET("/api/products/{id}", { params: { path: { id } }, signal })),
  });
}

/** What the shop told of a product, in everything that was fetched; what is older than what we have is dropped. */
export function applyStockUpdate(queries: QueryClient, update: StockUpdate): void {
  const changed = (product: Product): Product =>
    product.id !== update.product_id || product.version >= update.version ? product : merged(product, update);
  queries.setQueryData<Cart>([CART], (cart) => cart && { ...cart, items: cart.items.map((item) => inCart(item, update)) });
  queries.setQueryData<Product>([PRODUCT, update.product_id], (known) => known && changed(known));
  queries.setQueriesData<InfiniteData<Page> | Page>({ queryKey: [PRODUCTS] }, (known) => {
    if (known === undefined) return known;
    const page = (one: Page): Page => ({ ...one, items: one.items.map(changed) });
    return "pages" in known ? { ...known, pages: known.pages.map(page) } : "items" in known ? page(known) : known;
  });
}

function merged(product: Product, { stock, price, is_active, version, updated_at }: StockUpdate): Product {
  return { ...product, stock, price, is_active, version, updated_at };
}

function inCart(item: Cart["items"][number], update: StockUpdate): Cart["items"][number] {
  if (item.product_id !== update.product_id) return item;
  return { ...item, price: update.price, available: update.is_active ? update.stock : 0 };
}
