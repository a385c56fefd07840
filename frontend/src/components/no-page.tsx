import { Compass } from "lucide-react";

import { ButtonLink } from "@/components/ui/button";
import { EmptyState } from "@/components/ui/states";
import { useTitle } from "@/lib/use-title";

/** Where an address leads nowhere. */
export function NoPage() {
  useTitle("Not found");
  const back = (
    <ButtonLink to="/products" variant="primary">
      Browse the shop
    </ButtonLink>
  );
  return (
    <EmptyState page icon={Compass} title="There is no page here" action={back}>
      The address may have a typing error, or what was here is gone.
    </EmptyState>
  );
}
