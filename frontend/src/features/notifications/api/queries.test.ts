import { expect, test } from "vitest";

import { placeOf } from "./queries";

test("a notification leads to what it is about", () => {
  expect(placeOf({ kind: "order_placed", subject_id: "o1" })).toBe("/orders/o1");
  expect(placeOf({ kind: "low_stock", subject_id: "p1" })).toBe("/seller/products/p1");
});
