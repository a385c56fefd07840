import type { Figures } from "./queries";

export type Run = { id: string; strategy: string; buyers: number; seconds: number; figures: Figures[] };
export type Summary = {
  perSecond: number;
  p50: number | null;
  p99: number | null;
  placed: number;
  others: Record<string, number>;
  /** The longest time without a checkout, in seconds. */
  gap: number;
};

/** Runs with one more second in them; what is known already is left alone. Newest run first. */
export function noted(runs: Run[], figures: Figures): Run[] {
  const known = runs.find((run) => run.id === figures.run_id);
  if (known === undefined) {
    const { run_id: id, strategy, buyers, seconds } = figures;
    return [{ id, strategy, buyers, seconds, figures: [figures] }, ...runs];
  }
  if (known.figures.some((one) => one.second === figures.second)) return runs;
  const all = [...known.figures, figures].sort((a, b) => a.second - b.second);
  return runs.map((run) => (run === known ? { ...run, figures: all } : run));
}

export function isRunning(run: Run | undefined): boolean {
  return run?.figures.at(-1)?.running ?? false;
}

export function summaryOf({ figures }: Run): Summary {
  const placed = figures.reduce((sum, one) => sum + one.checkouts_per_second, 0);
  const others: Record<string, number> = {};
  for (const one of figures) {
    for (const [outcome, number] of Object.entries(one.outcomes)) {
      if (outcome !== "placed") others[outcome] = (others[outcome] ?? 0) + number;
    }
  }
  const p99s = known(figures.map((one) => one.latency_ms.p99));
  return {
    perSecond: figures.length === 0 ? 0 : placed / figures.length,
    p50: median(known(figures.map((one) => one.latency_ms.p50))),
    p99: p99s.length === 0 ? null : Math.max(...p99s),
    placed,
    others,
    gap: longestGap(figures),
  };
}

function longestGap(figures: Figures[]): number {
  let longest = 0;
  let current = 0;
  for (const one of figures) {
    current = one.checkouts_per_second === 0 ? current + 1 : 0;
    longest = Math.max(longest, current);
  }
  return longest;
}

function median(values: number[]): number | null {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? null;
}

function known(values: (number | null)[]): number[] {
  return values.filter((value): value is number => value !== null);
}
