import { queryOptions } from "@tanstack/react-query";

import { api, call, type Schemas } from "@/lib/api";

export type Topology = Schemas["Topology"];
export type Figures = Schemas["LoadFigures"];
export type LoadPlan = Schemas["LoadPlan"];
export type Strategy = NonNullable<LoadPlan["strategy"]>;
export type Explanation = Schemas["Explanation"];
export type Audit = Schemas["Audit"];
export type NodeAction = "kill" | "start" | "pause" | "resume" | "stepdown";

const LAB = "lab";
export const TOPOLOGY = [LAB, "topology"];
export const LOAD = [LAB, "load"];

/** Looked at every second: it needs no primary, so it tells while there is none. */
export function topologyQuery() {
  return queryOptions({
    queryKey: TOPOLOGY,
    queryFn: ({ signal }) => call(api.GET("/api/lab/topology", { signal })),
    refetchInterval: 1_000,
    staleTime: 0,
  });
}

/** The app nodes that serve the shop; known without a primary, too. */
export function appsQuery() {
  return queryOptions({
    queryKey: [LAB, "apps"],
    queryFn: async ({ signal }) => (await call(api.GET("/api/admin/health", { signal }))).apps,
    refetchInterval: 10_000,
  });
}

export function loadQuery() {
  return queryOptions({
    queryKey: LOAD,
    queryFn: ({ signal }) => call(api.GET("/api/lab/load", { signal })),
    refetchInterval: ({ state: { data } }) => (data?.items.at(-1)?.running ?? data?.run !== null ? 1_500 : 5_000),
    staleTime: 0,
  });
}

export function shapesQuery() {
  return queryOptions({ queryKey: [LAB, "shapes"], queryFn: () => call(api.GET("/api/lab/explain")) });
}

export function explainQuery(name: string) {
  return queryOptions({
    queryKey: [LAB, "explain", name],
    queryFn: () => call(api.GET("/api/lab/explain/{name}", { params: { path: { name } } })),
  });
}

export function startLoad(plan: LoadPlan): Promise<Schemas["LoadRun"]> {
  return call(api.POST("/api/lab/load", { body: plan }));
}

export async function stopLoad(): Promise<void> {
  await call(api.DELETE("/api/lab/load"));
}

export function control(node: string, action: NodeAction): Promise<Schemas["Member"]> {
  return call(api.POST("/api/lab/nodes/{node}/{action}", { params: { path: { node, action } } }));
}

export function audit(): Promise<Audit> {
  return call(api.GET("/api/lab/audit"));
}
