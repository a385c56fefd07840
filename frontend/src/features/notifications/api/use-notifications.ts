import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { useCallback } from "react";

import { markRead, NOTIFICATIONS, notificationsQuery } from "./queries";

import { useEvent } from "@/contexts/realtime";
import { useSession } from "@/contexts/session";

/** What the user was told of, growing as it happens. Only buyers and sellers are told anything (`enabled`). */
export function useNotifications() {
  const { user } = useSession();
  const queries = useQueryClient();
  const enabled = user?.role === "buyer" || user?.role === "seller";
  const query = useInfiniteQuery({ ...notificationsQuery, enabled });
  const refresh = useCallback(() => void queries.invalidateQueries({ queryKey: [NOTIFICATIONS] }), [queries]);
  useEvent("notification", refresh);
  const { mutate } = useMutation({ mutationFn: markRead, onSettled: refresh });
  const readAll = useCallback(() => mutate({ all: true }), [mutate]);
  const read = useCallback((id: string) => mutate({ ids: [id] }), [mutate]);
  return {
    query,
    items: query.data?.pages.flatMap((page) => page.items) ?? [],
    unread: query.data?.pages[0]?.unread ?? 0,
    readAll,
    read,
  };
}
