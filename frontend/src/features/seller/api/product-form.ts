import type { Schemas } from "@/lib/api";
import type { Product } from "@/lib/products";

export type Changes = Omit<Schemas["ProductEdit"], "expected_version">;
/** What stands in the form's fields. */
export type Entries = Record<"name" | "description" | "category" | "price" | "stock" | "low_stock_threshold", string>;
export type Wrong = Partial<Record<keyof Entries, string | undefined>>;

export const EMPTY: Entries = { name: "", description: "", category: "", price: "", stock: "", low_stock_threshold: "5" };
const MOST_STOCK = 1_000_000_000;

export function entriesOf(product: Product): Entries {
  return {
    name: product.name,
    description: product.description,
    category: product.category,
    price: product.price.toFixed(2),
    stock: String(product.stock),
    low_stock_threshold: String(product.low_stock_threshold),
  };
}

/** What is wrong with the entries, field by field, before the shop is asked. */
export function check(entries: Entries): Wrong {
  const wrong: Wrong = {};
  if (entries.name.trim() === "") wrong.name = "Give the product a name.";
  if (entries.category.trim() === "") wrong.category = "Name the category it belongs to.";
  if (!/^\d{1,7}([.,]\d{1,2})?$/.test(entries.price.trim())) wrong.price = "Write a price like 12.50.";
  else if (amount(entries.price) < 0.01 || amount(entries.price) > 1_000_000) {
    wrong.price = "The price must be between 0.01 and 1,000,000.";
  }
  for (const field of ["stock", "low_stock_threshold"] as const) {
    const text = entries[field].trim();
    if (!/^\d{1,10}$/.test(text) || Number(text) > MOST_STOCK) wrong[field] = "Write a whole number, 0 or more.";
  }
  return wrong;
}

/** The entries as the shop takes them; they have been checked. */
export function valuesOf(entries: Entries): Required<Changes> {
  return {
    name: entries.name.trim(),
    description: entries.description,
    category: entries.category.trim(),
    price: amount(entries.price),
    stock: Number(entries.stock),
    low_stock_threshold: Number(entries.low_stock_threshold),
  };
}

/** Only what differs from the product: what was not touched must not be written. */
export function changesOf(product: Product, entries: Entries): Changes {
  const now = valuesOf(entries);
  return Object.fromEntries(Object.entries(now).filter(([field, value]) => product[field as keyof Changes] !== value));
}

/** The fields of `changes` that are not any more as they were when the form was filled. */
export function changedMeanwhile(before: Product, current: Product, changes: Changes): (keyof Changes)[] {
  return (Object.keys(changes) as (keyof Changes)[]).filter((field) => before[field] !== current[field]);
}

function amount(text: string): number {
  return Number(text.trim().replace(",", "."));
}
