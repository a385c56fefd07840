import { Link } from "react-router";

import type { Order } from "../api/queries";

import { ProductPicture } from "@/components/product-picture";
import { money } from "@/lib/format";

export function OrderLines({ order }: { order: Order }) {
  return (
    <>
      <ul className="divide-y divide-line">
        {order.product_list.map((line) => (
          <li key={line.product_id} className="flex items-center gap-4 py-4 first:pt-0">
            <div className="size-16 shrink-0 overflow-hidden rounded-control">
              <ProductPicture product={{ name: line.name, category: "" }} />
            </div>
            <div className="min-w-0 grow">
              <Link to={`/products/${line.product_id}`} className="line-clamp-2 font-medium hover:underline">
                {line.name}
              </Link>
              <p className="text-sm text-muted">
                {line.quantity} × {money(line.price)}
              </p>
            </div>
            <p className="font-medium tabular-nums">{money((Math.round(line.price * 100) * line.quantity) / 100)}</p>
          </li>
        ))}
      </ul>
      <p className="flex justify-between border-t border-line pt-4 text-lg font-semibold">
        <span>Total</span>
        <span className="tabular-nums">{money(order.total_amount)}</span>
      </p>
    </>
  );
}
