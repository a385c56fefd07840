import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { dashboardQuery } from "./api/queries";

import { DaysSelect } from "@/components/days-select";
import { Ranking, ranked } from "@/components/ranking";
import { Sales, SalesLoading } from "@/components/sales";
import { ButtonLink } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { PageHeader } from "@/components/ui/page-header";
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
        <SalesLoading />
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
  const figures = [
    { label: "Revenue since the beginning", value: money(all.revenue), note: "without cancelled orders" },
    { label: "Orders", value: sum(all.orders), note: list(all.orders) },
    { label: "Products", value: sum(all.products), note: list(all.products) },
    { label: "Accounts", value: sum(all.users), note: list(all.users) },
  ];
  return (
    <Sales figures={figures} sales={all} days={days}>
      <Card title="Strongest sellers">
        <Ranking
          empty="Nobody sold anything in this time."
          items={ranked(all.top_sellers, (one) => ({
            id: one.seller_id,
            name: one.name,
            amount: one.revenue,
            value: `${count(one.orders)} orders · ${money(one.revenue)}`,
          }))}
        />
      </Card>
    </Sales>
  );
}
