import { addToCart, expect, newEmail, test } from "../support/shop.ts";

test("a buyer registers, buys, sees the order and cancels it, and the stock is back @core", async ({ page, api }) => {
  const seller = await api.login("seller@demo.com");
  const lamp = await api.offer(seller, { name: "Quiet Copper Lamp", stock: 5, price: 19.9 });

  await page.goto("/");
  await page.getByRole("searchbox").fill("quiet copper la");
  await page.getByRole("link", { name: "Quiet Copper Lamp" }).first().click();
  await expect(page).toHaveURL(/\/products\/[0-9a-f]/);
  await page.goto(`/products/${lamp.id}`);
  await expect(page.getByRole("main").getByRole("status").getByText("5 left")).toBeVisible();
  await page.getByRole("button", { name: "One more" }).click();
  await page.getByRole("button", { name: "Add to cart" }).click();
  await page.getByRole("link", { name: "Sign in and check out" }).click();

  await page.getByRole("main").getByRole("link", { name: "Create an account" }).click();
  await page.getByLabel("Name").fill("Ada");
  await page.getByLabel("E-mail").fill(newEmail());
  await page.getByLabel("Password").fill("seven pots of tea");
  await page.getByRole("button", { name: "Create account" }).click();

  await expect(page.getByRole("heading", { name: "Review and order" })).toBeVisible();
  await expect(page.getByText("$39.80").first()).toBeVisible();
  await page.getByRole("button", { name: "Place order" }).click();
  await expect(page.getByRole("heading", { name: "Thank you, it is yours" })).toBeVisible();
  expect((await api.product(lamp.id)).stock).toBe(3);
  await page.reload();
  await expect(page.getByText("2 × Quiet Copper Lamp")).toBeVisible();

  await page.getByRole("link", { name: "My orders" }).click();
  await page.getByRole("link", { name: "2 × Quiet Copper Lamp" }).click();
  await page.getByRole("button", { name: "Cancel order" }).click();
  const dialog = page.getByRole("dialog", { name: "Cancel this order?" });
  await dialog.getByRole("button", { name: "Cancel order" }).click();
  await expect(page.getByText("The stock is back on the shelves.")).toBeVisible();
  expect((await api.product(lamp.id)).stock).toBe(5);
});

test("a guest's cart is added to what the buyer had @core", async ({ page, api }) => {
  const seller = await api.login("seller@demo.com");
  const [lamp, pan] = [await api.offer(seller), await api.offer(seller, { name: "Plain Steel Pan" })];
  const buyer = await api.register();
  await api.send("PUT", `/api/cart/items/${lamp.id}`, buyer, { quantity: 2 });

  await addToCart(page, lamp.id);
  await addToCart(page, pan.id);
  await page.goto("/sign-in?next=/cart");
  await page.getByLabel("E-mail").fill(buyer.email);
  await page.getByLabel("Password").fill(buyer.password);
  await page.getByRole("button", { name: "Sign in" }).click();

  await expect(page.getByRole("textbox", { name: "Quantity of Bright Oak Lamp" })).toHaveValue("3");
  await expect(page.getByRole("textbox", { name: "Quantity of Plain Steel Pan" })).toHaveValue("1");
  const cart = await api.send<{ items: { quantity: number }[] }>("GET", "/api/cart/", buyer);
  expect(cart.items.map((item) => item.quantity).sort()).toEqual([1, 3]);
  expect(await page.evaluate(() => localStorage.getItem("guest-cart"))).toBeNull();
});
