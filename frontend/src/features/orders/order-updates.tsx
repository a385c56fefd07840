import { useQueryClient } from "@tanstack/react-query";
import { useCallback } from "react";

import { orderQuery, type Order } from "./api/queries";

import { useEvent } from "@/contexts/realtime";

/** A buyer's orders follow what their sellers do. Stands once, around all pages. */
export function OrderUpdates(): null {
  const queries = useQueryClient();
  useEvent(
    "order_status",
    useCallback(
      (order: Order) => {
        if (queries.getQueryData(orderQuery(order.id).queryKey) !== undefined) {
          queries.setQueryData(orderQuery(order.id).queryKey, order);
        }
        void queries.invalidateQueries({ queryKey: ["orders", "mine"] });
      },
      [queries],
    ),
  );
  return null;
}
