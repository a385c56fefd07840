import { Check, Circle, X } from "lucide-react";

import type { Order } from "../api/queries";

import { cx } from "@/lib/class-names";
import { moment } from "@/lib/format";

type Step = { title: string; note: string; state: "done" | "ended" | "ahead" };

/** What happened to the order, and what is still ahead. */
export function Timeline({ order }: { order: Order }) {
  return (
    <ol>
      {stepsOf(order).map((step, index, all) => (
        <li key={step.title} className="relative flex gap-4 pb-6 last:pb-0">
          {index < all.length - 1 && <span aria-hidden className="absolute top-8 bottom-0 left-[0.9375rem] w-px bg-line" />}
          <span
            aria-hidden
            className={cx(
              "grid size-8 shrink-0 place-items-center rounded-full",
              step.state === "done" && "bg-good-soft text-good",
              step.state === "ended" && "bg-raised text-muted",
              step.state === "ahead" && "border border-dashed border-edge text-muted",
            )}
          >
            {step.state === "done" ? (
              <Check className="size-4" />
            ) : step.state === "ended" ? (
              <X className="size-4" />
            ) : (
              <Circle className="size-2.5" />
            )}
          </span>
          <div>
            <p className={cx("font-medium", step.state === "ahead" && "text-muted")}>{step.title}</p>
            <p className="text-sm text-muted">{step.note}</p>
          </div>
        </li>
      ))}
    </ol>
  );
}

export function stepsOf(order: Pick<Order, "status" | "timestamp">): Step[] {
  const placed: Step = { title: "Placed", note: moment(order.timestamp), state: "done" };
  if (order.status === "cancelled") {
    return [placed, { title: "Cancelled", note: "The stock is back on the shelves.", state: "ended" }];
  }
  if (order.status === "completed") {
    return [placed, { title: "Completed", note: "The seller has handed it over.", state: "done" }];
  }
  return [placed, { title: "Completed", note: "The seller will hand it over.", state: "ahead" }];
}
