import type { Page } from "@playwright/test";

import { expect, signIn, test } from "../support/shop.ts";

test("two tabs share one session, renew it at the same moment, and end it together", async ({ page, context, api }) => {
  const buyer = await api.register("buyer", "Ada Lovelace");
  await signIn(page, buyer);
  const tab = await context.newPage();
  await Promise.all([page.reload(), tab.goto("/orders")]); // both ask with the same cookie
  for (const one of [page, tab]) await expect(one.getByRole("button", { name: "Account of Ada Lovelace" })).toBeVisible();
  await Promise.all([page.reload(), tab.reload()]);
  for (const one of [page, tab]) await expect(one.getByRole("button", { name: "Account of Ada Lovelace" })).toBeVisible();

  await page.getByRole("button", { name: "Account of Ada Lovelace" }).click();
  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(tab).toHaveURL(/sign-in/);
  expect(await context.cookies()).toEqual([]);
});

test("no token is where scripts of a page could take it later", async ({ page, context, api }) => {
  await signIn(page, await api.register());
  const stored = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie]));
  expect(stored).not.toMatch(/eyJ/);
  const [cookie] = await context.cookies();
  expect(cookie).toMatchObject({ httpOnly: true, sameSite: "Strict", path: "/api/auth" });
});

test("a session that ends at the checkout is renewed there, and the order goes through", async ({ page, context, baseURL, api, conduct }) => {
  conduct.allow(/401/);
  let token = "";
  page.on("request", (request) => (token = request.headers().authorization ?? token));
  const product = await api.offer(await api.login("seller@demo.com"));
  const buyer = await api.register();
  await api.send("PUT", `/api/cart/items/${product.id}`, buyer, { quantity: 1 });
  await signIn(page, buyer);
  await page.getByRole("button", { name: "Cart, 1 item" }).click();
  await page.getByRole("link", { name: "Check out" }).click();
  await expect(page.getByRole("button", { name: "Place order" })).toBeEnabled();

  // the session ends at the shop, by the same cookie, and the page does not know
  expect((await context.request.post("/api/auth/logout", { headers: { origin: baseURL ?? "" } })).status()).toBe(204);
  await expect.poll(async () => statusOf(page, token)).toBe(401);
  await page.getByRole("button", { name: "Place order" }).click();
  const dialog = page.getByRole("dialog", { name: "Sign in again" });
  await dialog.getByLabel("Password").fill(buyer.password);
  await dialog.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("heading", { name: "Thank you" })).toBeVisible();
  expect(await api.orders(buyer)).toHaveLength(1);
});

async function statusOf(page: Page, authorization: string): Promise<number> {
  return (await page.request.get("/api/auth/profile", { headers: { authorization } })).status();
}
