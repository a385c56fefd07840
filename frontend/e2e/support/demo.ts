import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";

const ROOT = resolve(import.meta.dirname, "../../..");
const PORTS = { replica: 8771, sharded: 8772 };
const STARTS_WITHIN = 120_000; // milliseconds
const STOPS_WITHIN = 30_000;

export type Topology = keyof typeof PORTS;
export const URLS = {
  replica: `http://127.0.0.1:${PORTS.replica}`,
  sharded: `http://127.0.0.1:${PORTS.sharded}`,
};
export const CHROMIUM_FLAGS = [
  ...["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"],
  ...["--disable-component-update", "--disable-sync"],
  "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
];

/** A demo on its own port and data; resolves to what stops it and takes its data away. */
export async function startDemo(topology: Topology): Promise<() => Promise<void>> {
  const data = mkdtempSync(join(tmpdir(), "shop-"));
  const arguments_ = ["-m", "cluster", "demo", "--topology", topology, "--port", String(PORTS[topology])];
  const demo = spawn(join(ROOT, ".venv/bin/python"), [...arguments_, "--data-dir", data, "--workers", "1"], {
    cwd: ROOT,
    env: { ...process.env, SHARDMART_LIMITS: "off", SHARDMART_STATIC_DIR: join(ROOT, "frontend/dist") },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  const stop = async (): Promise<void> => {
    await ended(demo);
    rmSync(data, { recursive: true, force: true });
  };
  try {
    await ready(demo);
  } catch (error) {
    await stop();
    throw error;
  }
  return stop;
}

function ready(demo: ChildProcess): Promise<void> {
  const said: string[] = [];
  demo.stderr?.on("data", (part: Buffer) => said.push(part.toString()));
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`The demo did not start:\n${said.join("")}`)), STARTS_WITHIN);
    const settle = (then: () => void): void => {
      clearTimeout(timer);
      then();
    };
    demo.once("exit", (code) => settle(() => reject(new Error(`The demo ended (${code}):\n${said.join("")}`))));
    if (demo.stdout !== null) {
      createInterface(demo.stdout).on("line", (line) => line.startsWith("READY") && settle(resolve));
    }
  });
}

async function ended(demo: ChildProcess): Promise<void> {
  if (demo.exitCode !== null || demo.signalCode !== null) return;
  const gone = new Promise((resolve) => demo.once("exit", resolve));
  demo.kill("SIGINT");
  const timer = setTimeout(() => demo.kill("SIGKILL"), STOPS_WITHIN);
  await gone;
  clearTimeout(timer);
}

/** Stops and starts a database node, or waits for it: the commands that a person would type. */
export function cluster(...given: string[]): string {
  return execFileSync(join(ROOT, ".venv/bin/python"), ["-m", "cluster", ...given], { cwd: ROOT, encoding: "utf8" });
}
