import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

import { precompress } from "./build/precompress.ts";

const shop = process.env.SHARDMART_URL ?? "http://127.0.0.1:8000";
// the shop takes refresh requests from pages of its own origin only
const proxied = { target: shop, changeOrigin: true, ws: true, headers: { origin: shop } };
const proxy = { "/api": proxied, "/docs": proxied, "/readyz": proxied, "/socket.io": proxied };

export default defineConfig({
  plugins: [react(), tailwindcss(), precompress()],
  resolve: { alias: { "@": new URL("./src", import.meta.url).pathname } },
  build: {
    target: ["chrome123", "firefox120", "safari17.5"],
    modulePreload: { polyfill: false }, // it would be an inline script
    assetsInlineLimit: 0,
    manifest: true,
  },
  server: { host: "127.0.0.1", proxy },
  preview: { host: "127.0.0.1", proxy },
  test: {
    environment: "happy-dom",
    include: ["src/**/*.test.{ts,tsx}", "build/**/*.test.ts"],
    setupFiles: ["src/test-setup.ts"],
  },
});
