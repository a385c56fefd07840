import { beforeEach, expect, test } from "vitest";

import { beginAttempt, decide, pendingAttempt, type Attempt, type Placed } from "./attempt";

import { Problem } from "@/lib/problem";

const PLACED: Placed = { checkout_id: "c1", status: "placed", total_amount: 10, orders: [] };
const unavailable = new Problem(503, "unavailable", "later", {}, [], 2);

/** A shop that gives these answers, one after the other, and remembers the keys it saw. */
function shop(...answers: (Placed | Problem)[]) {
  const keys: string[] = [];
  const pauses: number[] = [];
  return {
    keys,
    pauses,
    pause: async (milliseconds: number) => void pauses.push(milliseconds),
    send: async (attempt: Attempt): Promise<Placed> => {
      keys.push(attempt.key);
      const answer = answers.shift();
      if (answer === undefined) throw new Error("asked too often");
      if (answer instanceof Problem) throw answer;
      return answer;
    },
  };
}

let attempt: Attempt;
beforeEach(() => {
  attempt = beginAttempt("ada", 10);
});

test("a second press, another tab and a reload go on with the same key", () => {
  expect(beginAttempt("ada", 10)).toEqual(attempt);
  expect(beginAttempt("ada", 99)).toEqual(attempt);
  expect(pendingAttempt("ada")).toEqual(attempt);
});

test("another buyer in the same browser gets a key of their own", () => {
  expect(pendingAttempt("bob")).toBeNull();
  expect(beginAttempt("bob", 10).key).not.toBe(attempt.key);
});

test("as long as the outcome is open the same key is sent again", async () => {
  const inProgress = new Problem(409, "checkout_in_progress", "wait");
  const flood = new Problem(429, "rate_limited", "slowly", {}, [], 1);
  const { keys, pauses, ...steps } = shop(Problem.offline(), unavailable, inProgress, flood, PLACED);
  expect(await decide(attempt, steps)).toEqual(PLACED);
  expect(new Set(keys)).toEqual(new Set([attempt.key]));
  expect(keys).toHaveLength(5);
  expect(pauses[1]).toBeGreaterThanOrEqual(2000); // as the shop asked
  expect(pendingAttempt("ada")).toBeNull();
});

test("a refusal ends the attempt: what is tried then is a new one", async () => {
  const short = new Problem(409, "insufficient_stock", "gone", {}, [{ product_id: "p1", requested: 2, available: 1 }]);
  await expect(decide(attempt, shop(short))).rejects.toBe(short);
  expect(pendingAttempt("ada")).toBeNull();
  expect(beginAttempt("ada", 10).key).not.toBe(attempt.key);
});

test("an answer that cannot be understood leaves the outcome open", async () => {
  const { keys, ...steps } = shop(new Problem(502, "unexpected", "?"), PLACED);
  await decide(attempt, steps);
  expect(keys).toHaveLength(2);
});
