import { LoaderCircle, ShieldCheck } from "lucide-react";
import { Link } from "react-router";

import { useCartLines, type ShownLine } from "./api/use-cart-lines";
import { useCheckout } from "./api/use-checkout";
import { CartLines } from "./components/cart-lines";
import { EmptyCart } from "./components/empty-cart";
import { Refusal } from "./components/refusal";

import { Button } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { PageHeader } from "@/components/ui/page-header";
import { Loading, Skeleton } from "@/components/ui/skeleton";
import { useCart } from "@/contexts/cart";
import { useSession } from "@/contexts/session";
import { money } from "@/lib/format";

export default function CheckoutPage() {
  const { user } = useSession();
  return (
    <div className="page max-w-5xl! py-10">
      <PageHeader title="Review and order">Look it over once more. Stock and prices here are live.</PageHeader>
      {user !== null && <Review key={user.id} buyer={user.id} />}
    </div>
  );
}

function Review({ buyer }: { buyer: string }) {
  const { loading } = useCart();
  const { lines, total, sellable } = useCartLines();
  const { state, refusal, place } = useCheckout(buyer);
  if (state === "unanswered") return <Unanswered />;
  if (loading) {
    return (
      <Loading what="your cart">
        <Skeleton className="h-40 rounded-card" />
      </Loading>
    );
  }
  if (lines.length === 0 && state === "ready") return <EmptyCart />;
  return (
    <div className="grid items-start gap-6 md:grid-cols-[1fr_20rem]">
      <div className="space-y-4">
        <Refusal problem={refusal} lines={lines} />
        <Card>
          <CartLines lines={lines} />
        </Card>
      </div>
      <Card className="md:sticky md:top-24">
        <h2 className="mb-4 font-semibold">Your order</h2>
        <Totals lines={lines} total={total} />
        <Button
          variant="primary"
          size="large"
          className="mt-5 w-full"
          busy={state === "sending"}
          disabled={!sellable}
          onClick={() => place(total)}
        >
          Place order
        </Button>
        <p className="mt-4 flex gap-2.5 text-sm text-muted">
          <ShieldCheck aria-hidden className="mt-0.5 size-4.5 shrink-0" />
          All of it or nothing: if a piece has just been sold, nothing is ordered and you are told which.
        </p>
        <Link to="/cart" className="mt-4 inline-flex min-h-9 items-center text-sm font-medium text-accent hover:underline">
          Back to the cart
        </Link>
      </Card>
    </div>
  );
}

function Totals({ lines, total }: { lines: ShownLine[]; total: number }) {
  const units = lines.reduce((sum, line) => sum + line.quantity, 0);
  return (
    <dl className="space-y-2 text-[0.9375rem]">
      <div className="flex justify-between text-muted">
        <dt>{units === 1 ? "1 item" : `${units} items`}</dt>
        <dd className="tabular-nums">{money(total)}</dd>
      </div>
      <div className="flex justify-between border-t border-line pt-3 text-lg font-semibold">
        <dt>Total</dt>
        <dd className="tabular-nums">{money(total)}</dd>
      </div>
    </dl>
  );
}

function Unanswered() {
  return (
    <Card>
      <div role="status" className="flex flex-col items-center gap-4 py-10 text-center">
        <LoaderCircle aria-hidden className="size-8 animate-spin text-accent" />
        <p className="text-lg font-semibold">Waiting for the shop’s answer</p>
        <p className="max-w-md text-muted">
          Your order has been sent and is asked about until the answer is there. It is placed once at most, also if you
          reload this page or come back later.
        </p>
      </div>
    </Card>
  );
}
