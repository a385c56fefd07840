import { FileJson2, Trophy } from "lucide-react";
import { useRef, useState, type ChangeEvent, type DragEvent } from "react";

import { NotAReport, readReport, rowsOf, winner, type Report, type Row } from "./api/report";

import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { PageHeader } from "@/components/ui/page-header";
import { Table, type Column } from "@/components/ui/table";
import { cx } from "@/lib/class-names";
import { count } from "@/lib/format";

type Named = { name: string; report: Report };

export default function ReportsPage() {
  const [reports, setReports] = useState<Named[]>([]);
  const [problem, setProblem] = useState<string | null>(null);
  const take = async (files: File[]): Promise<void> => {
    try {
      const read = await Promise.all(
        files.slice(0, 2).map(async (file) => ({ name: file.name, report: readReport(await file.text()) })),
      );
      setReports((before) => [...before, ...read].slice(-2));
      setProblem(null);
    } catch (error) {
      setProblem(error instanceof NotAReport ? error.message : "The file cannot be read.");
    }
  };
  return (
    <>
      <PageHeader title="Reports">
        Each run of the load tests leaves a report.json: what clients were told, and whether the database agrees. Drop two
        of them here and see which strategy, topology or write concern did better, and what it cost.
      </PageHeader>
      <Drop onFiles={(files) => void take(files)} />
      {problem !== null && (
        <p role="alert" className="mt-4 rounded-control bg-bad-soft px-4 py-3 text-bad">
          {problem}
        </p>
      )}
      {reports.length > 0 && <Comparison reports={reports} />}
    </>
  );
}

function Drop({ onFiles }: { onFiles: (files: File[]) => void }) {
  const input = useRef<HTMLInputElement>(null);
  const [over, setOver] = useState(false);
  const drop = (event: DragEvent): void => {
    event.preventDefault();
    setOver(false);
    onFiles([...event.dataTransfer.files]);
  };
  const choose = (event: ChangeEvent<HTMLInputElement>): void => {
    onFiles([...(event.target.files ?? [])]);
    event.target.value = "";
  };
  return (
    <div
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
      className={cx("rounded-card border-2 border-dashed p-8 text-center", over ? "border-accent bg-accent-soft" : "border-edge")}
    >
      <FileJson2 aria-hidden className="mx-auto mb-3 size-8 text-muted" strokeWidth={1.5} />
      <p className="mb-4 text-muted">Drop two report.json files here</p>
      <input ref={input} type="file" multiple accept=".json,application/json" aria-label="Choose reports" onChange={choose} className="sr-only" tabIndex={-1} />
      <Button onClick={() => input.current?.click()}>Choose files</Button>
    </div>
  );
}

function Comparison({ reports }: { reports: Named[] }) {
  const all = reports.map((one) => one.report);
  const columns: Column<Row>[] = [
    { key: "label", title: "Figure", cell: (row) => row.label },
    ...reports.map(({ name, report }, index) => ({
      key: `${index}`,
      title: `${index + 1}: ${report.strategy}, ${report.topology} (${name})`,
      align: "right" as const,
      cell: (row: Row) => <Value row={row} index={index} />,
    })),
  ];
  return (
    <div className="mt-6 space-y-6">
      <div className="grid gap-4 sm:grid-cols-2">
        {reports.map(({ report }, index) => (
          <div key={index} className="rounded-card border border-line bg-surface p-5">
            <p className="flex flex-wrap items-center gap-2 font-semibold">
              {index + 1}: {report.scenario}
              <Badge tone={report.verdict === "consistent" ? "good" : "bad"}>{report.verdict}</Badge>
            </p>
            <p className="mt-1 text-sm text-muted">
              {report.strategy} on {report.topology}, write concern {report.write_concern}, {count(report.users)} users for{" "}
              {count(report.seconds)} s
            </p>
          </div>
        ))}
      </div>
      <Table caption="Two load runs side by side" columns={columns} rows={rowsOf(all)} rowKey={(row) => row.label} />
    </div>
  );
}

function Value({ row, index }: { row: Row; index: number }) {
  const value = row.values[index];
  const wins = winner(row) === index;
  return (
    <span className={cx("inline-flex items-center gap-2", wins && "font-semibold text-good")}>
      {wins && <Trophy aria-label="better" className="size-4" />}
      {value === null || value === undefined ? "—" : count(Math.round(value * 100) / 100)}
    </span>
  );
}
