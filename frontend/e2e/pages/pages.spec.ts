import { addToCart, expect, signIn, test } from "../support/shop.ts";

const MARKUP = `<img src=x onerror="document.title='taken'"><b>Lamp</b>`;

test("markup in a product's name and text is text everywhere", async ({ page, api }) => {
  const seller = await api.register("seller", "<i>Bob</i>");
  const product = await api.offer(seller, { name: MARKUP, description: MARKUP, category: "<u>Odd</u>" });
  const buyer = await api.register();
  await signIn(page, buyer);
  await addToCart(page, product.id);
  for (const path of [`/products?seller_id=${product.seller_id}`, `/products/${product.id}`, "/cart", "/checkout"]) {
    await page.goto(path);
    await expect(page.getByText(MARKUP).first()).toBeVisible();
    expect(await page.locator("main").locator("img[onerror], b, i, u").count(), path).toBe(0);
  }
  await page.getByRole("button", { name: "Place order" }).click();
  await expect(page.getByText(`1 × ${MARKUP}`)).toBeVisible();
  await page.goto("/orders");
  await expect(page.getByText(`1 × ${MARKUP}`)).toBeVisible();
  expect(await page.title()).not.toContain("taken");
});

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

test("the whole purchase works by keyboard", async ({ page, api }) => {
  const product = await api.offer(await api.login("seller@demo.com"), { name: "Slim Cork Board" });
  await signIn(page, await api.register());
  await page.goto(`/products/${product.id}`);
  await page.keyboard.press("Tab");
  await expect(page.getByRole("link", { name: "Skip to the page" })).toBeFocused();
  await page.getByRole("button", { name: "Add to cart" }).focus();
  await page.keyboard.press("Enter");
  const checkOut = page.getByRole("link", { name: "Check out" });
  await expect(checkOut).toBeVisible();
  for (let step = 0; step < 12 && !(await checkOut.evaluate((link) => link === document.activeElement)); step += 1) {
    await page.keyboard.press("Tab");
  }
  await page.keyboard.press("Enter");
  const order = page.getByRole("button", { name: "Place order" });
  await expect(order).toBeEnabled();
  await order.focus();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { name: "Thank you" })).toBeVisible();
});
