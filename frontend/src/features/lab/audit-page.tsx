import { useMutation } from "@tanstack/react-query";
import { CircleAlert, ClipboardCheck, ShieldCheck } from "lucide-react";

import { audit, type Audit } from "./api/queries";

import { Button } from "@/components/ui/button";
import { Card, Figure } from "@/components/ui/card";
import { PageHeader } from "@/components/ui/page-header";
import { Loading, Skeleton } from "@/components/ui/skeleton";
import { EmptyState, ErrorState } from "@/components/ui/states";
import { Table } from "@/components/ui/table";
import { capital, count } from "@/lib/format";

export default function AuditPage() {
  const run = useMutation({ mutationFn: audit });
  const start = (
    <Button variant="primary" busy={run.isPending} onClick={() => run.mutate()}>
      <ClipboardCheck aria-hidden className="size-4.5" /> Check everything
    </Button>
  );
  return (
    <>
      <PageHeader title="Audit" actions={run.data === undefined ? undefined : start}>
        Every unit is accounted for: stock, logs and orders must tell the same story, product by product. The check runs
        on the live database while people buy; what looks wrong is looked at again before it counts.
      </PageHeader>
      <div aria-live="polite">
        {run.isPending ? (
          <Loading what="the audit">
            <Skeleton className="h-48 rounded-card" />
          </Loading>
        ) : run.isError ? (
          <ErrorState error={run.error} onRetry={() => run.mutate()} />
        ) : run.data === undefined ? (
          <EmptyState icon={ClipboardCheck} title="Not checked yet" action={start}>
            It reads every product, log and order once.
          </EmptyState>
        ) : (
          <Report audit={run.data} />
        )}
      </div>
    </>
  );
}

function Report({ audit: { consistent, violations, checked, took_seconds } }: { audit: Audit }) {
  return (
    <div className="space-y-6">
      <p
        className={`flex items-center gap-3 rounded-card px-5 py-4 text-lg font-semibold ${consistent ? "bg-good-soft text-good" : "bg-bad-soft text-bad"}`}
      >
        {consistent ? <ShieldCheck aria-hidden className="size-6" /> : <CircleAlert aria-hidden className="size-6" />}
        {consistent ? "Consistent: nothing was oversold, lost or done twice" : `${count(violations.length)} violations`}
      </p>
      <div className="grid grid-cols-2 gap-4 lg:grid-cols-5">
        {Object.entries(checked).map(([what, number]) => (
          <Figure key={what} label={capital(what.replaceAll("_", " "))} value={count(number)} />
        ))}
        <Figure label="Took" value={`${took_seconds.toFixed(2)} s`} />
      </div>
      {violations.length > 0 && (
        <Card title="What is wrong">
          <Table
            caption="Violations"
            rows={violations.map((one, number) => ({ ...one, number }))}
            rowKey={(one) => String(one.number)}
            columns={[
              { key: "invariant", title: "Invariant", align: "right", cell: (one) => count(one.invariant) },
              { key: "detail", title: "What was found", cell: (one) => one.detail },
            ]}
          />
        </Card>
      )}
    </div>
  );
}
