import { newEmail, expect, signIn, test } from "../support/shop.ts";

const ADMIN = { email: "admin@demo.com" };

test("an admin finds a seller, takes a product off the shelves and puts it back, and deletes the seller", async ({ page, api, conduct }) => {
  conduct.allow(/404/);
  const name = `Eve ${newEmail().split("@")[0]}`;
  const seller = await api.register("seller", name);
  const product = await api.offer(seller, { name: "Odd Copper Kite" });
  await signIn(page, ADMIN);

  await page.goto("/admin/products");
  await page.getByRole("button", { name: "Disable Odd Copper Kite" }).first().click();
  await expect(page.getByText("Odd Copper Kite is off the shelves.")).toBeVisible();
  const guest = await page.context().browser()?.newContext();
  const answer = await guest?.request.get(new URL(`/api/products/${product.id}`, page.url()).href);
  expect(answer?.status()).toBe(404);
  await guest?.close();
  await page.getByRole("button", { name: "Enable Odd Copper Kite" }).first().click();
  await expect(page.getByText("Odd Copper Kite is back on the shelves.")).toBeVisible();
  expect((await api.product(product.id)).is_active).toBe(true);

  await page.goto("/admin/users");
  await page.getByLabel("Name or e-mail begins with").fill(name);
  await page.getByLabel("Role").selectOption("seller");
  await page.getByRole("button", { name: `Delete ${name}` }).click();
  const dialog = page.getByRole("dialog", { name: `Delete ${name}?` });
  await expect(dialog.getByText("All their products leave the shop at once.")).toBeVisible();
  await dialog.getByRole("button", { name: "Keep as it is" }).click();
  await expect(dialog).toBeHidden();
  await page.getByRole("button", { name: `Delete ${name}` }).click();
  await dialog.getByRole("button", { name: "Delete account" }).click();
  await expect(page.getByText(`${name} is deleted.`)).toBeVisible();
  await expect(page.getByText("Nobody like that")).toBeVisible();
});

test("an admin sees the figures, the orders and the system", async ({ page, api }) => {
  const seller = await api.register("seller");
  await api.buy(await api.register(), (await api.offer(seller, { price: 41 })).id);
  await signIn(page, ADMIN);
  await page.goto("/admin");
  await expect(page.getByRole("img", { name: /Revenue of the last 30 days: \$/ })).toBeVisible();
  await page.getByLabel("Period").selectOption("7");
  await expect(page.getByRole("img", { name: /Revenue of the last 7 days: \$/ })).toBeVisible();
  await page.getByRole("link", { name: "Orders", exact: true }).click();
  await expect(page.getByRole("cell", { name: "$41.00" }).first()).toBeVisible();
  await page.getByLabel("Status").selectOption("cancelled");
  await expect(page).toHaveURL(/status=cancelled/);
  await page.getByRole("link", { name: "Health" }).click();
  await expect(page.getByRole("row", { name: /primary/i })).toBeVisible();
  await expect(page.getByRole("table", { name: "App nodes" }).getByRole("row")).toHaveCount(2);
});
