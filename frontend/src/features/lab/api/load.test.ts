import { expect, test } from "vitest";

import { isRunning, noted, summaryOf, type Run } from "./load";
import type { Figures } from "./queries";

function second(number: number, placed: number, more: Partial<Figures> = {}): Figures {
  return {
    ...{ run_id: "r1", buyers: 4, seconds: 9, strategy: "group", second: number, checkouts_per_second: placed },
    latency_ms: placed === 0 ? { p50: null, p99: null } : { p50: 10 + number, p99: 100 + number },
    outcomes: { placed },
    running: true,
    ...more,
  };
}

const runs = (...figures: Figures[]): Run[] => figures.reduce(noted, []);

test("seconds come in any order, some of them twice", () => {
  const [run] = runs(second(2, 7), second(1, 5), second(2, 7));
  expect(run?.figures.map((one) => one.second)).toEqual([1, 2]);
});

test("a new run stands before the old ones", () => {
  expect(runs(second(1, 5), second(1, 5, { run_id: "r2" })).map((run) => run.id)).toEqual(["r2", "r1"]);
});

test("a failover is the longest time without a checkout", () => {
  const [run] = runs(second(1, 50), second(2, 0), second(3, 40), second(4, 0), second(5, 0), second(6, 0), second(7, 45));
  expect(run && summaryOf(run)).toMatchObject({ gap: 3, placed: 135, perSecond: 135 / 7, p50: 13, p99: 107 });
});

test("what was not placed is counted by its reason", () => {
  const unavailable = { outcomes: { placed: 1, unavailable: 3 } };
  const [run] = runs(second(1, 1, unavailable), second(2, 1, unavailable));
  expect(run && summaryOf(run).others).toEqual({ unavailable: 6 });
});

test("a run runs until it says otherwise", () => {
  expect(isRunning(undefined)).toBe(false);
  expect(isRunning(runs(second(1, 5))[0])).toBe(true);
  expect(isRunning(runs(second(1, 5), second(2, 5, { running: false }))[0])).toBe(false);
});
