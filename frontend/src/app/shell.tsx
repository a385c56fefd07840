import { lazy, Suspense, useEffect, useRef } from "react";
import { Outlet, ScrollRestoration, useLocation, type Location } from "react-router";

import { ConnectionBanner } from "@/app/connection-banner";
import { Footer } from "@/app/footer";
import { Header } from "@/app/header";
import { OrderUpdates } from "@/features/orders/order-updates";
import { CartDrawer } from "@/features/cart/components/cart-drawer";
import { CartProvider } from "@/contexts/cart";
import { StockUpdates } from "@/contexts/live-products";
import { useSession } from "@/contexts/session";
import { ToastProvider } from "@/contexts/toasts";

const SignInAgain = lazy(() => import("@/app/sign-in-again"));

/** Pages that were typed or opened anew all have the key `default`: their address tells them apart. */
const placeOf = ({ key, pathname, search }: Location): string => (key === "default" ? pathname + search : key);

/** What is around every page. After a change of the page the focus is at its beginning, unless somebody is typing. */
export function Shell() {
  const main = useRef<HTMLElement>(null);
  const { pathname } = useLocation();
  const { status } = useSession();
  const shown = useRef(pathname);
  useEffect(() => {
    const searching = document.activeElement?.matches("[role=search] *") === true; // the listing follows what is typed
    if (shown.current !== pathname && !searching) main.current?.focus({ preventScroll: true });
    shown.current = pathname;
  }, [pathname]);
  return (
    <ToastProvider>
      <CartProvider>
        <a
          href="#main"
          className="sr-only z-50 rounded-control bg-accent px-4 py-3 text-on-accent focus:not-sr-only focus:fixed focus:top-2 focus:left-2"
        >
          Skip to the page
        </a>
        <div className="flex min-h-dvh flex-col">
          <Header />
          <ConnectionBanner />
          <main ref={main} id="main" tabIndex={-1} className="grow outline-none">
            <Outlet />
          </main>
          <Footer />
        </div>
        {status === "expired" && (
          <Suspense>
            <SignInAgain />
          </Suspense>
        )}
        <ScrollRestoration getKey={placeOf} />
        <CartDrawer />
        <StockUpdates />
        <OrderUpdates />
      </CartProvider>
    </ToastProvider>
  );
}
