import type { FullConfig } from "@playwright/test";

import { startDemo, type Topology } from "./demo.ts";

/** Starts the demos that the chosen projects need. */
export default async function setup(config: FullConfig): Promise<() => Promise<void>> {
  const chosen = process.argv.flatMap((word, index, all) =>
    word === "--project" ? [all[index + 1]] : word.startsWith("--project=") ? [word.slice("--project=".length)] : [],
  );
  const topologies = config.projects
    .map((project) => project.name as Topology)
    .filter((name) => chosen.length === 0 || chosen.includes(name));
  const stops = await Promise.all(topologies.map(startDemo));
  return async () => {
    await Promise.all(stops.map((stop) => stop()));
  };
}
