import { isRunning, summaryOf, type Run } from "../api/load";

import { Badge } from "@/components/ui/badge";
import { Chart } from "@/components/ui/chart";
import { count } from "@/lib/format";

const ms = (value: number | null): string => (value === null ? "—" : `${count(Math.round(value))} ms`);

/** Checkouts a second as bars, latency as lines: a failover is a dip in the one and a peak in the other. */
export function LoadChart({ run }: { run: Run }) {
  const summary = summaryOf(run);
  const at = run.figures;
  return (
    <div>
      <p className="mb-3 flex flex-wrap items-center gap-2 text-sm text-muted">
        <Badge tone={isRunning(run) ? "accent" : "neutral"}>{isRunning(run) ? "Buying" : "Ended"}</Badge>
        {run.strategy}, {count(run.buyers)} buyers, second {count(at.at(-1)?.second ?? 0)} of {count(run.seconds)}
      </p>
      <Chart
        live
        height={240}
        summary={`Checkouts per second: ${summary.perSecond.toFixed(0)} on average over ${at.length} seconds, longest time without one ${summary.gap} s`}
        labels={at.map((one) => `${one.second} s`)}
        series={[
          { label: "Checkouts a second", values: at.map((one) => one.checkouts_per_second), kind: "bar" },
          { label: "Median (ms)", values: at.map((one) => one.latency_ms.p50), axis: "right" },
          { label: "p99 (ms)", values: at.map((one) => one.latency_ms.p99), axis: "right" },
        ]}
      />
      <dl className="mt-4 grid grid-cols-2 gap-4 text-[0.9375rem] sm:grid-cols-4">
        <Item term="Placed" value={count(summary.placed)} />
        <Item term="A second" value={summary.perSecond.toFixed(1)} />
        <Item term="Median, worst p99" value={`${ms(summary.p50)}, ${ms(summary.p99)}`} />
        <Item term="Longest without a checkout" value={summary.gap === 0 ? "under 1 s" : `${summary.gap} s`} />
      </dl>
      {Object.keys(summary.others).length > 0 && (
        <p className="mt-3 text-sm text-muted">
          Other answers:{" "}
          {Object.entries(summary.others)
            .map(([outcome, number]) => `${outcome.replaceAll("_", " ")} ${count(number)}`)
            .join(", ")}
        </p>
      )}
    </div>
  );
}

function Item({ term, value }: { term: string; value: string }) {
  return (
    <div>
      <dt className="text-sm text-muted">{term}</dt>
      <dd className="font-semibold tabular-nums">{value}</dd>
    </div>
  );
}
