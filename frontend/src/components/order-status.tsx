import { Badge, type Tone } from "@/components/ui/badge";

const LOOKS: Record<string, { tone: Tone; title: string }> = {
  placed: { tone: "accent", title: "Placed" },
  completed: { tone: "good", title: "Completed" },
  cancelled: { tone: "neutral", title: "Cancelled" },
};

export function OrderStatusBadge({ status }: { status: string }) {
  const look = LOOKS[status];
  return <Badge tone={look?.tone}>{look?.title ?? status}</Badge>;
}
