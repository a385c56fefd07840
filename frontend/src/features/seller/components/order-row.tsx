import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "react-router";

import { setOrderStatus } from "../api/changes";
import { ORDERS, STATS, type Order } from "../api/queries";

import { OrderStatusBadge } from "@/components/order-status";
import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { ConfirmDialog } from "@/components/ui/dialog";
import { useToasts } from "@/contexts/toasts";
import { cx } from "@/lib/class-names";
import { count, moment, money } from "@/lib/format";

/** One order with what can be done with it. */
export function OrderRow({ order, fresh }: { order: Order; fresh: boolean }) {
  return (
    <article className={cx("rounded-card border bg-surface p-5", fresh ? "pulse-once border-accent" : "border-line")}>
      <div className="flex flex-wrap items-center justify-between gap-3">
        <h2 className="flex flex-wrap items-center gap-3 text-[0.9375rem] font-semibold">
          <Link to={`/orders/${order.id}`} className="inline-block min-h-6 underline-offset-4 hover:underline">
            Order {order.id.slice(-6)}
          </Link>
          <OrderStatusBadge status={order.status} />
          {fresh && <Badge tone="accent">New</Badge>}
        </h2>
        <p className="text-sm text-muted">
          <time dateTime={order.timestamp}>{moment(order.timestamp)}</time>
        </p>
      </div>
      <ul className="mt-3 space-y-1 text-[0.9375rem]">
        {order.product_list.map((line) => (
          <li key={line.product_id} className="flex justify-between gap-4">
            <span className="min-w-0">
              {count(line.quantity)} × {line.name}
            </span>
            <span className="text-muted tabular-nums">{money(line.price)}</span>
          </li>
        ))}
      </ul>
      <div className="mt-4 flex flex-wrap items-center justify-between gap-3 border-t border-line pt-4">
        <p className="font-semibold tabular-nums">{money(order.total_amount)}</p>
        {order.status === "placed" && <Actions order={order} />}
      </div>
    </article>
  );
}

function Actions({ order }: { order: Order }) {
  const queries = useQueryClient();
  const { tell, fail } = useToasts();
  const [asking, setAsking] = useState(false);
  const change = useMutation({
    mutationFn: (status: "completed" | "cancelled") => setOrderStatus(order.id, status),
    onSuccess: (changed) => tell(`Order ${changed.id.slice(-6)} is ${changed.status}.`),
    onError: fail,
    onSettled: () => {
      setAsking(false);
      void queries.invalidateQueries({ queryKey: ORDERS });
      void queries.invalidateQueries({ queryKey: STATS });
      void queries.invalidateQueries({ queryKey: ["orders"] });
    },
  });
  return (
    <div className="flex flex-wrap gap-3">
      <Button size="small" className="min-h-11!" onClick={() => setAsking(true)}>
        Cancel
      </Button>
      <Button size="small" className="min-h-11!" variant="primary" busy={change.isPending} onClick={() => change.mutate("completed")}>
        Complete
      </Button>
      <ConfirmDialog
        open={asking}
        onClose={() => setAsking(false)}
        onConfirm={() => change.mutate("cancelled")}
        title={`Cancel order ${order.id.slice(-6)}?`}
        action="Cancel order"
        busy={change.isPending}
        danger
      >
        <p>Everything in it goes back on your shelves at once, and the buyer is told. This cannot be undone.</p>
      </ConfirmDialog>
    </div>
  );
}
