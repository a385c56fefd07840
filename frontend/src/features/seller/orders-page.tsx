import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { Inbox } from "lucide-react";
import { useCallback, useState } from "react";
import { useSearchParams } from "react-router";

import { ORDERS, sellerOrdersQuery, type Order, type Status } from "./api/queries";
import { OrderRow } from "./components/order-row";

import { LoadMore } from "@/components/ui/load-more";
import { PageHeader } from "@/components/ui/page-header";
import { Loading, Skeleton } from "@/components/ui/skeleton";
import { EmptyState, ErrorState } from "@/components/ui/states";
import { Tabs } from "@/components/ui/tabs";
import { useConnectionStatus, useEvent } from "@/contexts/realtime";

const VIEWS: { id: Status | "all"; title: string }[] = [
  { id: "placed", title: "To do" },
  { id: "completed", title: "Completed" },
  { id: "cancelled", title: "Cancelled" },
  { id: "all", title: "All" },
];
const WITHOUT_SOCKET = 10_000; // milliseconds between looks while nothing is told

/** The board of orders. New ones appear by themselves, marked for as long as one looks. */
export default function OrdersPage() {
  const [search, setSearch] = useSearchParams();
  const queries = useQueryClient();
  const [fresh, setFresh] = useState<ReadonlySet<string>>(new Set());
  const selected = VIEWS.find((view) => view.id === search.get("status"))?.id ?? "placed";
  useEvent(
    "order_placed",
    useCallback(
      (order: Order) => {
        setFresh((before) => new Set(before).add(order.id));
        void queries.invalidateQueries({ queryKey: ORDERS });
      },
      [queries],
    ),
  );
  return (
    <>
      <PageHeader title="Orders">New orders appear here the moment they are placed.</PageHeader>
      <Tabs
        label="Orders by status"
        selected={selected}
        onSelect={(id) => setSearch(id === "placed" ? {} : { status: id }, { replace: true, preventScrollReset: true })}
        tabs={VIEWS.map(({ id, title }) => ({
          id,
          title,
          content: <List key={id} status={id === "all" ? null : id} fresh={fresh} />,
        }))}
      />
    </>
  );
}

function List({ status, fresh }: { status: Status | null; fresh: ReadonlySet<string> }) {
  const told = useConnectionStatus() === "open";
  const orders = useInfiniteQuery({ ...sellerOrdersQuery(status), refetchInterval: told ? false : WITHOUT_SOCKET });
  const { fetchNextPage } = orders;
  const more = useCallback(() => void fetchNextPage(), [fetchNextPage]);
  const items = orders.data?.pages.flatMap((page) => page.items) ?? [];
  if (orders.isPending) {
    return (
      <Loading what="orders">
        <Skeleton className="h-28 rounded-card" />
      </Loading>
    );
  }
  if (orders.isError && items.length === 0) return <ErrorState error={orders.error} onRetry={() => void orders.refetch()} />;
  if (items.length === 0) {
    return (
      <EmptyState icon={Inbox} title={status === "placed" ? "Nothing to do" : "No orders here"}>
        {status === "placed" ? "Leave this page open: the next order shows up by itself." : "Orders move here as they are dealt with."}
      </EmptyState>
    );
  }
  return (
    <>
      <ul aria-live="polite" aria-relevant="additions" className="space-y-4">
        {items.map((order) => (
          <li key={order.id}>
            <OrderRow order={order} fresh={fresh.has(order.id)} />
          </li>
        ))}
      </ul>
      <LoadMore hasMore={orders.hasNextPage} loading={orders.isFetchingNextPage} onMore={more} />
    </>
  );
}
