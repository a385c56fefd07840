import type { ReactNode } from "react";

import { cx } from "@/lib/class-names";

type CardProps = { title?: string; action?: ReactNode; className?: string; children: ReactNode };

/** A framed part of a page. */
export function Card({ title, action, className, children }: CardProps) {
  return (
    <section className={cx("rounded-card border border-line bg-surface p-5 sm:p-6", className)}>
      {title !== undefined && (
        <header className="mb-4 flex flex-wrap items-center justify-between gap-3">
          <h2 className="font-semibold">{title}</h2>
          {action}
        </header>
      )}
      {children}
    </section>
  );
}

type FigureProps = { label: string; value: string; note?: ReactNode };

/** One number of a dashboard. */
export function Figure({ label, value, note }: FigureProps) {
  return (
    <div className="rounded-card border border-line bg-surface p-5">
      <p className="text-sm text-muted">{label}</p>
      <p className="mt-1 text-2xl font-semibold tracking-tight tabular-nums">{value}</p>
      {note !== undefined && <p className="mt-1 text-sm text-muted">{note}</p>}
    </div>
  );
}
