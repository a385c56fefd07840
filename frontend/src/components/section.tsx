import { useEffect, useRef, type ReactNode } from "react";
import { NavLink, Outlet, Route, Routes, useLocation } from "react-router";

import { NoPage } from "@/components/no-page";
import { cx } from "@/lib/class-names";

export type SectionLink = { to: string; title: string; end?: boolean };

type SectionProps = { label: string; links: SectionLink[]; children: ReactNode };

/** The pages of one area, given as `<Route>`s, each beneath the area's own navigation. */
export function Section({ label, links, children }: SectionProps) {
  const frame = (
    <div className="page py-8">
      <SectionNav label={label} links={links} />
      <Outlet />
    </div>
  );
  return (
    <Routes>
      <Route element={frame}>
        {children}
        <Route path="*" element={<NoPage />} />
      </Route>
    </Routes>
  );
}

/** Scrolls sideways on phones; the page that is open is in sight. */
function SectionNav({ label, links }: { label: string; links: SectionLink[] }) {
  const nav = useRef<HTMLElement>(null);
  const { pathname } = useLocation();
  useEffect(() => {
    const chosen = nav.current?.querySelector<HTMLElement>("[aria-current=page]");
    if (chosen) nav.current?.scrollTo({ left: chosen.offsetLeft - nav.current.clientWidth / 4 });
  }, [pathname]);
  return (
    <nav ref={nav} aria-label={label} className="relative mb-8 overflow-x-auto border-b border-line">
      <ul className="flex gap-1">
        {links.map(({ to, title, end = false }) => (
          <li key={to}>
            <NavLink
              to={to}
              end={end}
              className={({ isActive }) =>
                cx(
                  "-mb-px flex min-h-11 items-center border-b-2 px-4 text-[0.9375rem] font-medium whitespace-nowrap",
                  "transition-colors focus-visible:-outline-offset-2",
                  isActive ? "border-accent text-ink" : "border-transparent text-muted hover:text-ink",
                )
              }
            >
              {title}
            </NavLink>
          </li>
        ))}
      </ul>
    </nav>
  );
}
