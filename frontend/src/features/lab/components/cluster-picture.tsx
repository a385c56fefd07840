import { useQuery } from "@tanstack/react-query";
import { Server } from "lucide-react";

import { appsQuery, type Topology } from "../api/queries";
import { Node } from "./node";

import { Badge } from "@/components/ui/badge";
import { cx } from "@/lib/class-names";
import { count } from "@/lib/format";
import { collectionsOf, routersOf, setsOf, type MemberSet } from "@/lib/topology";

const TITLES: Record<MemberSet["role"], string> = { set: "Replica set", shard: "Shard", config: "Config servers" };

/** From the top: the shop, the router if there is one, and the sets with their members. */
export function ClusterPicture({ topology }: { topology: Topology }) {
  const sets = setsOf(topology);
  const data = sets.filter((set) => set.role !== "config");
  const config = sets.find((set) => set.role === "config");
  const routers = routersOf(topology);
  const chunks = chunksByShard(topology);
  return (
    <figure aria-label="The cluster" className="rounded-card border border-line bg-surface p-4 sm:p-6">
      <Tier>
        <Apps />
      </Tier>
      <Line />
      {routers.length > 0 && (
        <>
          <Tier>
            {routers.map((router) => (
              <Node key={router.node} member={router} title="Router" />
            ))}
          </Tier>
          <Line />
        </>
      )}
      <div className={cx("grid gap-4", data.length > 1 && "md:grid-cols-2")}>
        {data.map((set) => (
          <Set key={set.name} set={set} wide={data.length === 1} chunks={chunks.get(set.name)} />
        ))}
      </div>
      {config !== undefined && (
        <div className="mt-4">
          <Set set={config} wide />
        </div>
      )}
    </figure>
  );
}

function Apps() {
  const apps = useQuery(appsQuery()).data ?? [];
  const known = apps.length > 0 ? apps : [{ node: "…", workers: 0, version: "" }];
  return known.map((app) => (
    <div key={app.node} className="flex items-center gap-3 rounded-control bg-accent-soft px-5 py-3 text-accent">
      <Server aria-hidden className="size-5 shrink-0" />
      <div>
        <p className="font-medium">{app.workers > 0 ? `${count(app.workers)} app ${app.workers === 1 ? "worker" : "workers"}` : "The shop"}</p>
        <p className="text-sm">{app.node}</p>
      </div>
    </div>
  ));
}

function Tier({ children }: { children: React.ReactNode }) {
  return <div className="flex flex-wrap justify-center gap-4">{children}</div>;
}

function Line() {
  return <div aria-hidden className="mx-auto h-6 w-px bg-edge" />;
}

function Set({ set, wide, chunks }: { set: MemberSet; wide?: boolean; chunks?: number }) {
  const primary = set.members.some((member) => member.state === "PRIMARY");
  return (
    <section
      aria-label={`${TITLES[set.role]} ${set.name}`}
      className={cx("rounded-card border p-4", primary ? "border-line bg-canvas" : "border-bad bg-bad-soft")}
    >
      <header className="mb-3 flex flex-wrap items-center justify-between gap-2">
        <h2 className="text-[0.9375rem] font-semibold">
          {TITLES[set.role]} <span className="font-normal text-muted">{set.name}</span>
        </h2>
        <span className="flex flex-wrap gap-2">
          {!primary && <Badge tone="bad">No primary</Badge>}
          {chunks !== undefined && <Badge>{count(chunks)} chunks</Badge>}
          {set.zones.map((zone) => (
            <Badge key={zone}>zone {zone}</Badge>
          ))}
        </span>
      </header>
      <div className={cx("grid gap-3", wide === true && "grid-cols-[repeat(auto-fit,minmax(13rem,1fr))]")}>
        {set.members.map((member) => (
          <Node key={member.node} member={member} />
        ))}
      </div>
    </section>
  );
}

function chunksByShard(topology: Topology): Map<string, number> {
  const numbers = new Map<string, number>();
  for (const { chunks } of Object.values(collectionsOf(topology))) {
    for (const { shard } of chunks) numbers.set(shard, (numbers.get(shard) ?? 0) + 1);
  }
  return numbers;
}
