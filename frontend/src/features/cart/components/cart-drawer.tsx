import { useLocation } from "react-router";
import { useEffect } from "react";

import { CartLines } from "./cart-lines";
import { EmptyCart } from "./empty-cart";
import { Summary } from "./summary";
import { useCartLines } from "../api/use-cart-lines";

import { ButtonLink } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import { useCart } from "@/contexts/cart";

/** The cart beside the page. It closes when one goes to another page. */
export function CartDrawer() {
  const { drawerOpen, showDrawer } = useCart();
  const { pathname } = useLocation();
  useEffect(() => showDrawer(false), [pathname, showDrawer]);
  return (
    <Dialog shape="drawer" open={drawerOpen} onClose={() => showDrawer(false)} title="Cart">
      <Contents onVisit={() => showDrawer(false)} />
    </Dialog>
  );
}

function Contents({ onVisit }: { onVisit: () => void }) {
  const { lines, total, sellable } = useCartLines();
  if (lines.length === 0) return <EmptyCart onVisit={onVisit} />;
  return (
    <>
      <CartLines lines={lines} onVisit={onVisit} />
      <div className="mt-5 border-t border-line pt-5">
        <Summary total={total} sellable={sellable} />
      </div>
      <ButtonLink to="/cart" onClick={onVisit} className="mt-3 w-full">
        View cart
      </ButtonLink>
    </>
  );
}
