import { beforeEach, expect, test } from "vitest";

import { guestCart } from "@/lib/guest-cart";
import { mergeGuestCart, type CartCalls } from "@/lib/merge-cart";
import { Problem } from "@/lib/problem";

const line = (product_id: string, quantity: number) => ({ product_id, name: product_id, price: 5, quantity });

/** A cart at the shop; `breaks` says before which call the connection is lost. */
function shop(start: Record<string, number>, breaks: { after?: number; refuses?: string } = {}) {
  const cart = new Map(Object.entries(start));
  let calls = 0;
  const api: CartCalls = {
    view: async () => ({ items: [...cart].map(([product_id, quantity]) => ({ product_id, quantity })) }),
    put: async (id, quantity) => {
      if (breaks.after === calls++) throw Problem.offline();
      if (breaks.refuses === id) throw new Problem(404, "not_found", "gone");
      cart.set(id, quantity);
    },
  };
  return { api, cart, mend: () => (breaks.after = undefined) };
}

beforeEach(() => guestCart.replace([line("lamp", 2), line("pan", 1)]));

test("quantities add up", async () => {
  const { api, cart } = shop({ lamp: 3 });
  expect(await mergeGuestCart("ada", api)).toBe(true);
  expect(Object.fromEntries(cart)).toEqual({ lamp: 5, pan: 1 });
  expect(guestCart.lines()).toEqual([]);
});

test("a merge that was cut off is finished without adding twice", async () => {
  const { api, cart, mend } = shop({ lamp: 3 }, { after: 1 });
  await expect(mergeGuestCart("ada", api)).rejects.toThrow();
  mend();
  expect(await mergeGuestCart("ada", api)).toBe(true);
  expect(Object.fromEntries(cart)).toEqual({ lamp: 5, pan: 1 });
});

test("what was begun for one buyer never goes to another", async () => {
  const first = shop({}, { after: 0 });
  await expect(mergeGuestCart("ada", first.api)).rejects.toThrow();
  const second = shop({});
  expect(await mergeGuestCart("bob", second.api)).toBe(false);
  expect(second.cart.size).toBe(0);
});

test("a product that is gone does not keep the others back", async () => {
  const { api, cart } = shop({}, { refuses: "lamp" });
  await mergeGuestCart("ada", api);
  expect(Object.fromEntries(cart)).toEqual({ pan: 1 });
});

test("no more than the shop allows of one product", async () => {
  const { api, cart } = shop({ lamp: 999 });
  await mergeGuestCart("ada", api);
  expect(cart.get("lamp")).toBe(1000);
});
