import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";

import { api, call, type Schemas } from "@/lib/api";
import { PRODUCTS } from "@/lib/products";

export type Order = Schemas["Order"];
export type InventoryLog = Schemas["InventoryLog"];
export type Status = Order["status"];

const SELLER = "seller";
export const MINE = [PRODUCTS, "mine"];
export const ORDERS = [SELLER, "orders"];
export const STATS = [SELLER, "stats"];
const first = null as string | null;
const after = (cursor: string | null): { cursor?: string } => (cursor === null ? {} : { cursor });

export function statsQuery(days: number) {
  return queryOptions({
    queryKey: [...STATS, days],
    queryFn: () => call(api.GET("/api/seller/stats", { params: { query: { days } } })),
  });
}

export function myProductsQuery() {
  return infiniteQueryOptions({
    queryKey: MINE,
    queryFn: ({ pageParam, signal }) =>
      call(api.GET("/api/products/my-products", { params: { query: { limit: 50, ...after(pageParam) } }, signal })),
    initialPageParam: first,
    getNextPageParam: (page) => page.next_cursor,
  });
}

/** `version`: the product's, which moves with every entry. */
export function logsQuery(id: string, version: number) {
  return infiniteQueryOptions({
    queryKey: [SELLER, "logs", id, version],
    placeholderData: keepPreviousData,
    queryFn: ({ pageParam, signal }) =>
      call(
        api.GET("/api/products/{id}/inventory-logs", {
          params: { path: { id }, query: { limit: 50, ...after(pageParam) } },
          signal,
        }),
      ),
    initialPageParam: first,
    getNextPageParam: (page) => page.next_cursor,
  });
}

export function sellerOrdersQuery(status: Status | null) {
  return infiniteQueryOptions({
    queryKey: [...ORDERS, status],
    queryFn: ({ pageParam, signal }) =>
      call(
        api.GET("/api/orders/seller-orders", {
          params: { query: { ...(status === null ? {} : { status }), ...after(pageParam) } },
          signal,
        }),
      ),
    initialPageParam: first,
    getNextPageParam: (page) => page.next_cursor,
  });
}
