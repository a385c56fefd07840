import { expect, test } from "vitest";

import { NotAReport, readReport, rowsOf, winner } from "./report";

const report = (rate: number, p99: number, more: object = {}): string =>
  JSON.stringify({
    ...{ scenario: "hot_item", strategy: "group", verdict: "consistent", checkouts_per_second: rate, rejected: rate },
    latency_ms: { "GET /api/products/": { p50: 1, p99: 2 }, "POST /api/orders/": { p50: 5, p99 } },
    ...more,
  });

test("more checkouts and less waiting are better, rejections are neither", () => {
  const rows = rowsOf([readReport(report(900, 80)), readReport(report(90, 30))]);
  const of = (label: string) => rows.find((row) => row.label === label);
  const [rate, p99, rejected] = [of("Checkouts a second"), of("Checkout, p99 (ms)"), of("Rejected")];
  expect([rate?.values, p99?.values]).toEqual([[900, 90], [80, 30]]);
  expect([rate, p99, rejected].map((row) => row && winner(row))).toEqual([0, 1, null]);
});

test("what one report does not tell is won by nobody", () => {
  const gap = rowsOf([readReport(report(1, 1, { write_gap_seconds: 3 })), readReport(report(1, 1))]).at(-1);
  expect(gap?.values).toEqual([3, null]);
  expect(gap && winner(gap)).toBeNull();
});

test.each(["", "{", "[]", "null", '"text"', '{"scenario": "x"}'])("%j is no report", (text) => {
  expect(() => readReport(text)).toThrow(NotAReport);
});
