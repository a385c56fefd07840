import { useCartLines } from "./api/use-cart-lines";
import { CartLines } from "./components/cart-lines";
import { EmptyCart } from "./components/empty-cart";
import { Summary } from "./components/summary";

import { Card } from "@/components/ui/card";
import { PageHeader } from "@/components/ui/page-header";
import { Loading, Skeleton } from "@/components/ui/skeleton";
import { ErrorState } from "@/components/ui/states";
import { useCart } from "@/contexts/cart";

export default function CartPage() {
  const { loading, error } = useCart();
  return (
    <div className="page max-w-5xl! py-10">
      <PageHeader title="Cart" />
      {loading ? (
        <Loading what="your cart">
          <Skeleton className="h-40 rounded-card" />
        </Loading>
      ) : error !== null ? (
        <ErrorState error={error} />
      ) : (
        <Contents />
      )}
    </div>
  );
}

function Contents() {
  const { lines, total, sellable } = useCartLines();
  if (lines.length === 0) return <EmptyCart />;
  return (
    <div className="grid items-start gap-6 md:grid-cols-[1fr_20rem]">
      <Card>
        <CartLines lines={lines} />
      </Card>
      <Card className="md:sticky md:top-24">
        <Summary total={total} sellable={sellable} />
      </Card>
    </div>
  );
}
