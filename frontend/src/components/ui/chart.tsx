import { lazy, Suspense } from "react";

import type { ChartProps } from "@/components/ui/chart-canvas";
import { Skeleton } from "@/components/ui/skeleton";

const ChartCanvas = lazy(() => import("@/components/ui/chart-canvas"));

/** A line or bar chart in the shop's colours. Chart.js (60 kB) is loaded with the first one. */
export function Chart({ height = 260, ...props }: ChartProps & { height?: number }) {
  return (
    <div className="relative min-w-0" style={{ height }}>
      <Suspense fallback={<Skeleton className="h-full" />}>
        <ChartCanvas {...props} />
      </Suspense>
    </div>
  );
}
