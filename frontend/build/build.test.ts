import { existsSync, readdirSync, readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

import { expect, test } from "vitest";

const MOST = 120_000; // bytes of gzipped JavaScript before the shop can be used
const dist = (path: string): string => `dist/${path}`;
const page = readFileSync(dist("index.html"), "utf8");

type Chunk = { file: string; imports?: string[]; isEntry?: boolean; dynamicImports?: string[] };
const chunks = JSON.parse(readFileSync(dist(".vite/manifest.json"), "utf8")) as Record<string, Chunk>;

/** The entry and everything it imports at once. */
function initial(name: string, seen = new Set<string>()): Set<string> {
  const chunk = chunks[name];
  if (chunk === undefined || seen.has(chunk.file)) return seen;
  seen.add(chunk.file);
  chunk.imports?.forEach((one) => initial(one, seen));
  return seen;
}

test("the shop's initial JavaScript is small", () => {
  const files = [...initial("index.html")];
  const size = files.reduce((sum, file) => sum + gzipSync(readFileSync(dist(file)), { level: 9 }).length, 0);
  expect(files.length).toBeGreaterThan(0);
  expect(size, `${size} bytes in ${files.join(", ")}`).toBeLessThan(MOST);
});

test("charts, socket and the desks are not part of it", () => {
  const first = [...initial("index.html")].join(" ");
  for (const part of ["chart-canvas", "seller-pages", "admin-pages", "lab-pages"]) {
    expect(first).not.toContain(part);
    expect(Object.values(chunks).some((chunk) => chunk.file.includes(part)), part).toBe(true);
  }
});

test("no script or style is inline, and everything comes from this shop", () => {
  expect(page).not.toMatch(/<script(?![^>]*\ssrc=)|<style|\son\w+=|style=/);
  const addresses = [...page.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1]);
  expect(addresses.length).toBeGreaterThan(2);
  expect(addresses.filter((address) => !address?.startsWith("/") || address.startsWith("//"))).toEqual([]);
});

test("text files lie there compressed, too", () => {
  const files = readdirSync(dist("assets")).filter((name) => /\.(js|css)$/.test(name));
  const large = files.filter((name) => readFileSync(dist(`assets/${name}`)).length >= 1024);
  expect(large.length).toBeGreaterThan(5);
  expect(large.filter((name) => !existsSync(dist(`assets/${name}.br`)) || !existsSync(dist(`assets/${name}.gz`)))).toEqual([]);
});

test("the lock file names no registry", () => {
  expect(readFileSync("package-lock.json", "utf8")).not.toMatch(/"resolved":|registry/);
});
