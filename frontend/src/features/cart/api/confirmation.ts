import type { Placed } from "./attempt";

import { isRecord, perTab, read, write } from "@/lib/storage";

type Kept = { buyer: string; placed: Placed };
const KEY = "confirmation";

/** The answer to the last checkout of this tab, so that its page may be reloaded. */
export function keepConfirmation(buyer: string, placed: Placed): void {
  write(perTab, KEY, { buyer, placed } satisfies Kept);
}

/** Null for everybody but whose order it is. */
export function keptConfirmation(buyer: string): Placed | null {
  const kept = read(perTab, KEY, isKept);
  return kept !== null && kept.buyer === buyer ? kept.placed : null;
}

function isKept(value: unknown): value is Kept {
  return isRecord(value) && typeof value.buyer === "string" && isPlaced(value.placed);
}

function isPlaced(value: unknown): value is Placed {
  return isRecord(value) && typeof value.checkout_id === "string" && Array.isArray(value.orders);
}
