import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

const MEASURE = join(import.meta.dirname, "../../lighthouse/measure.mjs");
export type Measured = { url: string; scores: Record<string, number>; lost: string[]; error: string | null; times: Record<string, number>; speed: number };

/** Lighthouse as on a phone, in a browser of its own. */
export async function measure(categories: string[], urls: string[]): Promise<Measured[]> {
  const given = [MEASURE, categories.join(","), ...urls];
  const { stdout } = await promisify(execFile)(process.execPath, given, { maxBuffer: 1e8 });
  return JSON.parse(stdout) as Measured[];
}
