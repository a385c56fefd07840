import { Chart } from "@/components/ui/chart";
import type { Schemas } from "@/lib/api";
import { count, day, money } from "@/lib/format";

type Day = Schemas["Day"];

/** Revenue by day as bars. Days without orders are shown as such. */
export function SalesChart({ days, number }: { days: Day[]; number: number }) {
  const all = everyDay(days, number, new Date());
  const orders = all.reduce((sum, one) => sum + one.orders, 0);
  const revenue = all.reduce((sum, one) => sum + one.revenue, 0);
  return (
    <Chart
      summary={`Revenue of the last ${number} days: ${money(revenue)} from ${count(orders)} orders`}
      labels={all.map((one) => day(`${one.date}T12:00:00Z`))}
      series={[{ label: "Revenue", values: all.map((one) => one.revenue), kind: "bar" }]}
      format={money}
    />
  );
}

/** The last `number` days up to `today` (UTC), oldest first. */
export function everyDay(days: Day[], number: number, today: Date): Day[] {
  const known = new Map(days.map((one) => [one.date, one]));
  return Array.from({ length: number }, (_, index) => {
    const date = new Date(today.getTime() - (number - 1 - index) * 86_400_000).toISOString().slice(0, 10);
    return known.get(date) ?? { date, revenue: 0, orders: 0 };
  });
}
