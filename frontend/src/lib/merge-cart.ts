import { guestCart, type GuestLine } from "@/lib/guest-cart";
import { problemOf } from "@/lib/problem";
import { isRecord, local, read, write } from "@/lib/storage";

export const MOST_OF_ONE = 1_000; // units of a product in a cart
const PLAN = "cart-merge";
type Plan = { buyer: string; quantities: Record<string, number> };
type BuyersCart = { items: { product_id: string; quantity: number }[] };
export type CartCalls = {
  view: () => Promise<BuyersCart>;
  put: (productId: string, quantity: number) => Promise<unknown>;
};

/**
 * Adds the guest's lines to the buyer's cart. What each quantity shall become is written down first, so that a merge
 * that was cut off is finished later without adding anything twice. Lines that the shop refuses are left out.
 */
export async function mergeGuestCart(buyer: string, calls: CartCalls): Promise<boolean> {
  const plan = read(local, PLAN, isPlan) ?? (await newPlan(buyer, guestCart.lines(), calls));
  if (plan === null || plan.buyer !== buyer) return false;
  for (const [productId, quantity] of Object.entries(plan.quantities)) {
    try {
      await calls.put(productId, quantity);
    } catch (error) {
      if (problemOf(error).passes) throw error;
    }
  }
  write(local, PLAN, null);
  return true;
}

async function newPlan(buyer: string, lines: GuestLine[], calls: CartCalls): Promise<Plan | null> {
  if (lines.length === 0) return null;
  const { items } = await calls.view();
  const there = new Map(items.map((item) => [item.product_id, item.quantity]));
  const quantities = Object.fromEntries(
    lines.map((line) => [
      line.product_id,
      Math.min(MOST_OF_ONE, line.quantity + (there.get(line.product_id) ?? 0)),
    ]),
  );
  const plan = { buyer, quantities };
  write(local, PLAN, plan);
  guestCart.replace([]);
  return plan;
}

function isPlan(value: unknown): value is Plan {
  return isRecord(value) && typeof value.buyer === "string" && isRecord(value.quantities);
}
