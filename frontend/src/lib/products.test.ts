import { expect, test } from "vitest";

import { createQueryClient } from "@/lib/query-client";
import { applyStockUpdate, type Product } from "@/lib/products";

const product = (version: number, stock: number) =>
  ({ id: "p1", version, stock, price: 5, is_active: true, updated_at: "t" }) as Product;
const update = (version: number, stock: number) => ({
  ...{ product_id: "p1", version, stock, price: 6, is_active: true, updated_at: "u" },
});

test("an update reaches the product, every list that shows it, and the cart", () => {
  const queries = createQueryClient();
  queries.setQueryData(["product", "p1"], product(3, 10));
  queries.setQueryData(["products", "listing", {}], { pages: [{ items: [product(3, 10)] }], pageParams: [null] });
  queries.setQueryData(["products", "newest"], { items: [product(3, 10)] });
  queries.setQueryData(["cart"], { items: [{ product_id: "p1", price: 5, available: 10 }], total_amount: 5 });
  applyStockUpdate(queries, update(4, 9));
  for (const key of [["product", "p1"], ["products", "newest"], ["products", "listing", {}]]) {
    expect(JSON.stringify(queries.getQueryData(key))).toContain('"stock":9');
  }
  expect(queries.getQueryData(["cart"])).toMatchObject({ items: [{ price: 6, available: 9 }] });
});

test("what is older than what is known is dropped", () => {
  const queries = createQueryClient();
  queries.setQueryData(["product", "p1"], product(5, 2));
  applyStockUpdate(queries, update(4, 9));
  expect(queries.getQueryData<Product>(["product", "p1"])?.stock).toBe(2);
});
