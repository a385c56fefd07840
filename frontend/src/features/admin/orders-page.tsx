import { useInfiniteQuery } from "@tanstack/react-query";
import { ReceiptText } from "lucide-react";
import { useCallback } from "react";
import { Link, useSearchParams } from "react-router";

import { ordersQuery, type Order, type OrderFilters } from "./api/queries";

import { OrderStatusBadge } from "@/components/order-status";
import { Field, Input, Select } from "@/components/ui/field";
import { LoadMore } from "@/components/ui/load-more";
import { PageHeader } from "@/components/ui/page-header";
import { Loading, Skeleton } from "@/components/ui/skeleton";
import { EmptyState, ErrorState } from "@/components/ui/states";
import { Table, type Column } from "@/components/ui/table";
import { count, moment, money } from "@/lib/format";

const STATUSES: Order["status"][] = ["placed", "completed", "cancelled"];
const units = (order: Order): number => order.product_list.reduce((sum, line) => sum + line.quantity, 0);
const COLUMNS: Column<Order>[] = [
  {
    key: "order",
    title: "Order",
    cell: (order) => (
      <>
        <Link to={`/orders/${order.id}`} className="inline-block min-h-6 font-medium underline-offset-4 hover:underline">
          {order.id.slice(-6)}
        </Link>
        <span className="block text-sm text-muted md:hidden">{moment(order.timestamp)}</span>
      </>
    ),
  },
  { key: "when", title: "When", wide: true, cell: (order) => <time dateTime={order.timestamp}>{moment(order.timestamp)}</time> },
  { key: "units", title: "Units", align: "right", wide: true, cell: (order) => count(units(order)) },
  { key: "total", title: "Total", align: "right", cell: (order) => money(order.total_amount) },
  { key: "status", title: "Status", cell: (order) => <OrderStatusBadge status={order.status} /> },
];

export default function OrdersPage() {
  const [search, setSearch] = useSearchParams();
  const filters: OrderFilters = {
    status: STATUSES.find((status) => status === search.get("status")) ?? null,
    from: search.get("from") ?? "",
    to: search.get("to") ?? "",
  };
  const orders = useInfiniteQuery(ordersQuery(filters));
  const { fetchNextPage } = orders;
  const more = useCallback(() => void fetchNextPage(), [fetchNextPage]);
  const items = orders.data?.pages.flatMap((page) => page.items) ?? [];
  const change = (part: Record<string, string>): void => {
    const all = { status: filters.status ?? "", from: filters.from, to: filters.to, ...part };
    const given = Object.entries(all).filter(([, value]) => value !== "");
    setSearch(Object.fromEntries(given), { replace: true, preventScrollReset: true });
  };
  return (
    <>
      <PageHeader title="Orders" />
      <div className="mb-6 grid grid-cols-2 gap-3 sm:max-w-2xl sm:grid-cols-3">
        <Field label="Status" className="col-span-2 sm:col-span-1">
          {(field) => (
            <Select {...field} value={filters.status ?? ""} onChange={(event) => change({ status: event.target.value })}>
              <option value="">All</option>
              {STATUSES.map((status) => (
                <option key={status} value={status}>
                  {status}
                </option>
              ))}
            </Select>
          )}
        </Field>
        {(["from", "to"] as const).map((end) => (
          <Field key={end} label={end === "from" ? "From" : "To"}>
            {(field) => <Input {...field} type="date" value={filters[end]} onChange={(event) => change({ [end]: event.target.value })} />}
          </Field>
        ))}
      </div>
      {orders.isPending ? (
        <Loading what="orders">
          <Skeleton className="h-96 rounded-card" />
        </Loading>
      ) : orders.isError && items.length === 0 ? (
        <ErrorState error={orders.error} onRetry={() => void orders.refetch()} />
      ) : items.length === 0 ? (
        <EmptyState icon={ReceiptText} title="No orders like that">
          Other filters may show some.
        </EmptyState>
      ) : (
        <>
          <Table caption="Orders, newest first" columns={COLUMNS} rows={items} rowKey={(order) => order.id} />
          <LoadMore hasMore={orders.hasNextPage} loading={orders.isFetchingNextPage} onMore={more} />
        </>
      )}
    </>
  );
}
