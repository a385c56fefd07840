import { defineConfig } from "@playwright/test";

import { CHROMIUM_FLAGS, URLS } from "./e2e/support/demo.ts";

/** Against real demos, started once by the global set-up: a replica set for everything, shards for the core journeys. */
export default defineConfig({
  testDir: "e2e",
  globalSetup: "./e2e/support/global-setup.ts",
  outputDir: "test-results",
  fullyParallel: false,
  workers: 1,
  retries: 1, // what passes the second time is reported as flaky
  timeout: 60_000,
  expect: { timeout: 15_000 },
  reporter: [["list"]],
  forbidOnly: true,
  use: {
    browserName: "chromium",
    locale: "en-US",
    actionTimeout: 15_000,
    trace: "retain-on-failure",
    launchOptions: { executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: CHROMIUM_FLAGS },
  },
  projects: [
    { name: "bench", testDir: "e2e/bench", use: { baseURL: URLS.replica } },
    { name: "replica", testIgnore: "bench/**", use: { baseURL: URLS.replica } },
    { name: "sharded", use: { baseURL: URLS.sharded }, testMatch: "journeys/*.spec.ts", grep: /@core/ },
  ],
});
