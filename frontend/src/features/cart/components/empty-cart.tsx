import { ShoppingBag } from "lucide-react";

import { ButtonLink } from "@/components/ui/button";
import { EmptyState } from "@/components/ui/states";

export function EmptyCart({ onVisit }: { onVisit?: () => void }) {
  return (
    <EmptyState
      icon={ShoppingBag}
      title="Your cart is empty"
      action={
        <ButtonLink to="/products" variant="primary" onClick={onVisit}>
          Find something
        </ButtonLink>
      }
    >
      What you add is kept here, also until you sign in.
    </EmptyState>
  );
}
