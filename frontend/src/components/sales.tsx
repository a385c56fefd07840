import type { ReactNode } from "react";

import { Ranking, ranked } from "@/components/ranking";
import { SalesChart } from "@/components/sales-chart";
import { Card, Figure } from "@/components/ui/card";
import { Loading, Skeleton } from "@/components/ui/skeleton";
import type { Schemas } from "@/lib/api";
import { count, money } from "@/lib/format";

type SalesProps = {
  figures: Parameters<typeof Figure>[0][];
  sales: Pick<Schemas["SellerStats"], "by_day" | "top_products">;
  days: number;
  /** The card beside the best sellers. */
  children: ReactNode;
};

/** What was sold, as figures, by day and by product: a seller's own, or the whole shop's. */
export function Sales({ figures, sales, days, children }: SalesProps) {
  return (
    <>
      <div className="grid grid-cols-2 gap-4 lg:grid-cols-4">
        {figures.map((figure) => (
          <Figure key={figure.label} {...figure} />
        ))}
      </div>
      <Card title="Revenue by day" className="mt-6">
        <SalesChart days={sales.by_day} number={days} />
      </Card>
      <div className="mt-6 grid items-start gap-6 md:grid-cols-2">
        <Card title="Best sellers">
          <Ranking
            empty="Nothing was sold in this time."
            items={ranked(sales.top_products, (one) => ({
              id: one.product_id,
              name: one.name,
              amount: one.revenue,
              value: `${count(one.units)} sold · ${money(one.revenue)}`,
            }))}
          />
        </Card>
        {children}
      </div>
    </>
  );
}

export function SalesLoading() {
  return (
    <Loading what="the figures">
      <div className="grid grid-cols-2 gap-4 lg:grid-cols-4">
        {["a", "b", "c", "d"].map((key) => (
          <Skeleton key={key} className="h-28 rounded-card" />
        ))}
      </div>
      <Skeleton className="mt-6 h-80 rounded-card" />
    </Loading>
  );
}
