import { ButtonLink, Button } from "@/components/ui/button";
import { useSession } from "@/contexts/session";
import { money } from "@/lib/format";

/** The sum, and the way to the checkout, which is closed as long as a line cannot be bought as it is. */
export function Summary({ total, sellable }: { total: number; sellable: boolean }) {
  const { user } = useSession();
  const way = { variant: "primary", size: "large", className: "mt-5 w-full" } as const;
  return (
    <div>
      <p className="flex items-baseline justify-between text-lg font-semibold">
        <span>Total</span>
        <span className="tabular-nums">{money(total)}</span>
      </p>
      {sellable ? (
        <ButtonLink to="/checkout" {...way}>
          {user === null ? "Sign in and check out" : "Check out"}
        </ButtonLink>
      ) : (
        <>
          <Button {...way} disabled>
            Check out
          </Button>
          <p className="mt-2 text-sm text-muted">Something in your cart is not there as you want it; see above.</p>
        </>
      )}
    </div>
  );
}
