import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";

import { priceOf, type Filters } from "./filters";

import { api, call } from "@/lib/api";
import { idle } from "@/lib/idle";
import { PRODUCTS, type Product } from "@/lib/products";
import { WIDE } from "@/lib/use-media";

const PAGE_SIZE = matchMedia(WIDE).matches ? 24 : 12; // a phone shows four at a time
export const NEWEST = 8;

export function listingQuery(filters: Filters) {
  const query = parameters(filters);
  return infiniteQueryOptions({
    queryKey: [PRODUCTS, "listing", query],
    queryFn: ({ pageParam, signal }) =>
      call(
        api.GET("/api/products/", {
          params: { query: { ...query, limit: PAGE_SIZE, ...(pageParam === null ? {} : { cursor: pageParam }) } },
          signal,
        }),
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  });
}

function parameters(filters: Filters) {
  const low = priceOf(filters.min_price);
  const high = priceOf(filters.max_price);
  const swapped = low !== null && high !== null && low > high;
  const [min_price, max_price] = swapped ? [high, low] : [low, high];
  const q = filters.q.trim().slice(0, 200);
  return {
    ...(q === "" ? {} : { q }),
    ...(filters.category === "" ? {} : { category: filters.category }),
    ...(filters.seller_id === "" ? {} : { seller_id: filters.seller_id }),
    ...(min_price === null ? {} : { min_price }),
    ...(max_price === null ? {} : { max_price }),
    ...(filters.in_stock ? { in_stock: true } : {}),
    ...(filters.sort === "relevance" ? {} : { sort: filters.sort }),
  };
}

export const categoriesQuery = queryOptions({
  queryKey: ["categories"],
  queryFn: () => call(api.GET("/api/products/categories")),
  staleTime: 5 * 60_000,
  select: (answer) => answer.items,
});

export const newestQuery = queryOptions({
  queryKey: [PRODUCTS, "newest"],
  queryFn: () => call(api.GET("/api/products/", { params: { query: { limit: NEWEST, in_stock: true } } })),
  select: (page) => page.items,
});

/** For further down: those that came before the newest, when the browser has shown what is on top. */
export const fewLeftQuery = queryOptions({
  queryKey: [PRODUCTS, "few-left"],
  queryFn: async () => {
    await idle();
    return call(api.GET("/api/products/", { params: { query: { limit: 100, in_stock: true } } }));
  },
  select: (page) => almostSoldOut(page.items.slice(NEWEST)),
});

/** Of the same category, without the product itself. */
export function relatedQuery(product: Pick<Product, "id" | "category">) {
  return queryOptions({
    queryKey: [PRODUCTS, "related", product.category],
    queryFn: () =>
      call(api.GET("/api/products/", { params: { query: { category: product.category, limit: 9, in_stock: true } } })),
    select: (page) => page.items.filter((one) => one.id !== product.id).slice(0, 4),
  });
}

/** The few among the newest that are nearly gone, the fewest first. */
function almostSoldOut(products: Product[], number = 4): Product[] {
  return products
    .filter((one) => one.stock > 0 && one.stock <= Math.max(10, one.low_stock_threshold))
    .sort((a, b) => a.stock - b.stock)
    .slice(0, number);
}
