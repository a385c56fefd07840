import { useQuery, useQueryClient, type UseQueryResult } from "@tanstack/react-query";
import { createContext, useCallback, useContext, useEffect, useMemo, useReducer, type ReactNode } from "react";

import { noted, type Run } from "./api/load";
import { LOAD, loadQuery, TOPOLOGY, topologyQuery, type Figures, type Topology } from "./api/queries";
import { asked, looked, NOTHING, type Timeline } from "./api/timeline";

import { useEvent } from "@/contexts/realtime";

type Lab = {
  topology: UseQueryResult<Topology>;
  timeline: Timeline;
  /** Newest first. */
  runs: Run[];
  /** `at`: when it was asked for; the answer may come after what it did is seen. */
  note: (text: string, at: number) => void;
};
type Seen = { timeline: Timeline; runs: Run[] };
type News = { topology: Topology; at: number } | { asked: string; at: number } | { figures: Figures[] };

const Context = createContext<Lab | null>(null);

function reduce(seen: Seen, news: News): Seen {
  if ("figures" in news) return { ...seen, runs: news.figures.reduce(noted, seen.runs) };
  const { timeline } = seen;
  return { ...seen, timeline: "topology" in news ? looked(timeline, news.topology, news.at) : asked(timeline, news.asked, news.at) };
}

/** Watches cluster and load for as long as somebody is in the lab, whichever of its pages is open. */
export function LabProvider({ children }: { children: ReactNode }) {
  const queries = useQueryClient();
  const [seen, tell] = useReducer(reduce, { timeline: NOTHING, runs: [] });
  const topology = useQuery(topologyQuery());
  const load = useQuery(loadQuery());

  useEffect(() => {
    if (topology.data !== undefined) tell({ topology: topology.data, at: topology.dataUpdatedAt });
  }, [topology.data, topology.dataUpdatedAt]);
  useEffect(() => {
    if (load.data !== undefined && load.data.items.length > 0) tell({ figures: load.data.items });
  }, [load.data]);
  useEvent("topology", useCallback(() => void queries.invalidateQueries({ queryKey: TOPOLOGY }), [queries]));
  useEvent(
    "load",
    useCallback(
      (payload: Record<string, unknown>) => {
        tell({ figures: [payload as Figures] });
        if (payload.running === false) void queries.invalidateQueries({ queryKey: LOAD });
      },
      [queries],
    ),
  );
  const note = useCallback((text: string, at: number) => tell({ asked: text, at }), []);
  const value = useMemo(() => ({ topology, ...seen, note }), [note, seen, topology]);
  return <Context.Provider value={value}>{children}</Context.Provider>;
}

export function useLab(): Lab {
  const value = useContext(Context);
  if (value === null) throw new Error("useLab outside of LabProvider");
  return value;
}
