import { afterEach, expect, test, vi } from "vitest";

import { Overtaken, saveProduct } from "./changes";

import type { Product } from "@/lib/products";

const BOWL = { id: "s-1", name: "Bowl", price: 10, stock: 4, version: 3 } as Product;
const CONFLICT = { type: "x", title: "Conflict", status: 409, detail: "It has changed.", code: "version_conflict" };

/** A shop in which the product has moved on to `current`, and moves on again after each of the first `moves` saves. */
function shopWith(current: Product, moves = 0): { sent: unknown[] } {
  let now = current;
  const sent: unknown[] = [];
  vi.stubGlobal("fetch", async (request: Request) => {
    if (request.method === "GET") return Response.json(now);
    const body = (await request.json()) as { expected_version: number };
    sent.push(body);
    const right = body.expected_version === now.version && sent.length > moves;
    if (!right) now = { ...now, version: now.version + (sent.length <= moves ? 1 : 0) };
    return right ? Response.json({ ...now, ...body }) : Response.json(CONFLICT, { status: 409 });
  });
  return { sent };
}

afterEach(() => vi.unstubAllGlobals());

test("a sale meanwhile does not stop a change of the name", async () => {
  const { sent } = shopWith({ ...BOWL, stock: 2, version: 4 });
  expect((await saveProduct(BOWL, { name: "Dish" })).name).toBe("Dish");
  expect(sent).toEqual([
    { name: "Dish", expected_version: 3 },
    { name: "Dish", expected_version: 4 },
  ]);
});

test("another change of the same field stops it, and tells what is there now", async () => {
  const { sent } = shopWith({ ...BOWL, price: 12, version: 4 });
  const refused = await saveProduct(BOWL, { price: 11 }).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(Overtaken);
  expect((refused as Overtaken).current.price).toBe(12);
  expect((refused as Overtaken).fields).toEqual(["price"]);
  expect(sent).toHaveLength(1);
});

test("a product that never stands still is given up", async () => {
  shopWith({ ...BOWL, version: 4 }, 99);
  await expect(saveProduct(BOWL, { name: "Dish" })).rejects.toMatchObject({ code: "version_conflict" });
});
