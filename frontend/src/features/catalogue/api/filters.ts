export const SORTS = ["relevance", "newest", "price", "-price", "name"] as const;
export type Sort = (typeof SORTS)[number];

/** What a listing is asked for, as the address bar holds it. Prices are as typed. */
export type Filters = {
  q: string;
  category: string;
  min_price: string;
  max_price: string;
  in_stock: boolean;
  seller_id: string;
  sort: Sort;
};

const TEXTS = ["q", "category", "min_price", "max_price", "seller_id"] as const;

export function filtersOf(search: URLSearchParams): Filters {
  const text = (name: string): string => search.get(name) ?? "";
  const fallback = text("q").trim() === "" ? "newest" : "relevance";
  const sort = SORTS.find((one) => one === search.get("sort")) ?? fallback;
  return {
    q: text("q"),
    category: text("category"),
    min_price: text("min_price"),
    max_price: text("max_price"),
    in_stock: search.get("in_stock") === "true",
    seller_id: text("seller_id"),
    sort: sort === "relevance" ? fallback : sort, // relevance needs words
  };
}

/** Without what says nothing, so that the same page has one address. */
export function searchOf(filters: Filters): URLSearchParams {
  const search = new URLSearchParams();
  TEXTS.forEach((name) => filters[name].trim() !== "" && search.set(name, filters[name]));
  if (filters.in_stock) search.set("in_stock", "true");
  const usual = filters.q.trim() === "" ? "newest" : "relevance";
  if (filters.sort !== usual && filters.sort !== "relevance") search.set("sort", filters.sort);
  return search;
}

/** A price that was typed, as the shop takes it; null when it is none. */
export function priceOf(typed: string): number | null {
  const amount = Number(typed.replace(",", "."));
  return typed.trim() === "" || !Number.isFinite(amount) || amount < 0 || amount > 1_000_000
    ? null
    : Math.round(amount * 100) / 100;
}

export function howMany(filters: Filters): number {
  return [filters.category, filters.min_price, filters.max_price, filters.in_stock, filters.seller_id].filter(Boolean)
    .length;
}
