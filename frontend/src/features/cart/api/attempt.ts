import { api, call, type Schemas } from "@/lib/api";
import { problemOf, type Problem } from "@/lib/problem";
import { isRecord, local, read, write } from "@/lib/storage";

/** One wish to buy the cart for this total. Its key names it to the shop, however often it is sent. */
export type Attempt = { key: string; buyer: string; expected_total: number };
export type Placed = Schemas["Checkout"];

const KEY = "checkout-attempt";
const LONGEST_PAUSE = 8_000; // milliseconds

/** The attempt that has no final answer yet, from before a reload, a crash or in another tab. */
export function pendingAttempt(buyer: string): Attempt | null {
  const attempt = read(local, KEY, isAttempt);
  return attempt !== null && attempt.buyer === buyer ? attempt : null;
}

/** A pending attempt is gone on with; only without one a new key is made. */
export function beginAttempt(buyer: string, expected_total: number): Attempt {
  const pending = pendingAttempt(buyer);
  if (pending !== null) return pending;
  const attempt = { key: randomKey(), buyer, expected_total };
  write(local, KEY, attempt);
  return attempt;
}

/** 128 random bits; `crypto.randomUUID` is missing on pages that came by plain http from elsewhere. */
function randomKey(): string {
  return Array.from(crypto.getRandomValues(new Uint32Array(4)), (word) => word.toString(16).padStart(8, "0")).join("");
}

type Send = (attempt: Attempt) => Promise<Placed>;
type Pause = (milliseconds: number) => Promise<void>;
type Steps = { send?: Send; pause?: Pause; onUnanswered?: () => void };

/**
 * Sends the attempt until the shop has decided. Whatever leaves open whether it was placed (no answer, 5xx, still in
 * progress, too many requests) is sent again with the same key. Throws the `Problem` of a refusal. Either way the
 * attempt is over then.
 */
export async function decide(attempt: Attempt, steps: Steps = {}): Promise<Placed> {
  const { send = checkOut, pause = sleep, onUnanswered } = steps;
  for (let round = 0; ; round += 1) {
    try {
      const placed = await send(attempt);
      end(attempt);
      return placed;
    } catch (error) {
      const problem = problemOf(error);
      if (!isOpen(problem)) {
        end(attempt);
        throw problem;
      }
      onUnanswered?.();
      await pause(Math.max((problem.retryAfter ?? 0) * 1000, Math.min(LONGEST_PAUSE, 500 * 2 ** round)));
    }
  }
}

function isOpen(problem: Problem): boolean {
  return (
    problem.status === 0 ||
    problem.status >= 500 ||
    problem.status === 429 ||
    problem.status === 401 ||
    problem.code === "checkout_in_progress"
  );
}

function end(attempt: Attempt): void {
  if (read(local, KEY, isAttempt)?.key === attempt.key) write(local, KEY, null);
}

function checkOut({ key, expected_total }: Attempt): Promise<Placed> {
  return call(
    api.POST("/api/orders/", { params: { header: { "Idempotency-Key": key } }, body: { expected_total } }),
  );
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

function isAttempt(value: unknown): value is Attempt {
  return (
    isRecord(value) &&
    typeof value.key === "string" &&
    typeof value.buyer === "string" &&
    typeof value.expected_total === "number"
  );
}
