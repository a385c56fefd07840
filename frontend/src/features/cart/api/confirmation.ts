import type { Placed } from "./attempt";

import { isRecord, perTab, read, write } from "@/lib/storage";

const KEY = "confirmation";

/** The answer to the last checkout of this tab, so that its page may be reloaded. */
export function keepConfirmation(placed: Placed): void {
  write(perTab, KEY, placed);
}

export function keptConfirmation(): Placed | null {
  return read(perTab, KEY, isPlaced);
}

function isPlaced(value: unknown): value is Placed {
  return isRecord(value) && typeof value.checkout_id === "string" && Array.isArray(value.orders);
}
