import { NavLink } from "react-router";

import { cx } from "@/lib/class-names";

export type SectionLink = { to: string; title: string; end?: boolean };

/** The pages of one area, beneath its heading; scrolls sideways on phones. */
export function SectionNav({ label, links }: { label: string; links: SectionLink[] }) {
  return (
    <nav aria-label={label} className="mb-8 overflow-x-auto border-b border-line">
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
