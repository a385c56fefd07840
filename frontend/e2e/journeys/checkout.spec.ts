import type { Page, Route } from "@playwright/test";

import { addToCart, expect, signIn, test, type Api, type Person } from "../support/shop.ts";

/** A buyer at the last step, with one unit of a new product in the cart. */
async function atTheCheckout(page: Page, api: Api, stock = 5): Promise<{ buyer: Person; productId: string }> {
  const product = await api.offer(await api.login("seller@demo.com"), { stock });
  const buyer = await api.register();
  await signIn(page, buyer);
  await addToCart(page, product.id);
  await page.getByRole("link", { name: "Check out" }).click();
  await expect(page.getByRole("button", { name: "Place order" })).toBeEnabled();
  return { buyer, productId: product.id };
}

test("a double click places one order @core", async ({ page, api }) => {
  const { buyer, productId } = await atTheCheckout(page, api);
  await page.getByRole("button", { name: "Place order" }).dblclick();
  await expect(page.getByRole("heading", { name: "Thank you" })).toBeVisible();
  expect(await api.orders(buyer)).toHaveLength(1);
  expect((await api.product(productId)).stock).toBe(4);
});

test("a lost answer and a reload place one order, and the buyer is told @core", async ({ page, api, conduct }) => {
  conduct.allow(/api\/orders/); // the browser reports the answer that we lose on purpose
  const { buyer, productId } = await atTheCheckout(page, api);
  let [lost, losing] = [0, true];
  await page.route("**/api/orders/", async (route) => {
    if (route.request().method() !== "POST" || !losing) return route.fallback();
    await route.fetch(); // the shop decides…
    lost += 1;
    await route.abort("connectionreset"); // …and nobody hears of it
  });
  await page.getByRole("button", { name: "Place order" }).click();
  await expect(page.getByText("Waiting for the shop’s answer")).toBeVisible();
  expect(lost).toBeGreaterThan(0);

  page.once("domcontentloaded", () => (losing = false)); // until then this page must not hear it, either
  await page.reload();
  await expect(page.getByRole("heading", { name: "Thank you" })).toBeVisible();
  expect(await api.orders(buyer)).toHaveLength(1);
  expect((await api.product(productId)).stock).toBe(4);
});

test("the last unit is in two carts: one buys it, the other is told which line fell short", async ({ page, api, conduct }) => {
  conduct.allow(/409/);
  const { buyer, productId } = await atTheCheckout(page, api, 1);
  await page.route("**/api/orders/", async (route) => {
    await api.buy(await api.register(), productId); // somebody is faster, by the length of a click
    await route.continue();
  });
  await page.getByRole("button", { name: "Place order" }).click();
  await expect(page.getByText("Somebody was faster")).toBeVisible();
  await expect(page.getByText("1 wanted, 0 left")).toBeVisible();
  await expect(page.getByText("Nothing was ordered.")).toBeVisible();
  expect(await api.orders(buyer)).toHaveLength(0);
  await page.getByRole("main").getByRole("button", { name: "Remove", exact: true }).click();
  await expect(page.getByText("Your cart is empty")).toBeVisible();
});

test("a price that rose is shown before anything is bought", async ({ page, api, conduct }) => {
  conduct.allow(/409/);
  const { buyer, productId } = await atTheCheckout(page, api);
  const seller = await api.login("seller@demo.com");
  const rise = async (route: Route): Promise<void> => {
    await api.send("PUT", `/api/products/${productId}`, seller, { price: 30 });
    await route.continue();
  };
  await page.route("**/api/orders/", rise, { times: 1 });
  await page.getByRole("button", { name: "Place order" }).click();
  await expect(page.getByText("A price has changed meanwhile")).toBeVisible();
  expect(await api.orders(buyer)).toHaveLength(0);
  await expect(page.getByRole("definition").filter({ hasText: "$30.00" }).first()).toBeVisible();
  await page.getByRole("button", { name: "Place order" }).click();
  await expect(page.getByRole("heading", { name: "Thank you" })).toBeVisible();
  expect((await api.orders(buyer)).map((order) => order.total_amount)).toEqual([30]);
});
