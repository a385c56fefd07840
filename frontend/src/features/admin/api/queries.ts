import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";

import { api, call, type Schemas } from "@/lib/api";
import { PRODUCTS } from "@/lib/products";

export type User = Schemas["User"];
export type Order = Schemas["Order"];
export type Health = Schemas["Health"];
export type OrderFilters = { status: Order["status"] | null; from: string; to: string };

export const ADMIN = "admin";
const first = null as string | null;
const after = (cursor: string | null): { cursor?: string } => (cursor === null ? {} : { cursor });
const next = (page: { next_cursor: string | null }): string | null => page.next_cursor;

export function dashboardQuery(days: number) {
  return queryOptions({
    queryKey: [ADMIN, "dashboard", days],
    queryFn: () => call(api.GET("/api/admin/dashboard", { params: { query: { days } } })),
  });
}

/** `text`: how the name or the e-mail begins. */
export function usersQuery(text: string, role: User["role"] | null) {
  const query = { ...(text === "" ? {} : { q: text }), ...(role === null ? {} : { role }) };
  return infiniteQueryOptions({
    queryKey: [ADMIN, "users", query],
    placeholderData: keepPreviousData, // a list that is narrowed does not vanish meanwhile, nor what is open in it
    queryFn: ({ pageParam, signal }) =>
      call(api.GET("/api/admin/users", { params: { query: { limit: 50, ...query, ...after(pageParam) } }, signal })),
    initialPageParam: first,
    getNextPageParam: next,
  });
}

export function productsQuery() {
  return infiniteQueryOptions({
    queryKey: [PRODUCTS, "moderation"],
    queryFn: ({ pageParam, signal }) =>
      call(api.GET("/api/admin/products", { params: { query: { limit: 50, ...after(pageParam) } }, signal })),
    initialPageParam: first,
    getNextPageParam: next,
  });
}

export function ordersQuery({ status, from, to }: OrderFilters) {
  const query = {
    ...(status === null ? {} : { status }),
    ...(from === "" ? {} : { from }),
    ...(to === "" || (from !== "" && to < from) ? {} : { to }),
  };
  return infiniteQueryOptions({
    queryKey: [ADMIN, "orders", query],
    placeholderData: keepPreviousData, // a list that is narrowed does not vanish meanwhile, nor what is open in it
    queryFn: ({ pageParam, signal }) =>
      call(api.GET("/api/admin/orders", { params: { query: { limit: 50, ...query, ...after(pageParam) } }, signal })),
    initialPageParam: first,
    getNextPageParam: next,
  });
}

export function healthQuery() {
  return queryOptions({
    queryKey: [ADMIN, "health"],
    queryFn: ({ signal }) => call(api.GET("/api/admin/health", { signal })),
    refetchInterval: 3_000,
  });
}

export async function deleteUser(id: string): Promise<void> {
  await call(api.DELETE("/api/admin/users/{id}", { params: { path: { id } } }));
}

export function setActive(id: string, active: boolean): Promise<Schemas["Product"]> {
  const at = { params: { path: { id } } };
  return call(active ? api.PUT("/api/admin/products/{id}/enable", at) : api.PUT("/api/admin/products/{id}/disable", at));
}
