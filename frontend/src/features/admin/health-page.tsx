import { useQuery } from "@tanstack/react-query";

import { healthQuery, type Health } from "./api/queries";

import { Badge } from "@/components/ui/badge";
import { ButtonLink } from "@/components/ui/button";
import { Card, Figure } from "@/components/ui/card";
import { PageHeader } from "@/components/ui/page-header";
import { Loading, Skeleton } from "@/components/ui/skeleton";
import { ErrorState } from "@/components/ui/states";
import { Table } from "@/components/ui/table";
import { capital, count } from "@/lib/format";
import { membersOf, stateTone, type Member } from "@/lib/topology";

export default function HealthPage() {
  const health = useQuery(healthQuery());
  return (
    <>
      <PageHeader title="System health" actions={<ButtonLink to="/lab">Open the lab</ButtonLink>}>
        What serves the shop at this moment, looked at every three seconds.
      </PageHeader>
      {health.data !== undefined ? (
        <Parts health={health.data} />
      ) : health.isError ? (
        <ErrorState error={health.error} onRetry={() => void health.refetch()} />
      ) : (
        <Loading what="the system’s health">
          <Skeleton className="h-96 rounded-card" />
        </Loading>
      )}
    </>
  );
}

function Parts({ health }: { health: Health }) {
  const members = membersOf(health);
  const up = members.filter((member) => member.state !== "DOWN").length;
  const workers = health.apps.reduce((sum, app) => sum + app.workers, 0);
  return (
    <>
      <div className="grid grid-cols-2 gap-4 lg:grid-cols-4">
        <Figure
          label="Database"
          value={health.kind === "sharded" ? "Sharded cluster" : "Replica set"}
          note={`${count(up)} of ${count(members.length)} nodes up`}
        />
        <Figure label="App workers" value={count(workers)} note={health.apps.length === 1 ? "on one app node" : `on ${count(health.apps.length)} app nodes`} />
        <Figure
          label="Real time behind by"
          value={health.relay_lag_ms === null ? "—" : `${count(Math.round(health.relay_lag_ms))} ms`}
        />
        <Figure label="Committer" value={health.committer === null ? "—" : "Running"} note={health.committer === null ? "none is told of" : "its report is below"} />
      </div>
      <Card title="Database nodes" className="mt-6">
        <Table<Member>
          caption="Database nodes"
          rows={members}
          rowKey={(member) => member.node}
          columns={[
            { key: "node", title: "Node", cell: (member) => <span className="font-medium whitespace-nowrap">{member.node}</span> },
            { key: "state", title: "State", cell: (member) => <Badge tone={stateTone(member.state)}>{member.state.toLowerCase()}</Badge> },
            { key: "lag", title: "Behind by", align: "right", cell: (member) => lag(member) },
            { key: "host", title: "Address", wide: true, cell: (member) => member.host },
          ]}
        />
      </Card>
      {health.committer !== null && <Committer report={health.committer} />}
      <Card title="App nodes" className="mt-6">
        <Table
          caption="App nodes"
          rows={health.apps}
          rowKey={(app) => app.node}
          columns={[
            { key: "node", title: "Address", cell: (app) => app.node },
            { key: "workers", title: "Workers", align: "right", cell: (app) => count(app.workers) },
            { key: "version", title: "Version", cell: (app) => app.version },
          ]}
        />
      </Card>
    </>
  );
}

/** What the one who takes checkouts together says of its work. */
function Committer({ report }: { report: NonNullable<Health["committer"]> }) {
  const told = Object.entries(report).filter(([, value]) => ["string", "number", "boolean"].includes(typeof value));
  return (
    <Card title="Committer" className="mt-6">
      <dl className="grid grid-cols-2 gap-4 text-[0.9375rem] sm:grid-cols-3 lg:grid-cols-6">
        {told.map(([name, value]) => (
          <div key={name}>
            <dt className="text-sm text-muted">{capital(name.replaceAll("_", " "))}</dt>
            <dd className="font-semibold tabular-nums">{typeof value === "number" && name !== "pid" ? count(value) : String(value)}</dd>
          </div>
        ))}
      </dl>
    </Card>
  );
}

function lag(member: Member): string {
  return member.lag_seconds === null || member.lag_seconds === undefined ? "—" : `${member.lag_seconds.toFixed(1)} s`;
}
