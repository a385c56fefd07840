import type { Locator, Page } from "@playwright/test";

import { addToCart, expect, signIn, test, watch } from "../support/shop.ts";

test("one browser buys, the other sees the stock fall @core", async ({ page, browser, api, baseURL, conduct }) => {
  const product = await api.offer(await api.login("seller@demo.com"), { stock: 4 });
  await page.goto(`/products/${product.id}`);
  await expect(stock(page, "4 left")).toBeVisible();
  await expect(page.getByText("live", { exact: true })).toBeVisible();

  const other = await browser.newContext({ baseURL });
  watch(other, baseURL ?? "", conduct.errors);
  const elsewhere = await other.newPage();
  await signIn(elsewhere, await api.register());
  await addToCart(elsewhere, product.id);
  await elsewhere.getByRole("link", { name: "Check out" }).click();
  await elsewhere.getByRole("button", { name: "Place order" }).click();
  await expect(elsewhere.getByRole("heading", { name: "Thank you" })).toBeVisible();
  await expect(stock(page, "3 left")).toBeVisible();
  await other.close();
});

test("a lost connection is said, and what was missed is there when it is back", async ({ page, api, context, conduct }) => {
  conduct.allow(/ERR_INTERNET_DISCONNECTED|ERR_FAILED|WebSocket/);
  const product = await api.offer(await api.login("seller@demo.com"), { stock: 9 });
  await page.routeWebSocket(/socket\.io/, (socket) => {
    const server = socket.connectToServer();
    page.once("close", () => void server.close());
    (globalThis as { cut?: () => Promise<void> }).cut = () => socket.close({ code: 1011 });
  });
  await page.goto(`/products/${product.id}`);
  await expect(page.getByText("live", { exact: true })).toBeVisible();
  await context.setOffline(true);
  await (globalThis as { cut?: () => Promise<void> }).cut?.();
  await expect(page.getByText("No connection.")).toBeVisible();
  await api.buy(await api.register(), product.id, 7);
  await context.setOffline(false);
  await expect(stock(page, "2 left")).toBeVisible({ timeout: 20_000 });
  await expect(page.getByText("No connection.")).toBeHidden();
});

/** The product's own stock, not that of the related ones. */
function stock(page: Page, text: string): Locator {
  return page.getByRole("main").getByRole("status").getByText(text);
}
