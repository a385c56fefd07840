import { Link } from "react-router";

import type { Order } from "../api/queries";

import { OrderStatusBadge } from "@/components/order-status";
import { ProductPicture } from "@/components/product-picture";
import { moment, money } from "@/lib/format";

const PICTURES = 4;

export function OrderCard({ order }: { order: Order }) {
  const names = order.product_list.map((line) => `${line.quantity} × ${line.name}`).join(", ");
  return (
    <article className="relative flex flex-wrap items-center gap-4 rounded-card border border-line bg-surface p-5 transition-colors hover:border-accent">
      <div className="flex -space-x-4">
        {order.product_list.slice(0, PICTURES).map((line) => (
          <div key={line.product_id} className="size-14 overflow-hidden rounded-control ring-2 ring-surface">
            <ProductPicture product={{ name: line.name, category: "" }} />
          </div>
        ))}
      </div>
      <div className="min-w-48 grow basis-48">
        <h2 className="font-medium">
          <Link to={`/orders/${order.id}`} className="line-clamp-1 after:absolute after:inset-0 after:rounded-card">
            {names}
          </Link>
        </h2>
        <p className="text-sm text-muted">{moment(order.timestamp)}</p>
      </div>
      <OrderStatusBadge status={order.status} />
      <p className="ml-auto font-semibold tabular-nums">{money(order.total_amount)}</p>
    </article>
  );
}
