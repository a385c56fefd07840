import { useInfiniteQuery } from "@tanstack/react-query";
import { PackageOpen } from "lucide-react";
import { useCallback } from "react";
import { useSearchParams } from "react-router";

import { myOrdersQuery, orderFiltersOf } from "./api/queries";
import { OrderCard } from "./components/order-card";
import { OrderFilterBar } from "./components/order-filter-bar";

import { ButtonLink } from "@/components/ui/button";
import { LoadMore } from "@/components/ui/load-more";
import { PageHeader } from "@/components/ui/page-header";
import { Loading, Skeleton } from "@/components/ui/skeleton";
import { EmptyState, ErrorState } from "@/components/ui/states";

export default function OrdersPage() {
  const [search, setSearch] = useSearchParams();
  const filters = orderFiltersOf(search);
  const orders = useInfiniteQuery(myOrdersQuery(filters));
  const { fetchNextPage } = orders;
  const more = useCallback(() => void fetchNextPage(), [fetchNextPage]);
  const items = orders.data?.pages.flatMap((page) => page.items) ?? [];
  const filtered = filters.status !== null || filters.from !== "" || filters.to !== "";
  return (
    <div className="page max-w-4xl! py-10">
      <PageHeader title="Orders" />
      <OrderFilterBar filters={filters} onChange={(next) => setSearch(next, { preventScrollReset: true })} />
      {orders.isPending ? (
        <Loading what="your orders">
          <div className="space-y-4">
            <Skeleton className="h-32 rounded-card" />
            <Skeleton className="h-32 rounded-card" />
          </div>
        </Loading>
      ) : orders.isError && items.length === 0 ? (
        <ErrorState error={orders.error} onRetry={() => void orders.refetch()} />
      ) : items.length === 0 ? (
        <EmptyState
          icon={PackageOpen}
          title={filtered ? "No order like that" : "No orders yet"}
          action={filtered ? undefined : <ButtonLink to="/products">Find something</ButtonLink>}
        >
          {filtered ? "Other filters may show some." : "What you buy appears here, and how far it is."}
        </EmptyState>
      ) : (
        <>
          <ul className="space-y-4">
            {items.map((order) => (
              <li key={order.id}>
                <OrderCard order={order} />
              </li>
            ))}
          </ul>
          <LoadMore hasMore={orders.hasNextPage} loading={orders.isFetchingNextPage} onMore={more} />
        </>
      )}
    </div>
  );
}
