import { RefreshCw } from "lucide-react";

import { planOf, type Stage } from "../api/plan";
import type { Explanation } from "../api/queries";

import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { Card, Figure } from "@/components/ui/card";
import { count } from "@/lib/format";

type ViewProps = { explanation: Explanation; busy: boolean; onAgain: () => void };

export function ExplanationView({ explanation: one, busy, onAgain }: ViewProps) {
  const expected = one.expected === "targeted" ? one.targeted : true;
  return (
    <div className="min-w-0 space-y-6">
      <div className="flex flex-wrap items-center justify-between gap-3">
        <h2 className="flex flex-wrap items-center gap-3 font-mono text-lg font-semibold">
          {one.name}
          <Badge tone={one.targeted ? "good" : "warn"}>{one.targeted ? "Targeted" : "Scatter-gather"}</Badge>
          {!expected && <Badge tone="bad">Expected to be targeted</Badge>}
        </h2>
        <Button busy={busy} onClick={onAgain}>
          <RefreshCw aria-hidden className="size-4.5" /> Explain again
        </Button>
      </div>
      <div className="grid grid-cols-2 gap-4 xl:grid-cols-4">
        <Figure label="Shards asked" value={count(one.shards_touched)} note={`index ${one.index ?? "_id"}`} />
        <Figure label="Keys examined" value={count(one.keys_examined)} />
        <Figure label="Documents examined" value={count(one.documents_examined)} />
        <Figure label="Returned" value={count(one.returned)} />
      </div>
      <Card title="Plan">
        <Plan stages={planOf(one.raw)} />
      </Card>
      <details className="rounded-card border border-line bg-surface p-5">
        <summary className="min-h-6 font-semibold">The whole answer of the database</summary>
        <pre tabIndex={0} aria-label="Explain, as JSON" className="mt-4 max-h-[32rem] overflow-auto text-xs">
          {JSON.stringify(one.raw, null, 2)}
        </pre>
      </details>
    </div>
  );
}

function Plan({ stages }: { stages: Stage[] }) {
  if (stages.length === 0) return <p className="text-muted">The database names no stages for this kind of command.</p>;
  return (
    <ul className="space-y-2">
      {stages.map((stage, index) => (
        <li key={index}>
          <p className="flex flex-wrap items-baseline gap-2">
            <span className="rounded-control bg-raised px-2.5 py-1 font-mono text-sm font-medium">{stage.name}</span>
            <span className="text-sm text-muted">{stage.note}</span>
          </p>
          {stage.children.length > 0 && (
            <div className="mt-2 ml-3 border-l border-line pl-4">
              <Plan stages={stage.children} />
            </div>
          )}
        </li>
      ))}
    </ul>
  );
}
