import { useInfiniteQuery } from "@tanstack/react-query";
import { useCallback } from "react";
import { Link } from "react-router";

import { logsQuery, type InventoryLog as Log } from "../api/queries";

import { Badge, type Tone } from "@/components/ui/badge";
import { Card } from "@/components/ui/card";
import { Chart } from "@/components/ui/chart";
import { LoadMore } from "@/components/ui/load-more";
import { Loading, Skeleton } from "@/components/ui/skeleton";
import { ErrorState } from "@/components/ui/states";
import { Table, type Column } from "@/components/ui/table";
import { count, moment, timeOfDay } from "@/lib/format";

const KINDS: Record<Log["change_type"], { title: string; tone: Tone }> = {
  restock: { title: "Restock", tone: "good" },
  purchase: { title: "Sold", tone: "accent" },
  adjustment: { title: "Adjusted", tone: "warn" },
  cancellation: { title: "Came back", tone: "neutral" },
};
const COLUMNS: Column<Log>[] = [
  { key: "when", title: "When", cell: (log) => <time dateTime={log.timestamp}>{moment(log.timestamp)}</time> },
  {
    key: "what",
    title: "What",
    cell: (log) => <Badge tone={KINDS[log.change_type].tone}>{KINDS[log.change_type].title}</Badge>,
  },
  { key: "by", title: "Change", align: "right", cell: (log) => signed(log.new_stock - log.old_stock) },
  { key: "now", title: "Stock then", align: "right", cell: (log) => count(log.new_stock) },
  { key: "why", title: "Why", wide: true, cell: (log) => <Why log={log} /> },
];

/** Every change of the stock since the beginning, as a line and one by one. */
export function InventoryLog({ productId, version }: { productId: string; version: number }) {
  const logs = useInfiniteQuery(logsQuery(productId, version));
  const { fetchNextPage } = logs;
  const more = useCallback(() => void fetchNextPage(), [fetchNextPage]);
  const items = logs.data?.pages.flatMap((page) => page.items) ?? [];
  const oldestFirst = [...items].reverse();
  if (logs.isPending) {
    return (
      <Loading what="the log">
        <Skeleton className="h-80 rounded-card" />
      </Loading>
    );
  }
  if (logs.isError && items.length === 0) return <ErrorState error={logs.error} onRetry={() => void logs.refetch()} />;
  return (
    <Card title="Inventory log">
      <Chart
        height={200}
        summary={`Stock over time, from ${count(oldestFirst[0]?.old_stock ?? 0)} to ${count(items[0]?.new_stock ?? 0)}`}
        labels={oldestFirst.map((log) => timeOfDay(log.timestamp))}
        series={[{ label: "Stock", values: oldestFirst.map((log) => log.new_stock) }]}
        format={count}
      />
      <div className="mt-6">
        <Table caption="Changes of the stock, newest first" columns={COLUMNS} rows={items} rowKey={(log) => log.id} />
      </div>
      <LoadMore
        hasMore={logs.hasNextPage}
        loading={logs.isFetchingNextPage}
        onMore={more}
        end="This is where it began: with nothing on the shelf."
      />
    </Card>
  );
}

function Why({ log }: { log: Log }) {
  if (log.order_id === null) return <span className="text-muted">{log.reason}</span>;
  return (
    <Link to={`/orders/${log.order_id}`} className="inline-block min-h-6 text-accent underline underline-offset-4">
      Order {log.order_id.slice(-6)}
    </Link>
  );
}

function signed(n: number): string {
  return n > 0 ? `+${count(n)}` : `−${count(-n)}`;
}
