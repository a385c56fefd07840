import { api, call, fetchAs, NotTheirs, type Schemas } from "@/lib/api";
import { Problem, problemOf } from "@/lib/problem";
import { isRecord, local, read, write } from "@/lib/storage";

/**
 * One buyer's wish to buy the cart for this total. Its key names it to the shop, however often it is sent. `at`: when it
 * was begun, in milliseconds since 1970.
 */
export type Attempt = { key: string; buyer: string; expected_total: number; at: number };
export type Placed = Schemas["Checkout"];

const LIFE = 23 * 60 * 60 * 1000; // milliseconds; the shop forgets a key after 24 hours, and would order once more then
const LONGEST_PAUSE = 8_000; // milliseconds

/** The attempt that has no final answer yet, from before a reload, a crash or in another tab. */
export function pendingAttempt(buyer: string): Attempt | null {
  const attempt = read(local, placeOf(buyer), isAttempt);
  return attempt !== null && isKnown(attempt) ? attempt : null;
}

/** A pending attempt is gone on with; only without one a new key is made. */
export function beginAttempt(buyer: string, expected_total: number): Attempt {
  const pending = pendingAttempt(buyer);
  if (pending !== null) return pending;
  const attempt = { key: randomKey(), buyer, expected_total, at: Date.now() };
  write(local, placeOf(buyer), attempt);
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
 * progress, too many requests) is sent again with the same key, for as long as the shop knows the key. Throws the
 * `Problem` of a refusal, or `outcome_unknown`. Either way the attempt is over then. Throws `NotTheirs` when its buyer is
 * not signed in any more: it then waits until they come back.
 */
export async function decide(attempt: Attempt, steps: Steps = {}): Promise<Placed> {
  const { send = checkOut, pause = sleep, onUnanswered } = steps;
  for (let round = 0; isKnown(attempt); round += 1) {
    try {
      const placed = await send(attempt);
      end(attempt);
      return placed;
    } catch (error) {
      if (error instanceof NotTheirs) throw error;
      const problem = problemOf(error);
      if (!isOpen(problem)) {
        end(attempt);
        throw problem;
      }
      onUnanswered?.();
      await pause(Math.max((problem.retryAfter ?? 0) * 1000, Math.min(LONGEST_PAUSE, 500 * 2 ** round)));
    }
  }
  end(attempt);
  throw new Problem(0, "outcome_unknown", "The shop gave no answer for a day. See whether it is among your orders first.");
}

/** Whether the shop still knows the key. A clock that was put back makes an age negative. */
function isKnown({ at }: Attempt): boolean {
  return Math.abs(Date.now() - at) < LIFE;
}

function placeOf(buyer: string): string {
  return `checkout-attempt:${buyer}`;
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
  const place = placeOf(attempt.buyer);
  if (read(local, place, isAttempt)?.key === attempt.key) write(local, place, null);
}

function checkOut({ key, buyer, expected_total }: Attempt): Promise<Placed> {
  const params = { header: { "Idempotency-Key": key } };
  return call(api.POST("/api/orders/", { params, body: { expected_total }, fetch: fetchAs(buyer) }));
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

function isAttempt(value: unknown): value is Attempt {
  return (
    isRecord(value) &&
    typeof value.key === "string" &&
    typeof value.buyer === "string" &&
    typeof value.expected_total === "number" &&
    typeof value.at === "number"
  );
}
