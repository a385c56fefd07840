import { Radio, ShoppingBag } from "lucide-react";
import { useState } from "react";

import { Quantity } from "@/components/quantity";
import { StockBadge } from "@/components/stock-badge";
import { Button } from "@/components/ui/button";
import { useCart } from "@/contexts/cart";
import { useConnectionStatus } from "@/contexts/realtime";
import { useSession } from "@/contexts/session";
import type { Product } from "@/lib/products";

/** Stock as it is this moment, and putting units into the cart. */
export function BuyBox({ product }: { product: Product }) {
  const { user } = useSession();
  const [wanted, setWanted] = useState(1);
  const { add, showDrawer } = useCart();
  const live = useConnectionStatus() === "open";
  const quantity = Math.max(1, Math.min(wanted, product.stock));
  const sold = product.stock === 0 || !product.is_active;

  const buy = (): void => {
    add({ product_id: product.id, name: product.name, price: product.price }, quantity);
    setWanted(1);
    showDrawer(true);
  };

  return (
    <div className="mt-5">
      <div role="status" className="flex min-h-7 items-center gap-3">
        <span key={product.stock} className="pulse-once rounded-full">
          <StockBadge product={product} />
        </span>
        {live && (
          <span className="flex items-center gap-1.5 text-sm text-muted">
            <Radio aria-hidden className="size-4" /> live
          </span>
        )}
      </div>
      {user === null || user.role === "buyer" ? (
        <div className="mt-6 flex flex-wrap gap-3">
          <Quantity of={product.name} value={quantity} max={Math.max(1, product.stock)} onChange={setWanted} />
          <Button variant="primary" size="large" className="min-h-12! grow" disabled={sold} onClick={buy}>
            <ShoppingBag aria-hidden className="size-5" />
            {sold ? "Sold out" : "Add to cart"}
          </Button>
        </div>
      ) : (
        <p className="mt-4 text-sm text-muted">Only buyers have a cart; you are signed in as {user.role}.</p>
      )}
    </div>
  );
}
