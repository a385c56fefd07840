import { Boxes } from "lucide-react";

import { useLab } from "./lab-context";

import { Card } from "@/components/ui/card";
import { Ranking, ranked } from "@/components/ranking";
import { PageHeader } from "@/components/ui/page-header";
import { Loading, Skeleton } from "@/components/ui/skeleton";
import { EmptyState, ErrorState } from "@/components/ui/states";
import { Table } from "@/components/ui/table";
import { count } from "@/lib/format";
import { collectionsOf, type Chunk, type CollectionPlace } from "@/lib/topology";

export default function DistributionPage() {
  const { topology } = useLab();
  const collections = topology.data === undefined ? [] : Object.entries(collectionsOf(topology.data));
  return (
    <>
      <PageHeader title="Distribution">
        A collection is cut into ranges of its shard key, the chunks, and each lies on one shard. The same ranges of
        products, orders and logs lie together, so a checkout from one seller commits on one shard.
      </PageHeader>
      {topology.data === undefined ? (
        topology.isError ? (
          <ErrorState error={topology.error} onRetry={() => void topology.refetch()} />
        ) : (
          <Loading what="the distribution">
            <Skeleton className="h-96 rounded-card" />
          </Loading>
        )
      ) : collections.length === 0 ? (
        <EmptyState icon={Boxes} title="Nothing is distributed here">
          All documents of a replica set lie on each of its members. Start the shop with make run TOPOLOGY=sharded to see
          chunks.
        </EmptyState>
      ) : (
        <div className="grid items-start gap-6 lg:grid-cols-2">
          {collections.map(([name, place]) => (
            <Collection key={name} name={name} place={place} />
          ))}
        </div>
      )}
    </>
  );
}

function Collection({ name, place }: { name: string; place: CollectionPlace }) {
  const key = Object.entries(place.shard_key).map(([field, kind]) => `${field}: ${String(kind)}`);
  return (
    <Card title={name} action={<code className="text-sm text-muted">{`{ ${key.join(", ")} }`}</code>}>
      <h3 className="mb-3 text-sm font-medium text-muted">Documents by shard</h3>
      <Ranking
        empty="A shard is away, so nobody can count."
        items={ranked(Object.entries(place.documents_by_shard).sort(), ([shard, number]) => ({
          id: shard,
          name: shard,
          amount: number,
          value: count(number),
        }))}
      />
      <h3 className="mt-6 mb-3 text-sm font-medium text-muted">{count(place.chunks.length)} chunks, in order of their ranges</h3>
      <Table<Chunk & { number: number }>
        caption={`Chunks of ${name}`}
        rows={place.chunks.map((chunk, number) => ({ ...chunk, number }))}
        rowKey={(chunk) => String(chunk.number)}
        columns={[
          { key: "from", title: "From", cell: (chunk) => <code className="text-xs">{bound(chunk.min)}</code> },
          { key: "shard", title: "Shard", cell: (chunk) => chunk.shard },
        ]}
      />
    </Card>
  );
}

/** The seller's hash at which the range begins. */
export function bound(value: Record<string, unknown>): string {
  const first = Object.values(value)[0];
  if (typeof first !== "object" || first === null) return String(first);
  if ("$minKey" in first) return "the beginning";
  if ("$maxKey" in first) return "the end";
  return String(Object.values(first)[0]);
}
