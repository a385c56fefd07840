import { Gauge } from "lucide-react";

import { summaryOf, type Run } from "./api/load";
import { LoadChart } from "./components/load-chart";
import { LoadControls } from "./components/load-controls";
import { useLab } from "./lab-context";

import { Card } from "@/components/ui/card";
import { PageHeader } from "@/components/ui/page-header";
import { EmptyState } from "@/components/ui/states";
import { Table, type Column } from "@/components/ui/table";
import { count } from "@/lib/format";

const ms = (value: number | null): string => (value === null ? "—" : `${count(Math.round(value))} ms`);
const COLUMNS: Column<Run>[] = [
  { key: "strategy", title: "Strategy", cell: (run) => <span className="font-medium">{run.strategy}</span> },
  { key: "buyers", title: "Buyers", align: "right", cell: (run) => count(run.buyers) },
  { key: "rate", title: "Checkouts a second", align: "right", cell: (run) => summaryOf(run).perSecond.toFixed(1) },
  { key: "p50", title: "Median", align: "right", cell: (run) => ms(summaryOf(run).p50) },
  { key: "p99", title: "Worst p99", align: "right", cell: (run) => ms(summaryOf(run).p99) },
  { key: "gap", title: "Longest gap", align: "right", wide: true, cell: (run) => `${summaryOf(run).gap} s` },
];

export default function LoadPage() {
  const { runs } = useLab();
  const run = runs[0];
  return (
    <>
      <PageHeader title="Load">
        Buyers inside the server check out as fast as they can, and every second tells how many were served and how long
        they waited. Run the same load with another strategy and compare: the database is the same, only the way to use
        it differs.
      </PageHeader>
      <div className="space-y-6">
        <Card title="Let them buy">
          <LoadControls />
          {run === undefined ? (
            <EmptyState icon={Gauge} title="No load yet">
              Ten buyers for a minute are a good beginning. They buy crates of the lab’s own, for a cent each.
            </EmptyState>
          ) : (
            <LoadChart run={run} />
          )}
        </Card>
        {runs.length > 0 && (
          <Card title="Side by side">
            <Table caption="The runs since you came, newest first" columns={COLUMNS} rows={runs} rowKey={(one) => one.id} />
          </Card>
        )}
      </div>
    </>
  );
}
