import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { beginAttempt, decide, pendingAttempt, type Attempt, type Placed } from "./attempt";

import { NotTheirs } from "@/lib/api";
import { Problem } from "@/lib/problem";
import { session, type SignedIn } from "@/lib/session";

const PLACED: Placed = { checkout_id: "c1", status: "placed", total_amount: 10, orders: [] };
const HOUR = 3_600_000;
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
afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
  session.forget({ tell: false });
});
beforeEach(() => {
  attempt = beginAttempt("ada", 10);
});

test("a second press, another tab and a reload go on with the same key", () => {
  expect(beginAttempt("ada", 10)).toEqual(attempt);
  expect(beginAttempt("ada", 99)).toEqual(attempt);
  expect(pendingAttempt("ada")).toEqual(attempt);
});

test("another buyer in the same browser gets a key of their own, and takes nobody's away", () => {
  expect(pendingAttempt("bob")).toBeNull();
  expect(beginAttempt("bob", 10).key).not.toBe(attempt.key);
  expect(pendingAttempt("ada")).toEqual(attempt);
});

test("what the shop has forgotten by now is not sent by itself", () => {
  vi.useFakeTimers({ now: attempt.at + 22 * HOUR });
  expect(pendingAttempt("ada")).toEqual(attempt);
  vi.setSystemTime(attempt.at + 23 * HOUR);
  expect(pendingAttempt("ada")).toBeNull();
  expect(beginAttempt("ada", 10).key).not.toBe(attempt.key);
});

test("a page that is left open for a day stops asking, and says that the outcome is unknown", async () => {
  vi.useFakeTimers({ now: attempt.at });
  const { keys, send } = shop(unavailable, unavailable);
  const pause = async (): Promise<void> => void vi.setSystemTime(Date.now() + 12 * HOUR);
  await expect(decide(attempt, { send, pause })).rejects.toMatchObject({ code: "outcome_unknown" });
  expect(keys).toHaveLength(2);
  expect(pendingAttempt("ada")).toBeNull();
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

const signedIn = (id: string, expires_in = 900): SignedIn => ({
  access_token: `token-of-${id}`,
  token_type: "Bearer",
  expires_in,
  user: { id, name: id, email: `${id}@example.com`, role: "buyer", created_at: "2026-01-31T12:00:00Z" },
});
const document = (status: number): Response => Response.json({ code: "x", detail: "x", status }, { status });

/** The shop behind `fetch`: what orders were asked for, with whose token and which key. */
function network(order: () => Response, refresh = (): Response => document(401)): (string | null)[][] {
  const orders: (string | null)[][] = [];
  vi.stubGlobal("fetch", async (request: Request | string) => {
    if (typeof request === "string") return refresh();
    orders.push([request.headers.get("authorization"), request.headers.get("idempotency-key")]);
    return order();
  });
  return orders;
}

test("an attempt is sent with its buyer's token only, and waits for them while somebody else is signed in", async () => {
  session.accept(signedIn("ada"), { tell: false });
  const orders = network(() => document(503));
  const bobComes = async (): Promise<void> => {
    if (orders.length > 1) throw new Error("went on as Bob");
    session.accept(signedIn("bob"), { tell: false });
  };
  await expect(decide(attempt, { pause: bobComes })).rejects.toBeInstanceOf(NotTheirs);
  expect(orders).toEqual([["Bearer token-of-ada", attempt.key]]);
  expect(pendingAttempt("ada")).toEqual(attempt);

  session.accept(signedIn("ada"), { tell: false });
  network(() => Response.json(PLACED, { status: 201 }));
  expect(await decide(attempt)).toEqual(PLACED);
  expect(pendingAttempt("ada")).toBeNull();
});

test("nothing is sent for a buyer who signed out", async () => {
  const orders = network(() => document(503));
  await expect(decide(attempt)).rejects.toBeInstanceOf(NotTheirs);
  expect(orders).toEqual([]);
});

test("a renewal that brings somebody else's token sends nothing either", async () => {
  session.accept(signedIn("ada", 0), { tell: false });
  const orders = network(
    () => document(503),
    () => Response.json(signedIn("bob")),
  );
  await expect(decide(attempt)).rejects.toBeInstanceOf(NotTheirs);
  expect(orders).toEqual([]);
});
