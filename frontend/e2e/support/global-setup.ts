import type { FullConfig } from "@playwright/test";

import { startDemo, type Topology } from "./demo.ts";

/** Starts the demos that the chosen projects need. */
export default async function setup(config: FullConfig): Promise<() => Promise<void>> {
  const chosen = process.argv.flatMap((word, index, all) =>
    word === "--project" ? [all[index + 1]] : word.startsWith("--project=") ? [word.slice("--project=".length)] : [],
  );
  const projects = config.projects.map(({ name }) => name).filter((name) => chosen.length === 0 || chosen.includes(name));
  const topologies = new Set<Topology>(projects.map((name) => (name === "sharded" ? "sharded" : "replica")));
  const stops = await Promise.all([...topologies].map(startDemo));
  return async () => {
    await Promise.all(stops.map((stop) => stop()));
  };
}
