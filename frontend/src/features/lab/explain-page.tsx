import { useQuery } from "@tanstack/react-query";
import { ArrowLeft, SearchCode } from "lucide-react";
import { NavLink, useParams } from "react-router";

import { explainQuery, shapesQuery } from "./api/queries";
import { ExplanationView } from "./components/explanation-view";

import { ButtonLink } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { PageHeader } from "@/components/ui/page-header";
import { Loading, Skeleton, TextSkeleton } from "@/components/ui/skeleton";
import { EmptyState, ErrorState } from "@/components/ui/states";
import { cx } from "@/lib/class-names";

export default function ExplainPage() {
  const { name } = useParams();
  const shapes = useQuery(shapesQuery());
  return (
    <>
      <PageHeader title="Queries">
        Every query and every write that the shop sends, explained by the database itself with parameters taken from the
        data. Targeted ones ask a single shard; scatter-gather asks them all, and costs more with every shard.
      </PageHeader>
      <div className="grid items-start gap-6 md:grid-cols-[18rem_1fr]">
        <Card title="Shapes" className={cx("md:max-h-[44rem] md:overflow-y-auto", name !== undefined && "max-md:hidden")}>
          {shapes.data !== undefined ? (
            <ul className="-mx-2 space-y-0.5">
              {shapes.data.items.map((shape) => (
                <li key={shape.name}>
                  <NavLink
                    to={`/lab/explain/${shape.name}`}
                    preventScrollReset
                    className={({ isActive }) =>
                      cx("block rounded-control px-3 py-2", isActive ? "bg-accent-soft text-accent" : "hover:bg-raised")
                    }
                  >
                    <span className="block font-mono text-sm">{shape.name}</span>
                    <span className="block text-sm text-muted">{shape.description}</span>
                  </NavLink>
                </li>
              ))}
            </ul>
          ) : shapes.isError ? (
            <ErrorState error={shapes.error} onRetry={() => void shapes.refetch()} />
          ) : (
            <Loading what="the shapes">
              <TextSkeleton lines={10} />
            </Loading>
          )}
        </Card>
        {name === undefined ? (
          <EmptyState icon={SearchCode} title="Choose a query">
            The database then explains it, live.
          </EmptyState>
        ) : (
          <div className="min-w-0">
            <ButtonLink to="/lab/explain" className="mb-6 md:hidden">
              <ArrowLeft aria-hidden className="size-4.5" /> All queries
            </ButtonLink>
            <Explained key={name} name={name} />
          </div>
        )}
      </div>
    </>
  );
}

function Explained({ name }: { name: string }) {
  const explained = useQuery({ ...explainQuery(name), staleTime: 0 });
  if (explained.data !== undefined) {
    return (
      <ExplanationView
        explanation={explained.data}
        busy={explained.isFetching}
        onAgain={() => void explained.refetch()}
      />
    );
  }
  if (explained.isError) return <ErrorState error={explained.error} onRetry={() => void explained.refetch()} />;
  return (
    <Loading what="the explanation">
      <Skeleton className="h-96 rounded-card" />
    </Loading>
  );
}
