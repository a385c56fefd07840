import { CircleAlert } from "lucide-react";

import type { ShownLine } from "../api/use-cart-lines";

import type { Problem } from "@/lib/problem";

const TITLES: Record<string, string> = {
  insufficient_stock: "Somebody was faster: not everything is left.",
  product_unavailable: "Something in your cart is not for sale any more.",
  price_changed: "A price has changed meanwhile. Look at the new total, then order again.",
  empty_cart: "Your cart is empty: it may have been ordered in another tab.",
};

/** Why nothing was ordered, and which lines it was. */
export function Refusal({ problem, lines }: { problem: Problem | null; lines: ShownLine[] }) {
  if (problem === null) return null;
  const nameOf = (id: string): string => lines.find((line) => line.product_id === id)?.name ?? "A product";
  return (
    <div role="alert" className="flex gap-3 rounded-card bg-bad-soft p-5 text-bad">
      <CircleAlert aria-hidden className="mt-0.5 size-5 shrink-0" />
      <div>
        <p className="font-semibold">{TITLES[problem.code] ?? problem.message}</p>
        {problem.items.length > 0 && (
          <ul className="mt-2 list-disc space-y-1 pl-5 text-[0.9375rem]">
            {problem.items.map((item) => (
              <li key={item.product_id}>
                {nameOf(item.product_id)}
                {item.requested !== undefined && `: ${item.requested} wanted, ${item.available ?? 0} left`}
              </li>
            ))}
          </ul>
        )}
        {problem.code !== "outcome_unknown" && <p className="mt-2 text-[0.9375rem]">Nothing was ordered.</p>}
      </div>
    </div>
  );
}
