import type { BrowserContext, Page } from "@playwright/test";

import { expect, signIn, test, type Person } from "../support/shop.ts";

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
  const ended = endedAtTheShop(page, context, baseURL);
  const product = await api.offer(await api.login("seller@demo.com"));
  const buyer = await api.register();
  await api.send("PUT", `/api/cart/items/${product.id}`, buyer, { quantity: 1 });
  await signIn(page, buyer);
  await page.getByRole("button", { name: "Cart, 1 item" }).click();
  await page.getByRole("link", { name: "Check out" }).click();
  await expect(page.getByRole("button", { name: "Place order" })).toBeEnabled();

  await ended();
  await page.getByRole("button", { name: "Place order" }).click();
  await signInAgain(page, buyer);
  await expect(page.getByRole("heading", { name: "Thank you" })).toBeVisible();
  expect(await api.orders(buyer)).toHaveLength(1);
});

test("a session that ends in the middle of a form costs nothing of what was typed", async ({ page, context, baseURL, api, conduct }) => {
  conduct.allow(/401/);
  const ended = endedAtTheShop(page, context, baseURL);
  const seller = await api.register("seller", "Bob");
  await signIn(page, seller);
  await page.goto("/seller/products/new");
  await page.getByLabel("Name", { exact: true }).fill("Patient Pine Shelf");
  await page.getByLabel("Category").fill("Home");
  await page.getByLabel("Price").fill("49.5");
  await ended();
  await page.getByLabel("Stock", { exact: true }).fill("3");
  await page.getByRole("button", { name: "Put it on the shelves" }).click();
  await signInAgain(page, seller);
  await expect(page.getByRole("heading", { level: 1, name: "Patient Pine Shelf" })).toBeVisible();
  const { items } = await api.send<{ items: object[] }>("GET", "/api/products/my-products", await api.login(seller.email, seller.password));
  expect(items).toMatchObject([{ name: "Patient Pine Shelf", price: 49.5, stock: 3 }]);
});

/** Ends the page's session at the shop, by the same cookie, without the page's knowing. */
function endedAtTheShop(page: Page, context: BrowserContext, baseURL = ""): () => Promise<void> {
  let authorization = "";
  page.on("request", (request) => (authorization = request.headers().authorization ?? authorization));
  const status = async (): Promise<number> =>
    (await page.request.get("/api/auth/profile", { headers: { authorization } })).status();
  return async () => {
    expect((await context.request.post("/api/auth/logout", { headers: { origin: baseURL } })).status()).toBe(204);
    await expect.poll(status).toBe(401);
  };
}

async function signInAgain(page: Page, person: Person): Promise<void> {
  const dialog = page.getByRole("dialog", { name: "Sign in again" });
  await dialog.getByLabel("Password").fill(person.password);
  await dialog.getByRole("button", { name: "Sign in" }).click();
}
