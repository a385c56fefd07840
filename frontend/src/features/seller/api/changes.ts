import { api, call, type Schemas } from "@/lib/api";
import { problemOf } from "@/lib/problem";
import type { Product } from "@/lib/products";

import { changedMeanwhile, type Changes } from "./product-form";

export type Imported = Schemas["Imported"];
const at = (id: string) => ({ params: { path: { id } } });
const MOST_TRIES = 5;

/** Somebody else changed the very fields that are to be saved. */
export class Overtaken extends Error {
  constructor(
    readonly current: Product,
    readonly fields: (keyof Changes)[],
  ) {
    super("The product was changed meanwhile.");
  }
}

export function addStock(id: string, delta: number, reason: string): Promise<Product> {
  return call(api.POST("/api/products/{id}/stock", { ...at(id), body: { delta, reason } }));
}

export function createProduct(body: Schemas["NewProduct"]): Promise<Product> {
  return call(api.POST("/api/products/", { body }));
}

/**
 * Saves changes of the product as it was when its form was filled. Sales move its version all the time; they stop the
 * changes only where they touch the same fields. Throws Overtaken then, and Problem.
 */
export async function saveProduct(before: Product, changes: Changes): Promise<Product> {
  let version = before.version;
  for (let tries = 1; ; tries += 1) {
    try {
      return await call(api.PUT("/api/products/{id}", { ...at(before.id), body: { ...changes, expected_version: version } }));
    } catch (error) {
      if (problemOf(error).code !== "version_conflict" || tries === MOST_TRIES) throw error;
      const current = await call(api.GET("/api/products/{id}", at(before.id)));
      const fields = changedMeanwhile(before, current, changes);
      if (fields.length > 0) throw new Overtaken(current, fields);
      version = current.version;
    }
  }
}

export async function removeProduct(id: string): Promise<void> {
  await call(api.DELETE("/api/products/{id}", at(id)));
}

export function putPhoto(id: string, photo: File): Promise<Product> {
  return call(api.PUT("/api/products/{id}/image", { ...at(id), ...raw(photo, photo.type || "image/jpeg") }));
}

export function removePhoto(id: string): Promise<Product> {
  return call(api.DELETE("/api/products/{id}/image", at(id)));
}

export function importCsv(file: File): Promise<Imported> {
  return call(api.POST("/api/products/import", raw(file, "text/csv")));
}

export function exportCsv(): Promise<Blob> {
  return call(api.GET("/api/products/export.csv", { parseAs: "blob" }) as Promise<{ data?: Blob; response: Response }>);
}

export function setOrderStatus(id: string, status: "completed" | "cancelled"): Promise<Schemas["Order"]> {
  return call(api.PUT("/api/orders/{id}/status", { ...at(id), body: { status } }));
}

/** A file as it is, for routes that take no JSON. */
function raw(file: File, type: string) {
  return { body: file as never, bodySerializer: () => file as never, headers: { "content-type": type } };
}
