import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";

import { PAGES } from "../support/pages.ts";
import { expect, signIn, test } from "../support/shop.ts";

/** Waits until nothing is loading any more. */
async function settled(page: Page): Promise<void> {
  await expect(page.getByRole("main")).toBeVisible();
  await expect(page.locator("[aria-busy=true]")).toHaveCount(0);
}

/** All rules, or only these: in the dark nothing changes but colours. */
async function violations(page: Page, rules?: string[]): Promise<string[]> {
  const builder = new AxeBuilder({ page });
  const { violations: found } = await (rules === undefined ? builder : builder.withRules(rules)).analyze();
  return found.flatMap((one) => one.nodes.map((node) => `${one.id}: ${node.html.slice(0, 200)}`));
}

const USUAL = { width: 1280, height: 720 };
const SMALLEST = { width: 320, height: 640 }; // also what a page of 1280 is at 400 %

/** What reaches beyond the right edge of the page, if anything makes it scroll. */
async function tooWide(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const width = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= width) return [];
    const all = [...document.querySelectorAll("body *")].filter((one) => one.getBoundingClientRect().right > width);
    return all.map((one) => one.outerHTML.slice(0, 120));
  });
}

for (const [who, paths] of Object.entries(PAGES)) {
  test(`${who}: no page breaks a rule of axe, in light and dark, or reports an error`, async ({ page, api, conduct }) => {
    test.setTimeout(20_000 * paths.length + 60_000);
    conduct.allow(/404 .*no-such/);
    await page.emulateMedia({ reducedMotion: "reduce" });
    const product = await api.offer(await api.login("seller@demo.com"));
    const buyer = await api.register();
    await api.buy(buyer, product.id);
    await api.send("PUT", `/api/cart/items/${product.id}`, buyer, { quantity: 1 });
    const [order] = await api.orders(buyer);
    if (who !== "guest") await signIn(page, who === "buyer" ? buyer : { email: `${who}@demo.com` });

    for (const path of paths) {
      await page.goto(path.replace(":product", product.id).replace(":order", order?.id ?? ""));
      await settled(page);
      await expect(page.getByRole("heading", { level: 1 }), path).toHaveCount(1);
      await page.emulateMedia({ colorScheme: "light", reducedMotion: "reduce" });
      expect(await violations(page), `${path}, light`).toEqual([]);
      await page.emulateMedia({ colorScheme: "dark", reducedMotion: "reduce" });
      expect(await violations(page, ["color-contrast"]), `${path}, dark`).toEqual([]);
      await page.setViewportSize(SMALLEST);
      await expect.poll(() => tooWide(page), { message: `${path} must not be scrolled sideways` }).toEqual([]);
      await page.setViewportSize(USUAL);
    }
  });
}

test("the drawers, the menu and the dialogs keep the rules, too", async ({ page, api }) => {
  const product = await api.offer(await api.login("seller@demo.com"));
  await page.emulateMedia({ reducedMotion: "reduce" });
  await page.goto(`/products/${product.id}`);
  await page.getByRole("button", { name: "Account" }).click();
  expect(await violations(page)).toEqual([]);
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Add to cart" }).click();
  await expect(page.getByRole("dialog", { name: "Cart" })).toBeVisible();
  expect(await violations(page)).toEqual([]);
  await page.setViewportSize({ width: 390, height: 800 });
  await page.goto("/products");
  await page.getByRole("button", { name: "Filters" }).click();
  await expect(page.getByRole("dialog", { name: "Filters" })).toBeVisible();
  expect(await violations(page)).toEqual([]);
});
