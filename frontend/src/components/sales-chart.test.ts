import { expect, test } from "vitest";

import { ranked } from "./ranking";
import { everyDay } from "./sales-chart";

test("days without orders are there, and nothing from outside the time", () => {
  const days = [
    { date: "2026-01-30", revenue: 5, orders: 1 },
    { date: "2025-12-01", revenue: 9, orders: 1 },
  ];
  expect(everyDay(days, 3, new Date("2026-01-31T23:59:00Z"))).toEqual([
    { date: "2026-01-29", revenue: 0, orders: 0 },
    { date: "2026-01-30", revenue: 5, orders: 1 },
    { date: "2026-01-31", revenue: 0, orders: 0 },
  ]);
});

test("bars are as long as shares of the largest", () => {
  const shares = ranked([4, 2, 0], (amount) => ({ id: String(amount), name: "x", amount, value: "" })).map((one) => one.share);
  expect(shares).toEqual([1, 0.5, 0]);
});
