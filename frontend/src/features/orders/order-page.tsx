import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { FileQuestion } from "lucide-react";
import { useState } from "react";
import { useParams } from "react-router";

import { orderQuery, setOrderStatus, type Order } from "./api/queries";
import { OrderLines } from "./components/order-lines";
import { Timeline } from "./components/timeline";

import { OrderStatusBadge } from "@/components/order-status";
import { Button, ButtonLink } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { ConfirmDialog } from "@/components/ui/dialog";
import { PageHeader } from "@/components/ui/page-header";
import { Loading, Skeleton } from "@/components/ui/skeleton";
import { EmptyState, ErrorState } from "@/components/ui/states";
import { useSession } from "@/contexts/session";
import { useToasts } from "@/contexts/toasts";
import { moment } from "@/lib/format";
import { problemOf } from "@/lib/problem";

export default function OrderPage() {
  const { id = "" } = useParams();
  const { data: order, error, refetch } = useQuery(orderQuery(id));
  const absent = error !== null && problemOf(error).status === 404;
  return (
    <div className="page max-w-4xl! py-10">
      {order !== undefined ? (
        <Details order={order} />
      ) : absent ? (
        <EmptyState page icon={FileQuestion} title="No such order" action={<ButtonLink to="/orders">My orders</ButtonLink>}>
          It may belong to another account.
        </EmptyState>
      ) : error !== null ? (
        <ErrorState error={error} onRetry={() => void refetch()} />
      ) : (
        <Loading what="the order">
          <Skeleton className="mb-8 h-9 w-64" />
          <Skeleton className="h-64 rounded-card" />
        </Loading>
      )}
    </div>
  );
}

function Details({ order }: { order: Order }) {
  return (
    <>
      <PageHeader title="Order" actions={<OrderStatusBadge status={order.status} />}>
        <p>{moment(order.timestamp)}</p>
        <p className="mt-1 font-mono text-sm break-all">{order.id}</p>
      </PageHeader>
      <div className="grid items-start gap-6 md:grid-cols-[1fr_18rem]">
        <Card title="What was ordered">
          <OrderLines order={order} />
        </Card>
        <Card title="How far it is">
          <Timeline order={order} />
          {order.status === "placed" && <Actions order={order} />}
        </Card>
      </div>
    </>
  );
}

function Actions({ order }: { order: Order }) {
  const { user } = useSession();
  const queries = useQueryClient();
  const { tell, fail } = useToasts();
  const [asking, setAsking] = useState(false);
  const change = useMutation({
    mutationFn: (status: "completed" | "cancelled") => setOrderStatus(order.id, status),
    onSuccess: (changed) => {
      queries.setQueryData(orderQuery(order.id).queryKey, changed);
      tell(changed.status === "cancelled" ? "The order is cancelled." : "The order is completed.");
    },
    onError: fail,
    onSettled: () => {
      setAsking(false);
      void queries.invalidateQueries({ queryKey: ["orders"] });
    },
  });
  return (
    <div className="mt-6 space-y-3">
      {user?.role !== "buyer" && (
        <Button variant="primary" className="w-full" busy={change.isPending} onClick={() => change.mutate("completed")}>
          Mark as completed
        </Button>
      )}
      <Button className="w-full" onClick={() => setAsking(true)}>
        Cancel order
      </Button>
      <ConfirmDialog
        open={asking}
        onClose={() => setAsking(false)}
        onConfirm={() => change.mutate("cancelled")}
        title="Cancel this order?"
        action="Cancel order"
        busy={change.isPending}
        danger
      >
        <p>Everything in it goes back on the shelves at once. This cannot be undone.</p>
      </ConfirmDialog>
    </div>
  );
}
