import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { dashboardQuery } from "./api/queries";

import { DaysSelect } from "@/components/days-select";
import { Ranking, ranked } from "@/components/ranking";
import { SalesChart } from "@/components/sales-chart";
import { ButtonLink } from "@/components/ui/button";
import { Card, Figure } from "@/components/ui/card";
import { PageHeader } from "@/components/ui/page-header";
import { Loading, Skeleton } from "@/components/ui/skeleton";
import { ErrorState } from "@/components/ui/states";
import type { Schemas } from "@/lib/api";
import { count, money } from "@/lib/format";

type Dashboard = Schemas["Dashboard"];

export default function DashboardPage() {
  const [days, setDays] = useState(30);
  const dashboard = useQuery(dashboardQuery(days));
  return (
    <>
      <PageHeader
        title="The whole shop"
        actions={
          <>
            <DaysSelect days={days} onChange={setDays} />
            <ButtonLink to="/docs" reloadDocument>
              API documentation
            </ButtonLink>
          </>
        }
      />
      {dashboard.data !== undefined ? (
        <Figures of={dashboard.data} days={days} />
      ) : dashboard.isError ? (
        <ErrorState error={dashboard.error} onRetry={() => void dashboard.refetch()} />
      ) : (
        <Loading what="the figures">
          <div className="grid grid-cols-2 gap-4 lg:grid-cols-4">
            {["a", "b", "c", "d"].map((key) => (
              <Skeleton key={key} className="h-28 rounded-card" />
            ))}
          </div>
          <Skeleton className="mt-6 h-80 rounded-card" />
        </Loading>
      )}
    </>
  );
}

function Figures({ of: all, days }: { of: Dashboard; days: number }) {
  const sum = (counts: Record<string, number>): string => count(Object.values(counts).reduce((a, b) => a + b, 0));
  const list = (counts: Record<string, number>): string =>
    Object.entries(counts)
      .map(([name, number]) => `${count(number)} ${name}`)
      .join(", ");
  return (
    <>
      <div className="grid grid-cols-2 gap-4 lg:grid-cols-4">
        <Figure label="Revenue since the beginning" value={money(all.revenue)} note="without cancelled orders" />
        <Figure label="Orders" value={sum(all.orders)} note={list(all.orders)} />
        <Figure label="Products" value={sum(all.products)} note={list(all.products)} />
        <Figure label="Accounts" value={sum(all.users)} note={list(all.users)} />
      </div>
      <Card title="Revenue by day" className="mt-6">
        <SalesChart days={all.by_day} number={days} />
      </Card>
      <div className="mt-6 grid items-start gap-6 md:grid-cols-2">
        <Card title="Best sellers">
          <Ranking
            empty="Nothing was sold in this time."
            items={ranked(all.top_products, (one) => ({
              id: one.product_id,
              name: one.name,
              amount: one.revenue,
              value: `${count(one.units)} · ${money(one.revenue)}`,
            }))}
          />
        </Card>
        <Card title="Strongest sellers">
          <Ranking
            empty="Nobody sold anything in this time."
            items={ranked(all.top_sellers, (one) => ({
              id: one.seller_id,
              name: one.name,
              amount: one.revenue,
              value: `${count(one.orders)} · ${money(one.revenue)}`,
            }))}
          />
        </Card>
      </div>
    </>
  );
}
