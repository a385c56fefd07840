import { expect, signIn, test, watch } from "../support/shop.ts";

test("a seller hears of an order at once, and the buyer of its completion", async ({ page, browser, api, baseURL, conduct }) => {
  const seller = await api.register("seller", "Grace");
  const buyer = await api.register();
  const product = await api.offer(seller, { name: "Soft Wool Blanket" });
  await signIn(page, seller);
  await expect(page.getByRole("button", { name: "Notifications", exact: true })).toBeVisible();
  await api.buy(buyer, product.id);
  await page.getByRole("button", { name: "Notifications, 1 new" }).click();
  await page.getByRole("link", { name: /New: .*Soft Wool Blanket/ }).click();

  const other = await browser.newContext({ baseURL });
  watch(other, baseURL ?? "", conduct.errors);
  const buyers = await other.newPage();
  await signIn(buyers, buyer);
  const [order] = await api.orders(buyer);
  await buyers.goto(`/orders/${order?.id}`);
  await expect(buyers.getByText("The seller will hand it over.")).toBeVisible();
  await page.getByRole("button", { name: "Mark as completed" }).click();
  await expect(buyers.getByText("The seller has handed it over.")).toBeVisible();
  await buyers.getByRole("button", { name: "Notifications, 1 new" }).click();
  await buyers.getByRole("link", { name: "All notifications" }).click();
  await buyers.getByRole("button", { name: "Mark all as read" }).click();
  await expect(buyers.getByRole("button", { name: "Notifications", exact: true })).toBeVisible();
  await other.close();
});
