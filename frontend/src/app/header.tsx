import { lazy, Suspense } from "react";
import { Link, NavLink } from "react-router";

import { AccountMenu } from "@/app/account-menu";
import { linksOf } from "@/app/navigation";
import { CartButton } from "@/features/cart/components/cart-button";
import { SearchBox } from "@/features/catalogue/components/search-box";
import { useSession } from "@/contexts/session";
import { cx } from "@/lib/class-names";

const NotificationBell = lazy(() => import("@/features/notifications/components/notification-bell"));

/** Logo, search, and what this person may visit. On phones the search has a row of its own. */
export function Header() {
  const { user } = useSession();
  return (
    <header className="sticky top-0 z-20 border-b border-line bg-canvas/90 backdrop-blur-md">
      <div className="page flex flex-wrap items-center gap-x-3 gap-y-2 py-2.5 lg:gap-x-6">
        <Link to="/" className="flex min-h-11 items-center gap-2.5 rounded-control text-lg font-semibold tracking-tight">
          <img src="/favicon.svg" alt="" width={30} height={30} />
          Shardmart
        </Link>
        <div className="order-last w-full md:order-none md:w-auto md:max-w-xl md:grow">
          <SearchBox />
        </div>
        <nav aria-label="Main" className="ml-auto flex items-center gap-1">
          {linksOf(user?.role ?? null).map((link) => (
            <NavLink
              key={link.to}
              to={link.to}
              className={({ isActive }) =>
                cx(
                  "hidden min-h-11 items-center rounded-control px-3 text-[0.9375rem] font-medium hover:bg-raised sm:inline-flex",
                  isActive && "text-accent",
                )
              }
            >
              {link.title}
            </NavLink>
          ))}
          {(user === null || user.role === "buyer") && <CartButton />}
          {(user?.role === "buyer" || user?.role === "seller") && (
            <Suspense fallback={<span className="size-11" />}>
              <NotificationBell />
            </Suspense>
          )}
          <AccountMenu />
        </nav>
      </div>
    </header>
  );
}
