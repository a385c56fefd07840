import { expect, test } from "vitest";

import { changedMeanwhile, changesOf, check, EMPTY, entriesOf, valuesOf } from "./product-form";

import type { Product } from "@/lib/products";

const BOWL: Product = {
  ...{ id: "s-1", seller_id: "s", seller_name: "Bob", name: "Bowl", description: "Round", price: 19.9, stock: 4 },
  ...{ category: "Kitchen", low_stock_threshold: 5, is_active: true, image_url: null, version: 3 },
  ...{ created_at: "2026-01-31T12:00:00Z", updated_at: "2026-01-31T12:00:00Z" },
};
const GOOD = { ...EMPTY, name: "Bowl", category: "Kitchen", price: "12.50", stock: "3" };

test("a form that was filled from a product changes nothing", () => {
  expect(check(entriesOf(BOWL))).toEqual({});
  expect(changesOf(BOWL, entriesOf(BOWL))).toEqual({});
});

test("only what was touched is sent", () => {
  expect(changesOf(BOWL, { ...entriesOf(BOWL), price: "20", name: "  Bowl " })).toEqual({ price: 20 });
});

test.each(["0.01", "12", "12.5", "12,50", "1000000", " 3.10 "])("a price may be written as %j", (price) => {
  expect(check({ ...GOOD, price })).toEqual({});
});

test.each(["", "0", "0.001", "-1", "1e3", "12.345", "1000000.01", "free", "1,000.50"])("%j is no price", (price) => {
  expect(Object.keys(check({ ...GOOD, price }))).toEqual(["price"]);
});

test.each(["", "-1", "1.5", "1000000001", "many"])("%j is no count", (stock) => {
  expect(Object.keys(check({ ...GOOD, stock }))).toEqual(["stock"]);
});

test("every field that is wrong is named at once", () => {
  const wrong = check({ ...EMPTY, name: " ", low_stock_threshold: "" });
  expect(Object.keys(wrong).sort()).toEqual(["category", "low_stock_threshold", "name", "price", "stock"]);
});

test("a comma is a point in a price", () => {
  expect(valuesOf({ ...GOOD, price: "12,50" }).price).toBe(12.5);
});

test("a sale is no conflict with another name, and one with another count", () => {
  const sold = { ...BOWL, stock: 2, version: 4 };
  expect(changedMeanwhile(BOWL, sold, { name: "Dish" })).toEqual([]);
  expect(changedMeanwhile(BOWL, sold, { name: "Dish", stock: 9 })).toEqual(["stock"]);
});
