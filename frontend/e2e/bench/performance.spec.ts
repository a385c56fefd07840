import { measure } from "../support/lighthouse.ts";
import { expect, test } from "../support/shop.ts";

const LEAST = 95;
const ROUNDS = 3;

test("pages are quick on a phone: the median of three", async ({ api, baseURL }) => {
  test.setTimeout(600_000);
  const product = await api.offer(await api.login("seller@demo.com"));
  for (const path of ["/", "/products", `/products/${product.id}`]) {
    const rounds = await measure(["performance"], Array<string>(ROUNDS).fill(`${baseURL}${path}`));
    const scores = rounds.map((round) => round.scores.performance ?? 0).sort((a, b) => a - b);
    process.stdout.write(`  Lighthouse performance ${path.slice(0, 12).padEnd(12)} ${scores.join(", ")}\n`);
    expect(scores[1], path).toBeGreaterThanOrEqual(LEAST);
  }
});
