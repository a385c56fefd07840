/** One stage of a plan; `note`: what it works on or how much it looked at. */
export type Stage = { name: string; note: string; children: Stage[] };
type Doc = Record<string, unknown>;

const NOTED: [string, string][] = [
  ["indexName", "index"],
  ["shardName", "on"],
  ["keysExamined", "keys"],
  ["docsExamined", "documents"],
  ["nReturned", "returned"],
];

/** The tree of stages in an explain's answer, whatever kind it is; executed stages rather than planned ones. */
export function planOf(raw: unknown): Stage[] {
  return stagesIn(raw, 0);
}

function stagesIn(value: unknown, depth: number): Stage[] {
  if (depth > 14 || typeof value !== "object" || value === null) return [];
  if (Array.isArray(value)) return value.flatMap((one) => stagesIn(one, depth + 1));
  const doc = value as Doc;
  if (typeof doc.stage === "string") return [stage(doc, doc.stage, depth)];
  if ("executionStages" in doc) return named(doc, stagesIn(doc.executionStages, depth + 1));
  if ("executionStats" in doc && hasStages(doc.executionStats)) return stagesIn(doc.executionStats, depth + 1);
  if ("winningPlan" in doc) return stagesIn(doc.winningPlan, depth + 1);
  return Object.entries(doc)
    .filter(([key]) => key !== "rejectedPlans" && key !== "command" && key !== "serverInfo")
    .flatMap(([, inner]) => stagesIn(inner, depth + 1));
}

function stage(doc: Doc, name: string, depth: number): Stage {
  const inner = ["inputStage", "inputStages", "shards", "executionStages", "queryPlan"].flatMap((key) =>
    key in doc ? stagesIn(doc[key], depth + 1) : [],
  );
  const notes = NOTED.filter(([key]) => doc[key] !== undefined).map(([key, title]) => `${title} ${String(doc[key])}`);
  return { name, note: notes.join(", "), children: inner };
}

function named(doc: Doc, children: Stage[]): Stage[] {
  return typeof doc.shardName === "string" ? [{ name: "SHARD", note: `on ${doc.shardName}`, children }] : children;
}

function hasStages(value: unknown): boolean {
  return JSON.stringify(value ?? null).includes('"stage"');
}
