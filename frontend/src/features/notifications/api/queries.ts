import { infiniteQueryOptions } from "@tanstack/react-query";

import { api, call, type Schemas } from "@/lib/api";

export type Notification = Schemas["Notification"];
export const NOTIFICATIONS = "notifications";

export const notificationsQuery = infiniteQueryOptions({
  queryKey: [NOTIFICATIONS],
  queryFn: ({ pageParam, signal }) =>
    call(
      api.GET("/api/notifications/", {
        params: { query: pageParam === null ? {} : { cursor: pageParam } },
        signal,
      }),
    ),
  initialPageParam: null as string | null,
  getNextPageParam: (page) => page.next_cursor,
});

export function markRead(which: Schemas["NotificationsRead"]): Promise<unknown> {
  return call(api.POST("/api/notifications/read", { body: which }));
}

/** Where a notification leads to. */
export function placeOf({ kind, subject_id }: Pick<Notification, "kind" | "subject_id">): string {
  return kind === "low_stock" ? `/seller/products/${subject_id}` : `/orders/${subject_id}`;
}
