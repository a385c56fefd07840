import { useRouteError } from "react-router";

import { ErrorState } from "@/components/ui/states";

/** A page that broke, or whose file could not be loaded (a new version was put up meanwhile). */
export function RouteError() {
  const error = useRouteError();
  return (
    <main className="grid min-h-dvh place-items-center">
      <ErrorState error={error} onRetry={() => window.location.reload()} />
    </main>
  );
}
