import { ClusterPicture } from "./components/cluster-picture";
import { LoadChart } from "./components/load-chart";
import { LoadControls } from "./components/load-controls";
import { Happenings } from "./components/happenings";
import { useLab } from "./lab-context";

import { Card } from "@/components/ui/card";
import { PageHeader } from "@/components/ui/page-header";
import { Loading, Skeleton } from "@/components/ui/skeleton";
import { ErrorState } from "@/components/ui/states";

export default function ClusterPage() {
  const { topology, runs } = useLab();
  const run = runs[0];
  return (
    <>
      <PageHeader title="Cluster">
        The database as it is this second: which process is the primary, how far the others are behind, who is down. Kill
        the primary while the load runs and watch the others elect a new one, and the checkouts wait for it.
      </PageHeader>
      <div className="grid items-start gap-6 lg:grid-cols-[1fr_22rem]">
        <div className="min-w-0 space-y-6">
          {topology.data !== undefined ? (
            <ClusterPicture topology={topology.data} />
          ) : topology.isError ? (
            <ErrorState error={topology.error} onRetry={() => void topology.refetch()} />
          ) : (
            <Loading what="the cluster">
              <Skeleton className="h-72 rounded-card" />
            </Loading>
          )}
          <Card title="Checkouts under load">
            <LoadControls />
            {run !== undefined && <LoadChart run={run} />}
          </Card>
        </div>
        <Happenings />
      </div>
    </>
  );
}
