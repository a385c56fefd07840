/** What the comparison reads of a `report.json` (docs: the load report). */
export type Report = {
  scenario: string;
  topology: string;
  nodes: number | null;
  strategy: string;
  write_concern: string;
  users: number;
  seconds: number;
  verdict: string;
  acknowledged: number;
  rejected: number;
  unknown: number;
  lost: number;
  duplicated: number;
  oversold_units: number;
  requests_per_second: number;
  checkouts_per_second: number;
  latency_ms: Record<string, Record<"p50" | "p95" | "p99" | "max", number | null>>;
  conflicts: number;
  retries: number;
  unavailable: number;
  write_gap_seconds: number | null;
  violations: unknown[];
};

export class NotAReport extends Error {}
const NEEDED = ["scenario", "verdict", "checkouts_per_second", "latency_ms"] as const;

/** Throws NotAReport. */
export function readReport(text: string): Report {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new NotAReport("This file is not JSON.");
  }
  if (typeof value !== "object" || value === null || NEEDED.some((field) => !(field in value))) {
    throw new NotAReport("This is not a report.json of a load run.");
  }
  return value as Report;
}

export type Better = "more" | "less" | null;
export type Row = { label: string; values: (number | null)[]; better: Better };

/** The figures side by side. */
export function rowsOf(reports: Report[]): Row[] {
  const row = (label: string, better: Better, of: (report: Report) => unknown): Row => ({
    label,
    better,
    values: reports.map((report) => numberOr(of(report))),
  });
  const checkout = (report: Report) => report.latency_ms[checkoutName(report)];
  return [
    row("Checkouts a second", "more", (one) => one.checkouts_per_second),
    row("Requests a second", "more", (one) => one.requests_per_second),
    row("Checkout, median (ms)", "less", (one) => checkout(one)?.p50),
    row("Checkout, p99 (ms)", "less", (one) => checkout(one)?.p99),
    row("Acknowledged", "more", (one) => one.acknowledged),
    row("Rejected", null, (one) => one.rejected),
    row("Unknown", "less", (one) => one.unknown),
    row("Lost", "less", (one) => one.lost),
    row("Done twice", "less", (one) => one.duplicated),
    row("Units oversold", "less", (one) => one.oversold_units),
    row("Conflicts", "less", (one) => one.conflicts),
    row("Retries", "less", (one) => one.retries),
    row("Answers 503", "less", (one) => one.unavailable),
    row("Write gap (s)", "less", (one) => one.write_gap_seconds),
  ];
}

/** The index of the better of two values; null when they are equal or nothing is better. */
export function winner({ values: [one, other], better }: Row): 0 | 1 | null {
  if (better === null || one === null || one === undefined || other === null || other === undefined || one === other) return null;
  return one > other === (better === "more") ? 0 : 1;
}

function checkoutName(report: Report): string {
  const names = Object.keys(report.latency_ms);
  return names.find((name) => /checkout|POST \/api\/orders/i.test(name)) ?? names[0] ?? "";
}

function numberOr(value: unknown): number | null {
  return typeof value === "number" ? value : null;
}
