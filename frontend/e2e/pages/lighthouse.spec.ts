import { measure } from "../support/lighthouse.ts";
import { expect, test } from "../support/shop.ts";

const PERFECT = { accessibility: 100, "best-practices": 100, seo: 100 };

test("Lighthouse finds nothing to better on home, listing and product page", async ({ api, baseURL }) => {
  test.setTimeout(240_000);
  const product = await api.offer(await api.login("seller@demo.com"));
  const urls = ["/", "/products", `/products/${product.id}`].map((path) => `${baseURL}${path}`);
  const measured = await measure(Object.keys(PERFECT), urls);
  expect(measured).toMatchObject(urls.map((url) => ({ url, scores: PERFECT, lost: [], error: null })));
});
