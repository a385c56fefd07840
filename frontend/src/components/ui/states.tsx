import { CloudOff, type LucideIcon } from "lucide-react";
import type { ReactNode } from "react";

import { Button } from "@/components/ui/button";
import { problemOf } from "@/lib/problem";

type EmptyStateProps = {
  icon: LucideIcon;
  title: string;
  children?: ReactNode;
  action?: ReactNode;
  /** It is the whole page: its title is the page's. */
  page?: boolean;
};

/** Nothing to see yet: says what would be here and how it gets here. */
export function EmptyState({ icon: Icon, title, children, action, page = false }: EmptyStateProps) {
  const Title = page ? "h1" : "h2";
  return (
    <div className="mx-auto flex max-w-md flex-col items-center px-4 py-16 text-center">
      <span className="mb-5 grid size-16 place-items-center rounded-full bg-accent-soft text-accent">
        <Icon aria-hidden className="size-7" strokeWidth={1.5} />
      </span>
      <Title className="text-lg font-semibold">{title}</Title>
      {children !== undefined && <div className="mt-2 text-muted">{children}</div>}
      {action !== undefined && <div className="mt-6 flex flex-wrap justify-center gap-3">{action}</div>}
    </div>
  );
}

type ErrorStateProps = { error: unknown; onRetry?: () => void };

/** What happened, and a way to try again. */
export function ErrorState({ error, onRetry }: ErrorStateProps) {
  const problem = problemOf(error);
  return (
    <div role="alert" className="mx-auto flex max-w-md flex-col items-center px-4 py-16 text-center">
      <span className="mb-5 grid size-16 place-items-center rounded-full bg-bad-soft text-bad">
        <CloudOff aria-hidden className="size-7" strokeWidth={1.5} />
      </span>
      <h2 className="text-lg font-semibold">{problem.passes ? "Not reachable right now" : "That did not work"}</h2>
      <p className="mt-2 text-muted">{problem.message}</p>
      {onRetry !== undefined && (
        <Button className="mt-6" onClick={onRetry}>
          Try again
        </Button>
      )}
    </div>
  );
}
