import { Badge } from "@/components/ui/badge";
import { count } from "@/lib/format";

type StockBadgeProps = { product: { stock: number; is_active?: boolean; low_stock_threshold: number } };

/** “In stock”, “3 left”, “Sold out”. */
export function StockBadge({ product: { stock, is_active = true, low_stock_threshold } }: StockBadgeProps) {
  if (!is_active) return <Badge>Not for sale</Badge>;
  if (stock === 0) return <Badge tone="bad">Sold out</Badge>;
  if (isLow(stock, low_stock_threshold)) return <Badge tone="warn">{count(stock)} left</Badge>;
  return <Badge tone="good">In stock</Badge>;
}

const FEW = 10;

export function isLow(stock: number, threshold: number): boolean {
  return stock > 0 && stock <= Math.max(threshold, FEW);
}
