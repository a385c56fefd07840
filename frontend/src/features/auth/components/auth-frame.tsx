import type { ReactNode } from "react";

import { useTitle } from "@/lib/use-title";

type AuthFrameProps = { title: string; intro: ReactNode; children: ReactNode };

/** The narrow page around the forms of signing in. */
export function AuthFrame({ title, intro, children }: AuthFrameProps) {
  useTitle(title);
  return (
    <div className="mx-auto w-full max-w-md px-4 py-12 sm:py-16">
      <h1 className="text-3xl font-semibold">{title}</h1>
      <p className="mt-2 mb-8 text-muted">{intro}</p>
      {children}
    </div>
  );
}

export const textLink = "font-medium text-accent underline underline-offset-4 hover:text-accent-strong";
