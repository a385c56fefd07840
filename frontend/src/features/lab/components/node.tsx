import { useMutation, useQueryClient } from "@tanstack/react-query";
import { ArrowDownToLine, Pause, Play, Skull } from "lucide-react";
import { useState, type ReactNode } from "react";

import { control, TOPOLOGY, type NodeAction } from "../api/queries";
import { useLab } from "../lab-context";

import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { useToasts } from "@/contexts/toasts";
import { cx } from "@/lib/class-names";
import { stateTone, type Member } from "@/lib/topology";

const LOOKS: Record<NodeAction, { title: string; icon: ReactNode; done: string }> = {
  kill: { title: "Kill", icon: <Skull aria-hidden className="size-4" />, done: "killed" },
  start: { title: "Start", icon: <Play aria-hidden className="size-4" />, done: "started" },
  pause: { title: "Pause", icon: <Pause aria-hidden className="size-4" />, done: "paused" },
  resume: { title: "Resume", icon: <Play aria-hidden className="size-4" />, done: "resumed" },
  stepdown: { title: "Step down", icon: <ArrowDownToLine aria-hidden className="size-4" />, done: "told to step down" },
};

/** One process of the database, with what can be done to it. */
export function Node({ member, title }: { member: Member; title?: string }) {
  const { note } = useLab();
  const queries = useQueryClient();
  const { fail } = useToasts();
  const [paused, setPaused] = useState(false);
  const act = useMutation({
    mutationFn: (action: NodeAction) => control(member.node, action),
    onMutate: () => Date.now(),
    onSuccess: (_, action, began) => {
      note(`${member.node} was ${LOOKS[action].done} from here`, began);
      setPaused(action === "pause");
    },
    onError: fail,
    onSettled: () => void queries.invalidateQueries({ queryKey: TOPOLOGY }),
  });
  const primary = member.state === "PRIMARY";
  return (
    <div
      className={cx(
        "rounded-control border bg-surface p-3 transition-colors duration-500",
        primary ? "border-accent ring-1 ring-accent" : member.state === "DOWN" ? "border-dashed border-bad" : "border-line",
      )}
    >
      <div className="flex items-center justify-between gap-2">
        <span className="min-w-0 truncate font-medium">{title ?? member.node}</span>
        <Badge tone={stateTone(member.state)}>{member.state.toLowerCase()}</Badge>
      </div>
      <p className="mt-1 truncate text-sm text-muted">
        {title !== undefined && `${member.node} · `}
        {behind(member)}
      </p>
      <div className="mt-3 flex flex-wrap gap-2">
        {actionsOf(member.state, paused).map((action) => (
          <Button
            key={action}
            size="small"
            disabled={act.isPending}
            aria-label={`${LOOKS[action].title} ${member.node}`}
            onClick={() => act.mutate(action)}
          >
            {LOOKS[action].icon}
            {LOOKS[action].title}
          </Button>
        ))}
      </div>
    </div>
  );
}

/** A frozen process looks like a dead one from outside; both can be helped. */
export function actionsOf(state: string, paused: boolean): NodeAction[] {
  if (state === "DOWN") return paused ? ["resume", "kill"] : ["start", "resume"];
  return state === "PRIMARY" ? ["kill", "pause", "stepdown"] : ["kill", "pause"];
}

function behind({ state, lag_seconds: lag }: Member): string {
  if (state === "DOWN") return "does not answer";
  if (lag === null || lag === undefined) return "answers";
  return lag < 0.05 ? "up to date" : `${lag.toFixed(1)} s behind`;
}
