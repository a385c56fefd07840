import { Compass } from "lucide-react";

import { ButtonLink } from "@/components/ui/button";
import { EmptyState } from "@/components/ui/states";
import { useTitle } from "@/lib/use-title";

export default function NotFoundPage() {
  useTitle("Not found");
  return (
    <div className="page py-10">
      <EmptyState
        page
        icon={Compass}
        title="There is no page here"
        action={
          <ButtonLink to="/products" variant="primary">
            Browse the shop
          </ButtonLink>
        }
      >
        The address may have a typing error, or what was here is gone.
      </EmptyState>
    </div>
  );
}
