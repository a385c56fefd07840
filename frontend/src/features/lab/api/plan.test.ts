import { expect, test } from "vitest";

import { planOf } from "./plan";

const FETCH = { stage: "FETCH", docsExamined: 3, inputStage: { stage: "IXSCAN", indexName: "listed_newest", keysExamined: 4 } };

test("a replica set's plan is a tree of stages with what they looked at", () => {
  const raw = { queryPlanner: { winningPlan: { stage: "PLANNED" } }, executionStats: { executionStages: FETCH } };
  const [top] = planOf({ executionStats: raw.executionStats });
  expect(top).toMatchObject({ name: "FETCH", note: "documents 3" });
  expect(top?.children).toEqual([{ name: "IXSCAN", note: "index listed_newest, keys 4", children: [] }]);
});

test("a sharded plan shows each shard with its own stages", () => {
  const shards = ["a", "b"].map((shardName) => ({ shardName, executionStages: FETCH }));
  const [merge] = planOf({ executionStats: { executionStages: { stage: "SHARD_MERGE", shards } } });
  expect(merge?.children.map((one) => [one.name, one.note, one.children[0]?.name])).toEqual([
    ["SHARD", "on a", "FETCH"],
    ["SHARD", "on b", "FETCH"],
  ]);
});

test("rejected plans are left out, and an answer without stages has no plan", () => {
  expect(planOf({ queryPlanner: { rejectedPlans: [FETCH] } })).toEqual([]);
  expect(planOf({ ok: 1 })).toEqual([]);
  expect(planOf(null)).toEqual([]);
});
