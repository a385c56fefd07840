import type { ReactNode } from "react";

import { useTitle } from "@/lib/use-title";

type PageHeaderProps = { title: string; children?: ReactNode; actions?: ReactNode };

/** The page's one h1, which is also its title in the tab. */
export function PageHeader({ title, children, actions }: PageHeaderProps) {
  useTitle(title);
  return (
    <header className="mb-8 flex flex-wrap items-end justify-between gap-4">
      <div className="min-w-0">
        <h1 className="text-3xl font-semibold">{title}</h1>
        {children !== undefined && <div className="mt-2 max-w-2xl text-muted">{children}</div>}
      </div>
      {actions !== undefined && <div className="flex flex-wrap gap-3">{actions}</div>}
    </header>
  );
}
