import type { Page } from "@playwright/test";

import { expect, signIn, test, type Api } from "../support/shop.ts";

const ADMIN = { email: "admin@demo.com" };
type Load = { items: { second: number; checkouts_per_second: number; running: boolean }[] };

/** What the run has brought so far, second by second. */
async function told(api: Api): Promise<Load["items"]> {
  const load = await api.send<Load>("GET", "/api/lab/load", await api.login(ADMIN.email));
  return load.items;
}

async function primary(page: Page): Promise<string> {
  const card = page.locator("figure").getByRole("button", { name: /^Step down/ });
  await expect(card).toHaveCount(1);
  return ((await card.getAttribute("aria-label")) ?? "").replace("Step down ", "");
}

/** Whatever a test left behind: the next one finds a whole cluster and nobody who buys. */
test.afterEach(async ({ api }) => {
  const admin = await api.login(ADMIN.email);
  await api.send("DELETE", "/api/lab/load", admin);
  await expect
    .poll(async () => (await api.send<Load>("GET", "/api/lab/load", admin)).items.at(-1)?.running ?? false, { timeout: 30_000 })
    .toBe(false);
  const { members } = await api.send<{ members: { node: string; state: string }[] }>("GET", "/api/lab/topology", admin);
  for (const { node, state } of members) {
    if (state === "DOWN") await api.send("POST", `/api/lab/nodes/${node}/start`, admin);
  }
});

test("the primary is killed under load: one sees it, sees the dip, and sees it heal", async ({ page, api, conduct }) => {
  test.setTimeout(150_000);
  conduct.allow(/503|409|WebSocket|ERR_/); // the database is away for some seconds, on purpose
  await signIn(page, ADMIN);
  await page.goto("/lab");
  const killed = await primary(page);
  await page.getByLabel("Buyers", { exact: true }).fill("4");
  await page.getByLabel("Seconds", { exact: true }).fill("300");
  await page.getByRole("button", { name: "Let them buy" }).click();
  await expect(page.getByText("Buying", { exact: true })).toBeVisible();
  await expect.poll(async () => (await told(api)).filter((one) => one.checkouts_per_second > 0).length).toBeGreaterThan(2);

  await page.getByRole("button", { name: `Kill ${killed}` }).click();
  await expect(page.getByText(`${killed} was killed from here`)).toBeVisible();
  await expect(page.getByText(`${killed} is down`)).toBeVisible();
  await expect(page.getByText(/is the primary of/)).toBeVisible({ timeout: 40_000 });
  await expect(page.getByText(/no primary for at most \d+\.\d s/)).toBeVisible();
  expect(await primary(page)).not.toBe(killed);

  await page.getByRole("button", { name: `Start ${killed}` }).click();
  await expect(page.getByText(`${killed} is up again`)).toBeVisible({ timeout: 40_000 });
  await expect(page.getByRole("button", { name: `Kill ${killed}` })).toBeVisible();
  const healed = async (): Promise<boolean> => {
    const items = await told(api);
    const dip = items.findIndex((one, at) => at > 1 && one.checkouts_per_second === 0);
    return dip > 0 && items.slice(dip).some((one) => one.checkouts_per_second > 0);
  };
  await expect.poll(healed, { timeout: 40_000, message: "a second without a checkout, and checkouts after it" }).toBe(true);
  await expect(page.getByRole("img", { name: /longest time without one [1-9]/ })).toBeVisible();
  await page.getByRole("button", { name: "Stop" }).click();
  await expect(page.getByText("Ended", { exact: true })).toBeVisible({ timeout: 40_000 });

  await page.getByRole("link", { name: "Audit" }).click();
  await page.getByRole("button", { name: "Check everything" }).click();
  await expect(page.getByText("Consistent: nothing was oversold, lost or done twice")).toBeVisible();
});

test("queries are explained, two reports compared, and two loads seen side by side", async ({ page, conduct }) => {
  test.setTimeout(90_000);
  conduct.allow(/409/);
  await signIn(page, ADMIN);
  await page.goto("/lab/explain");
  await page.getByRole("link", { name: /product_listing/ }).click();
  await expect(page.getByText("Targeted", { exact: true })).toBeVisible();
  await expect(page.getByText("IXSCAN").first()).toBeVisible();
  await page.goto("/lab/distribution");
  await expect(page.getByText("Nothing is distributed here")).toBeVisible();

  await page.goto("/lab/reports");
  const report = (strategy: string, rate: number) => ({
    name: `${strategy}.json`,
    mimeType: "application/json",
    buffer: Buffer.from(
      JSON.stringify({
        ...{ scenario: "hot_item", topology: "replica", nodes: 3, strategy, write_concern: "majority", users: 20 },
        ...{ seconds: 30, verdict: "consistent", violations: [], checkouts_per_second: rate, conflicts: 5 },
        latency_ms: { checkout: { p50: 10, p95: 20, p99: 30, max: 40 } },
      }),
    ),
  });
  await page.getByLabel("Choose reports").setInputFiles([report("group", 900), report("transaction", 90)]);
  await expect(page.getByRole("row", { name: /Checkouts a second better 900 90/ })).toBeVisible();
  await page.getByLabel("Choose reports").setInputFiles([{ name: "x.json", mimeType: "application/json", buffer: Buffer.from("{}") }]);
  await expect(page.getByText("This is not a report.json of a load run.")).toBeVisible();

  await page.getByRole("link", { name: "Load", exact: true }).click();
  for (const strategy of ["transaction", "reservation"]) {
    await page.getByLabel("Seconds", { exact: true }).fill("2");
    await page.getByLabel("Strategy").selectOption(strategy);
    await page.getByRole("button", { name: "Let them buy" }).click();
    await expect(page.getByRole("row", { name: new RegExp(`^${strategy} 10`) })).toBeVisible();
    await expect(page.getByRole("button", { name: "Let them buy" })).toBeVisible({ timeout: 30_000 });
  }
  await expect(page.getByRole("row")).toHaveCount(3 + (await page.getByRole("row", { name: /^(auto|group)/ }).count()));
});
