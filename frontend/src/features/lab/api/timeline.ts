import type { Topology } from "./queries";

import { setsOf, routersOf } from "@/lib/topology";

export type Kind = "primary" | "lost" | "down" | "up" | "moved" | "asked";
/** Something that happened; `gap`: milliseconds from the last look with the old primary to the first with the new one. */
export type Happening = { id: number; at: number; kind: Kind; text: string; gap?: number };
/** What the last look showed, and when each set was last seen with a primary, if it has none now. */
export type Timeline = { happenings: Happening[]; seen: Seen | null; without: ReadonlyMap<string, number> };
type Seen = { states: Record<string, string>; primaries: Record<string, string | null>; chunks: Record<string, string>; at: number };

export const NOTHING: Timeline = { happenings: [], seen: null, without: new Map() };
const MOST = 100;

/** The timeline after one more look at the cluster, at `at` (milliseconds). */
export function looked(before: Timeline, topology: Topology, at: number): Timeline {
  const seen = see(topology, at);
  const last = before.seen;
  if (last === null) return { ...before, seen };
  const news: Omit<Happening, "id">[] = [];
  const without = new Map(before.without);
  for (const [node, state] of Object.entries(seen.states)) {
    const was = last.states[node];
    if (was === undefined || was === state) continue;
    if (state === "DOWN") news.push({ at, kind: "down", text: `${node} is down` });
    else if (was === "DOWN") news.push({ at, kind: "up", text: `${node} is up again (${state.toLowerCase()})` });
  }
  for (const [set, primary] of Object.entries(seen.primaries)) {
    const was = last.primaries[set] ?? null;
    if (primary === was) continue;
    if (primary === null) {
      without.set(set, last.at);
      news.push({ at, kind: "lost", text: `${set} has no primary: writes wait` });
    } else {
      // between two looks a primary may die and be replaced: then it was away from the one to the other at most
      const since = without.get(set) ?? (was !== null && seen.states[was] === "DOWN" ? last.at : undefined);
      without.delete(set);
      news.push({ at, kind: "primary", text: `${primary} is the primary of ${set}`, ...(since === undefined ? {} : { gap: at - since }) });
    }
  }
  for (const [name, shards] of Object.entries(seen.chunks)) {
    const was = last.chunks[name];
    if (was !== undefined && was !== shards && shards !== "") news.push({ at, kind: "moved", text: `Chunks of ${name}: ${shards}` });
  }
  return { happenings: added(before.happenings, news), seen, without };
}

/** What somebody asked for on this page. */
export function asked(before: Timeline, text: string, at: number): Timeline {
  return { ...before, happenings: added(before.happenings, [{ at, kind: "asked", text }]) };
}

function added(happenings: Happening[], news: Omit<Happening, "id">[]): Happening[] {
  const last = Math.max(0, ...happenings.map((one) => one.id));
  const numbered = news.map((one, index) => ({ ...one, id: last + index + 1 }));
  return [...numbered.reverse(), ...happenings].sort((a, b) => b.at - a.at).slice(0, MOST);
}

function see(topology: Topology, at: number): Seen {
  const sets = setsOf(topology);
  const members = [...routersOf(topology), ...sets.flatMap((set) => set.members)];
  const collections = (topology.collections ?? {}) as Record<string, { chunks: { shard: string }[] }>;
  return {
    at,
    states: Object.fromEntries(members.map((member) => [member.node, member.state])),
    primaries: Object.fromEntries(
      sets.map((set) => [set.name, set.members.find((member) => member.state === "PRIMARY")?.node ?? null]),
    ),
    chunks: Object.fromEntries(Object.entries(collections).map(([name, { chunks }]) => [name, byShard(chunks)])),
  };
}

function byShard(chunks: { shard: string }[]): string {
  const numbers = new Map<string, number>();
  for (const { shard } of chunks) numbers.set(shard, (numbers.get(shard) ?? 0) + 1);
  return [...numbers].sort().map(([shard, number]) => `${shard} ${number}`).join(", ");
}
