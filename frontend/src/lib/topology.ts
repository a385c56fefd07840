import type { Schemas } from "@/lib/api";

export type Member = { node: string; host: string; state: string; lag_seconds: number | null };
export type MemberSet = { name: string; role: "set" | "shard" | "config"; members: Member[]; zones: string[] };
export type Chunk = { min: Record<string, unknown>; max: Record<string, unknown>; shard: string };
export type CollectionPlace = { shard_key: Record<string, unknown>; chunks: Chunk[]; documents_by_shard: Record<string, number> };
type Topology = Schemas["Topology"];

/** The sets of a cluster, each with its members: one replica set, or the shards and the config set. */
export function setsOf(topology: Topology): MemberSet[] {
  const sets: MemberSet[] = [];
  if (topology.members) {
    sets.push({ name: topology.set ?? "replica set", role: "set", members: topology.members as Member[], zones: [] });
  }
  for (const shard of (topology.shards ?? []) as { name: string; members: Member[]; zones?: string[] }[]) {
    sets.push({ name: shard.name, role: "shard", members: shard.members, zones: shard.zones ?? [] });
  }
  const config = topology.config as { set: string | null; members: Member[] } | null | undefined;
  if (config) sets.push({ name: config.set ?? "config", role: "config", members: config.members, zones: [] });
  return sets;
}

export function routersOf(topology: Topology): Member[] {
  return (topology.routers ?? []) as Member[];
}

export function membersOf(topology: Topology): Member[] {
  return [...routersOf(topology), ...setsOf(topology).flatMap((set) => set.members)];
}

export function collectionsOf(topology: Topology): Record<string, CollectionPlace> {
  return (topology.collections ?? {}) as Record<string, CollectionPlace>;
}

export function stateTone(state: string): "accent" | "good" | "warn" | "bad" {
  if (state === "PRIMARY") return "accent";
  if (state === "SECONDARY" || state === "ROUTER") return "good";
  return state === "DOWN" ? "bad" : "warn";
}
