import { useQuery, useQueryClient, type UseQueryResult } from "@tanstack/react-query";
import { useCallback } from "react";

import { useConnectionStatus, useEvent, useProductSubscription } from "@/contexts/realtime";
import type { StockUpdate } from "@/lib/connection";
import { applyStockUpdate, PRODUCT, productQuery, type Product } from "@/lib/products";

const WITHOUT_SOCKET = 15_000; // milliseconds between looks at a product while nothing is told

/** Keeps every product on the page as the shop has it. Stands once, around all pages. */
export function StockUpdates(): null {
  const queries = useQueryClient();
  useEvent(
    "stock_update",
    useCallback((update: StockUpdate) => applyStockUpdate(queries, update), [queries]),
  );
  useEvent(
    "subscribed",
    useCallback(
      ({ product_ids }: { product_ids: string[] }) => {
        // what was fetched before may have changed in between; what is being fetched is new enough
        for (const id of product_ids) {
          void queries.invalidateQueries({ queryKey: [PRODUCT, id], predicate: (one) => one.state.fetchStatus === "idle" });
        }
      },
      [queries],
    ),
  );
  useEvent(
    "resync",
    useCallback(() => void queries.invalidateQueries(), [queries]),
  );
  return null;
}

/** One product, changing while one looks at it. */
export function useLiveProduct(id: string): UseQueryResult<Product> {
  const told = useConnectionStatus() === "open";
  useProductSubscription([id]);
  return useQuery({ ...productQuery(id), refetchInterval: told ? false : WITHOUT_SOCKET });
}

