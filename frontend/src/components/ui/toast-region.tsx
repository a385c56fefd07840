import { CircleAlert, CircleCheck, X } from "lucide-react";
import { Link } from "react-router";

import { IconButton } from "@/components/ui/button";

export type Toast = { id: number; kind: "good" | "bad"; text: string; action?: { text: string; to: string } };
type ToastRegionProps = { toasts: Toast[]; onDismiss: (id: number) => void };

/** Toasts stand at the foot of the page; while there are any, the page ends above them, so that they cover nothing. */
export function ToastRegion({ toasts, onDismiss }: ToastRegionProps) {
  return (
    <>
      {toasts.length > 0 && <div aria-hidden style={{ height: `${toasts.length * 4.5 + 1}rem` }} />}
      <div
        role="region"
        aria-label="Messages"
        className="pointer-events-none fixed inset-x-0 bottom-0 z-40 flex flex-col items-center gap-2 p-4 sm:items-end"
      >
        <div aria-live="polite" className="flex w-full flex-col items-center gap-2 sm:w-auto sm:items-end">
          {toasts.map((toast) => (
            <div
              key={toast.id}
              className="enter-up pointer-events-auto flex w-full max-w-sm items-center gap-3 rounded-card border border-line bg-surface py-1.5 pr-1.5 pl-4 text-[0.9375rem] shadow-sheet"
            >
              {toast.kind === "good" ? (
                <CircleCheck aria-hidden className="size-5 shrink-0 text-good" />
              ) : (
                <CircleAlert aria-hidden className="size-5 shrink-0 text-bad" />
              )}
              <p className="grow py-1.5">{toast.text}</p>
              {toast.action !== undefined && (
                <Link to={toast.action.to} className="font-medium text-accent underline-offset-4 hover:underline">
                  {toast.action.text}
                </Link>
              )}
              <IconButton label="Dismiss" size="small" onClick={() => onDismiss(toast.id)}>
                <X aria-hidden className="size-4" />
              </IconButton>
            </div>
          ))}
        </div>
      </div>
    </>
  );
}
