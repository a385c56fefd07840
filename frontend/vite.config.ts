import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

import { precompress } from "./build/precompress.ts";

const shop = process.env.SHARDMART_URL ?? "http://127.0.0.1:8000";
// the shop takes refresh requests from pages of its own origin only
const proxied = { target: shop, changeOrigin: true, ws: true, headers: { origin: shop } };
const proxy = { "/api": proxied, "/docs": proxied, "/readyz": proxied, "/socket.io": proxied };

// What every page needs, in two files instead of ten: fewer requests, and what seldom changes stays in browsers' caches.
const ICON_PARTS = "lucide-react/dist/esm/(?!icons|lucide-react|dynamic|Dynamic)";
const VENDOR = new RegExp(`node_modules/((react|react-dom|react-router|scheduler|@tanstack/[a-z-]+|openapi-fetch)/|${ICON_PARTS})`);
const BASE = /\/src\/lib\/(api|problem|session|storage|deferred|exclusively|class-names)\.|preload-helper/;
const GROUPS = [
  { name: "vendor", test: VENDOR },
  { name: "base", test: BASE },
];

export default defineConfig({
  plugins: [react(), tailwindcss(), precompress()],
  resolve: { alias: { "@": new URL("./src", import.meta.url).pathname } },
  build: {
    target: ["chrome123", "firefox120", "safari17.5"],
    modulePreload: { polyfill: false }, // it would be an inline script
    assetsInlineLimit: 0,
    manifest: true,
    rolldownOptions: { output: { codeSplitting: { groups: GROUPS } } },
  },
  server: { host: "127.0.0.1", proxy },
  preview: { host: "127.0.0.1", proxy },
  test: {
    environment: "happy-dom",
    include: ["src/**/*.test.{ts,tsx}", "build/**/*.test.ts"],
    setupFiles: ["src/test-setup.ts"],
  },
});
