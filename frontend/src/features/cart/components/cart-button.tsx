import { ShoppingBag } from "lucide-react";

import { IconButton } from "@/components/ui/button";
import { useCart } from "@/contexts/cart";

export function CartButton() {
  const { count, showDrawer } = useCart();
  return (
    <IconButton label={count === 1 ? "Cart, 1 item" : `Cart, ${count} items`} onClick={() => showDrawer(true)}>
      <ShoppingBag aria-hidden className="size-5.5" />
      {count > 0 && (
        <span
          aria-hidden
          className="absolute top-0.5 right-0.5 grid h-5 min-w-5 place-items-center rounded-full bg-accent px-1 text-xs font-semibold text-on-accent"
        >
          {count > 99 ? "99+" : count}
        </span>
      )}
    </IconButton>
  );
}
