import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";

import { api, call, type Schemas } from "@/lib/api";

export type Order = Schemas["Order"];
export type Status = Order["status"];
export type OrderFilters = { status: Status | null; from: string; to: string };

const STATUSES: Status[] = ["placed", "completed", "cancelled"];

export function orderFiltersOf(search: URLSearchParams): OrderFilters {
  return {
    status: STATUSES.find((status) => status === search.get("status")) ?? null,
    from: dayOf(search.get("from")),
    to: dayOf(search.get("to")),
  };
}

function dayOf(value: string | null): string {
  return value !== null && /^\d{4}-\d{2}-\d{2}$/.test(value) ? value : "";
}

export function myOrdersQuery({ status, from, to }: OrderFilters) {
  const query = {
    ...(status === null ? {} : { status }),
    ...(from === "" ? {} : { from }),
    ...(to === "" || (from !== "" && to < from) ? {} : { to }),
  };
  return infiniteQueryOptions({
    queryKey: ["orders", "mine", query],
    queryFn: ({ pageParam, signal }) =>
      call(
        api.GET("/api/orders/my-orders", {
          params: { query: { ...query, ...(pageParam === null ? {} : { cursor: pageParam }) } },
          signal,
        }),
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  });
}

export function orderQuery(id: string) {
  return queryOptions({
    queryKey: ["orders", "one", id],
    queryFn: () => call(api.GET("/api/orders/{id}", { params: { path: { id } } })),
  });
}

export function setOrderStatus(id: string, status: "completed" | "cancelled"): Promise<Order> {
  return call(api.PUT("/api/orders/{id}/status", { params: { path: { id } }, body: { status } }));
}
