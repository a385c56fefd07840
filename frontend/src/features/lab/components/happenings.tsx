import { useLab } from "../lab-context";
import type { Kind } from "../api/timeline";

import { Badge } from "@/components/ui/badge";
import { Card } from "@/components/ui/card";
import { cx } from "@/lib/class-names";
import { timeOfDay } from "@/lib/format";

const DOTS: Record<Kind, string> = {
  primary: "bg-accent",
  lost: "bg-bad",
  down: "bg-bad",
  up: "bg-good",
  moved: "bg-warn",
  asked: "bg-edge",
};

/** What happened since the lab was opened, newest first, and how long writes had to wait. */
export function Happenings() {
  const { happenings } = useLab().timeline;
  return (
    <Card title="What happened">
      {happenings.length === 0 ? (
        <p className="text-muted">Nothing since you came. Kill a node, or make the primary step down.</p>
      ) : (
        <ol aria-live="polite" className="max-h-[36rem] space-y-4 overflow-y-auto" tabIndex={0} aria-label="Events, newest first">
          {happenings.map((one) => (
            <li key={one.id} className="flex gap-3">
              <span aria-hidden className={cx("mt-1.5 size-2.5 shrink-0 rounded-full", DOTS[one.kind])} />
              <div className="min-w-0">
                <p className="text-[0.9375rem]">{one.text}</p>
                <p className="flex flex-wrap items-center gap-2 text-sm text-muted tabular-nums">
                  <time dateTime={new Date(one.at).toISOString()}>{timeOfDay(new Date(one.at).toISOString())}</time>
                  {one.gap !== undefined && <Badge tone="warn">no primary for at most {(one.gap / 1000).toFixed(1)} s</Badge>}
                </p>
              </div>
            </li>
          ))}
        </ol>
      )}
    </Card>
  );
}
