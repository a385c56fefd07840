import { csv, PHOTO } from "../support/files.ts";
import { expect, signIn, test } from "../support/shop.ts";

test("@core a seller offers a product with a photo, fills the shelf, and deals with an order as it comes", async ({ page, api }) => {
  const seller = await api.register("seller", "Bob");
  await signIn(page, seller);
  await page.goto("/seller/products");
  await page.getByRole("link", { name: "New product" }).first().click();
  await page.getByRole("button", { name: "Put it on the shelves" }).click();
  await expect(page.getByText("Give the product a name.")).toBeVisible();
  await page.getByLabel("Name", { exact: true }).fill("Round Clay Bowl");
  await page.getByLabel("Category").fill("Kitchen");
  await page.getByLabel("Price").fill("19.99");
  await page.getByLabel("Stock", { exact: true }).fill("4");
  await page.getByRole("button", { name: "Put it on the shelves" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Round Clay Bowl" })).toBeVisible();

  await page.getByLabel("Choose a photo").setInputFiles(PHOTO);
  await expect(page.getByText("The photo is in the shop.")).toBeVisible();
  const shown = page.locator('img[src^="/api/products/"]');
  await expect(shown).toBeVisible();
  expect(await shown.evaluate((image: HTMLImageElement) => image.naturalWidth)).toBe(8);

  await page.getByLabel("Change the stock of Round Clay Bowl by").fill("+6");
  await page.getByRole("button", { name: "Apply" }).click();
  await expect(page.getByRole("region", { name: /Changes of the stock/ }).getByRole("row")).toHaveCount(3);
  await expect(page.getByText("10").first()).toBeVisible();

  await page.goto("/seller/orders");
  await expect(page.getByText("Nothing to do")).toBeVisible();
  const id = (await api.send<{ items: { id: string }[] }>("GET", "/api/products/my-products", seller)).items[0]?.id ?? "";
  await api.buy(await api.register(), id, 3);
  await expect(page.getByText("3 × Round Clay Bowl")).toBeVisible();
  await page.getByRole("button", { name: "Complete" }).click();
  await expect(page.getByText("Nothing to do")).toBeVisible();
  await page.getByRole("tab", { name: "Completed" }).click();
  await expect(page.getByText("3 × Round Clay Bowl")).toBeVisible();
  expect((await api.product(id)).stock).toBe(7);
});

test("a change that somebody else overtook is not written over it", async ({ page, api, conduct }) => {
  conduct.allow(/409/);
  const seller = await api.register("seller", "Bob");
  const product = await api.offer(seller, { name: "Warm Wool Mat", stock: 5 });
  await signIn(page, seller);
  await page.goto(`/seller/products/${product.id}`);
  await page.getByLabel("Name", { exact: true }).fill("Warm Wool Rug");
  await api.buy(await api.register(), product.id, 2); // a sale touches other fields
  await page.getByRole("button", { name: "Save changes" }).click();
  await expect(page.getByText("Saved.")).toBeVisible();
  expect(await api.product(product.id)).toMatchObject({ name: "Warm Wool Rug", stock: 3 });

  await page.getByLabel("Price").fill("30");
  await api.send("PUT", `/api/products/${product.id}`, seller, { price: 28 });
  await page.getByRole("button", { name: "Save changes" }).click();
  await expect(page.getByText("The product was changed meanwhile")).toBeVisible();
  await expect(page.getByText("Meanwhile: 28.00")).toBeVisible();
  expect((await api.product(product.id)).price).toBe(28);
  await page.getByRole("button", { name: "Keep my entries" }).click();
  await page.getByRole("button", { name: "Save changes" }).click();
  await expect(page.getByText("Saved.").last()).toBeVisible();
  await expect.poll(async () => (await api.product(product.id)).price).toBe(30);
});

test("a list of products comes in as CSV, with what was wrong in it, and goes out again", async ({ page, api, conduct }) => {
  conduct.allow(/422/); // the last file is none
  const seller = await api.register("seller", "Bob");
  await signIn(page, seller);
  await page.goto("/seller/import");
  const file = csv("name,price,stock,category\nBlue Cup,3.50,2,Kitchen\nRed Cup,free,2,Kitchen\n=SUM(A1),1,1,Odd\n");
  await page.getByLabel("Choose a CSV file").setInputFiles(file);
  await expect(page.getByText("2 new, 0 updated, 1 not taken.")).toBeVisible();
  await expect(page.getByRole("row", { name: /^3 price/ })).toBeVisible();
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: "Download products.csv" }).click(),
  ]);
  const chunks: Buffer[] = [];
  for await (const chunk of await download.createReadStream()) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString();
  expect(text.split("\r\n")[0]).toBe("id,name,description,price,stock,category,low_stock_threshold,version");
  expect(text).toContain("Blue Cup,,3.50,2,Kitchen");
  expect(text).toContain("'=SUM(A1)");
  await page.getByLabel("Choose a CSV file").setInputFiles(csv("no such column\n1\n"));
  await expect(page.getByText("Nothing was imported")).toBeVisible();
});
