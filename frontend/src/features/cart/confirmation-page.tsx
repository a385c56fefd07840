import { CircleCheckBig } from "lucide-react";
import { useMemo } from "react";
import { Link, Navigate } from "react-router";

import { keptConfirmation } from "./api/confirmation";

import { ButtonLink } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { useSession } from "@/contexts/session";
import { money } from "@/lib/format";
import { useTitle } from "@/lib/use-title";

export default function ConfirmationPage() {
  useTitle("Thank you");
  const buyer = useSession().user?.id ?? null;
  const placed = useMemo(() => (buyer === null ? null : keptConfirmation(buyer)), [buyer]);
  if (placed === null) return <Navigate to="/orders" replace />;
  return (
    <div className="page max-w-3xl! py-14">
      <div className="enter-up mb-10 text-center">
        <CircleCheckBig aria-hidden className="mx-auto mb-5 size-14 text-good" strokeWidth={1.25} />
        <h1 className="text-3xl font-semibold">Thank you, it is yours</h1>
        <p className="mt-3 text-muted">
          {placed.orders.length === 1
            ? "The seller has your order."
            : `${placed.orders.length} sellers have their part of your order.`}
        </p>
      </div>
      <div className="space-y-4">
        {placed.orders.map((order) => (
          <Card key={order.id}>
            <ul className="space-y-2">
              {order.product_list.map((line) => (
                <li key={line.product_id} className="flex justify-between gap-4">
                  <span className="min-w-0">
                    {line.quantity} × {line.name}
                  </span>
                  <span className="tabular-nums">{money(line.price)}</span>
                </li>
              ))}
            </ul>
            <p className="mt-4 flex justify-between border-t border-line pt-4 font-semibold">
              <Link to={`/orders/${order.id}`} className="text-accent underline underline-offset-4">
                See this order
              </Link>
              <span className="tabular-nums">{money(order.total_amount)}</span>
            </p>
          </Card>
        ))}
      </div>
      <p className="mt-6 flex justify-between px-6 text-lg font-semibold">
        <span>Total</span>
        <span className="tabular-nums">{money(placed.total_amount)}</span>
      </p>
      <div className="mt-10 flex justify-center gap-3">
        <ButtonLink to="/orders">My orders</ButtonLink>
        <ButtonLink to="/products" variant="primary">
          Back to the shop
        </ButtonLink>
      </div>
    </div>
  );
}
