import { useQuery, useQueryClient } from "@tanstack/react-query";
import { PackageCheck, Plus } from "lucide-react";
import { useCallback, useState } from "react";
import { Link } from "react-router";

import { statsQuery, STATS } from "./api/queries";

import { DaysSelect } from "@/components/days-select";
import { Sales, SalesLoading } from "@/components/sales";
import { StockBadge } from "@/components/stock-badge";
import { ButtonLink } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { PageHeader } from "@/components/ui/page-header";
import { ErrorState } from "@/components/ui/states";
import { useEvent } from "@/contexts/realtime";
import type { Schemas } from "@/lib/api";
import { count, money } from "@/lib/format";

type Stats = Schemas["SellerStats"];

export default function DashboardPage() {
  const [days, setDays] = useState(30);
  const queries = useQueryClient();
  const stats = useQuery(statsQuery(days));
  const again = useCallback(() => void queries.invalidateQueries({ queryKey: STATS }), [queries]);
  useEvent("order_placed", again);
  useEvent("low_stock", again);
  return (
    <>
      <PageHeader
        title="Seller’s desk"
        actions={
          <>
            <DaysSelect days={days} onChange={setDays} />
            <ButtonLink to="/seller/products/new" variant="primary">
              <Plus aria-hidden className="size-4.5" /> New product
            </ButtonLink>
          </>
        }
      />
      {stats.data !== undefined ? (
        <Overview stats={stats.data} days={days} />
      ) : stats.isError ? (
        <ErrorState error={stats.error} onRetry={() => void stats.refetch()} />
      ) : (
        <SalesLoading />
      )}
    </>
  );
}

function Overview({ stats, days }: { stats: Stats; days: number }) {
  const figures = [
    { label: "Revenue", value: money(stats.revenue), note: "without cancelled orders" },
    { label: "Orders", value: count(stats.orders) },
    { label: "Units sold", value: count(stats.units) },
    { label: "Average order", value: money(stats.average_order) },
  ];
  return (
    <Sales figures={figures} sales={stats} days={days}>
      <LowStock products={stats.low_stock} />
    </Sales>
  );
}

function LowStock({ products }: { products: Stats["low_stock"] }) {
  return (
    <Card title="Running low">
      {products.length === 0 ? (
        <p className="flex items-center gap-2 text-muted">
          <PackageCheck aria-hidden className="size-5 text-good" /> Everything is above its threshold.
        </p>
      ) : (
        <ul className="divide-y divide-line">
          {products.map((product) => (
            <li key={product.id} className="flex items-center justify-between gap-4 py-2.5">
              <Link
                to={`/seller/products/${product.id}`}
                className="flex min-h-6 min-w-0 items-center underline-offset-4 hover:underline"
              >
                <span className="truncate">{product.name}</span>
              </Link>
              <StockBadge product={product} />
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}
