export type Ranked = { id: string; name: string; value: string; share: number };

/** The first of many, each with a bar as long as its share of the largest (0 to 1). */
export function Ranking({ items, empty }: { items: Ranked[]; empty: string }) {
  if (items.length === 0) return <p className="text-muted">{empty}</p>;
  return (
    <ol className="space-y-3">
      {items.map((item) => (
        <li key={item.id}>
          <div className="flex justify-between gap-4 text-[0.9375rem]">
            <span className="min-w-0 truncate">{item.name}</span>
            <span className="shrink-0 font-medium tabular-nums">{item.value}</span>
          </div>
          <div aria-hidden className="mt-1.5 h-1.5 rounded-full bg-raised">
            <div className="h-full rounded-full bg-accent" style={{ width: `${Math.max(2, item.share * 100)}%` }} />
          </div>
        </li>
      ))}
    </ol>
  );
}

/** Shares of the largest. */
export function ranked<T>(items: T[], of: (item: T) => { id: string; name: string; amount: number; value: string }): Ranked[] {
  const all = items.map(of);
  const most = Math.max(1e-9, ...all.map((one) => one.amount));
  return all.map(({ amount, ...rest }) => ({ ...rest, share: amount / most }));
}
