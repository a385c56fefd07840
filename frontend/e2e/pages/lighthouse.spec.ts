import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

import { expect, test } from "../support/shop.ts";

const MEASURE = join(import.meta.dirname, "../../lighthouse/measure.mjs");
const PERFECT = { accessibility: 100, "best-practices": 100, seo: 100 };
type Measured = { url: string; scores: Record<string, number>; lost: string[]; error: string | null };

test("Lighthouse finds nothing to better on home, listing and product page", async ({ api, baseURL }) => {
  test.setTimeout(240_000);
  const product = await api.offer(await api.login("seller@demo.com"));
  const urls = ["/", "/products", `/products/${product.id}`].map((path) => `${baseURL}${path}`);
  const given = [MEASURE, Object.keys(PERFECT).join(","), ...urls];
  const { stdout } = await promisify(execFile)(process.execPath, given, { maxBuffer: 1e8 });
  const measured = JSON.parse(stdout) as Measured[];
  expect(measured).toEqual(urls.map((url) => ({ url, scores: PERFECT, lost: [], error: null })));
});
