import type { Locator, Page } from "@playwright/test";

import { addToCart, expect, signIn, test } from "../support/shop.ts";

const MARKUP = `<img src=x onerror="document.title='taken'"><b>Lamp</b>`;

test("markup in a product's name and text is text everywhere", async ({ page, context, api, conduct }) => {
  conduct.allow(/401/); // whoever follows finds the cookie of the one before gone
  test.setTimeout(120_000);
  const seller = await api.register("seller", "<i>Bob</i>");
  const product = await api.offer(seller, { name: MARKUP, description: MARKUP, category: "<u>Odd</u>", low_stock_threshold: 10 });
  const buyer = await api.register();
  await signIn(page, buyer);
  await addToCart(page, product.id);
  await shown(page, [`/products?seller_id=${product.seller_id}`, `/products/${product.id}`, "/cart", "/checkout"]);
  await page.getByRole("button", { name: "Place order" }).click();
  await expect(page.getByText(`1 × ${MARKUP}`)).toBeVisible();
  const [order] = await api.orders(buyer);
  await shown(page, ["/orders", `/orders/${order?.id}`]);

  await context.clearCookies();
  await signIn(page, seller);
  const desk = ["/seller", "/seller/orders", "/seller/products", `/seller/products/${product.id}`, "/notifications"];
  await shown(page, [...desk, `/orders/${order?.id}`]);
  await context.clearCookies();
  await signIn(page, { email: "admin@demo.com" });
  await shown(page, ["/admin/products"]);
  await page.goto("/admin/orders");
  await expect(page.getByRole("cell", { name: "$25.00" }).first()).toBeVisible();
  await clean(page);
});

async function shown(page: Page, paths: string[]): Promise<void> {
  for (const path of paths) {
    await page.goto(path);
    await expect(page.getByRole("main").getByText(MARKUP).first(), path).toBeVisible();
    await clean(page);
  }
}

async function clean(page: Page): Promise<void> {
  expect(await page.locator("main").locator("img[onerror], b, i, u").count(), page.url()).toBe(0);
  expect(await page.title()).not.toMatch(/^taken/);
}

test("search as you type: the address follows, and going back does, too", async ({ page }) => {
  await page.goto("/products");
  const box = page.getByRole("searchbox");
  await box.pressSequentially("lamp", { delay: 30 });
  await expect(page).toHaveURL(/q=lamp/);
  await expect(page.getByRole("heading", { level: 1, name: "“lamp”" })).toBeVisible();
  await page.getByRole("complementary").getByText("Only what is in stock").click();
  await page.getByLabel("Sort by").selectOption("price");
  await expect(page).toHaveURL("/products?q=lamp&in_stock=true&sort=price");
  await page.reload();
  await expect(box).toHaveValue("lamp");
  await expect(page.getByLabel("Sort by")).toHaveValue("price");
  await page.goBack();
  await page.goBack();
  await page.goBack();
  await expect(page).toHaveURL("/products");
  await expect(box).toHaveValue("");
});

test("an endless list is where it was after going back", async ({ page }) => {
  await page.goto("/products?sort=name");
  const cards = page.getByRole("article");
  await expect(cards).toHaveCount(24);
  for (const loaded of [48, 72]) {
    await cards.last().scrollIntoViewIfNeeded();
    await expect.poll(() => cards.count()).toBeGreaterThanOrEqual(loaded);
  }
  const fiftieth = cards.nth(50).getByRole("link");
  await fiftieth.scrollIntoViewIfNeeded();
  const name = await fiftieth.innerText();
  const before = await page.evaluate(() => window.scrollY);
  await fiftieth.click();
  await expect(page.getByRole("heading", { level: 1, name })).toBeVisible();
  await page.goBack();
  await expect(cards.nth(50).getByRole("link")).toBeInViewport();
  expect(Math.abs((await page.evaluate(() => window.scrollY)) - before)).toBeLessThan(200);
});

test("pages are served under a policy that forbids inline scripts", async ({ page }) => {
  const response = await page.goto("/products");
  const policy = response?.headers()["content-security-policy"] ?? "";
  expect(policy).toMatch(/script-src 'self'(;|$)/);
  expect(policy).not.toMatch(/script-src[^;]*unsafe/);
});

test("the whole purchase works by keyboard, from the home page on", async ({ page, api }) => {
  const wood = `zebra${Date.now().toString(36)}`;
  const product = await api.offer(await api.login("seller@demo.com"), { name: `Slim ${wood} Board` });
  const buyer = await api.register();
  await signIn(page, buyer);
  await page.goto("/");
  await expect(page.getByRole("searchbox")).toBeVisible();
  await page.keyboard.press("Tab");
  await expect(page.getByRole("link", { name: "Skip to the page" })).toBeFocused();
  await tabTo(page, page.getByRole("searchbox"));
  await page.keyboard.type("zebra");
  await expect(page.getByRole("heading", { level: 1, name: "“zebra”" })).toBeVisible(); // and one may go on typing
  await page.keyboard.type(wood.slice("zebra".length));
  await expect(page.getByRole("heading", { level: 1, name: `“${wood}”` })).toBeVisible();
  await expect(page.getByRole("article")).toHaveCount(1);
  await tabTo(page, page.getByRole("article").first().getByRole("link"));
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { level: 1, name: product.name })).toBeVisible();
  await tabTo(page, page.getByRole("button", { name: "Add to cart" }));
  await page.keyboard.press("Enter");
  await expect(page.getByRole("dialog", { name: "Cart" })).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("button", { name: "Add to cart" })).toBeFocused();
  await page.keyboard.press("Enter");
  await tabTo(page, page.getByRole("link", { name: "Check out" }));
  await page.keyboard.press("Enter");
  await expect(page.getByRole("button", { name: "Place order" })).toBeEnabled();
  await tabTo(page, page.getByRole("button", { name: "Place order" }));
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { name: "Thank you" })).toBeVisible();
  expect((await api.product(product.id)).stock).toBe(8);
});

/** Presses Tab until this has the focus, as somebody without a mouse does. */
async function tabTo(page: Page, target: Locator): Promise<void> {
  await expect(target).toBeVisible();
  for (let step = 0; step < 60; step += 1) {
    if (await target.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press("Tab");
  }
  throw new Error(`no way by keyboard to ${target}`);
}
