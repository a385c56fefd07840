import { expect, test } from "vitest";

import { filtersOf, priceOf, searchOf } from "./filters";

const there = (search: string) => searchOf(filtersOf(new URLSearchParams(search))).toString();

test("the address bar holds the whole state, and nothing that goes without saying", () => {
  const all = "q=oak+lamp&category=Home&min_price=5&max_price=50&seller_id=s1&in_stock=true&sort=price";
  expect(there(all)).toBe(all);
  expect(there("sort=newest&in_stock=false&q=")).toBe("");
  expect(there("q=lamp&sort=relevance")).toBe("q=lamp");
});

test("an order that makes no sense is the usual one", () => {
  expect(filtersOf(new URLSearchParams("sort=relevance")).sort).toBe("newest");
  expect(filtersOf(new URLSearchParams("sort=cheapest")).sort).toBe("newest");
  expect(filtersOf(new URLSearchParams("q=lamp")).sort).toBe("relevance");
});

test.each([
  ["12,50", 12.5],
  ["7", 7],
  ["0.999", 1],
  ["", null],
  ["-1", null],
  ["many", null],
  ["1000001", null],
])("a price typed as %j is %j", (typed, amount) => {
  expect(priceOf(typed)).toBe(amount);
});
