import { X } from "lucide-react";
import { useEffect, useId, useRef, type ReactNode } from "react";

import { Button, IconButton } from "@/components/ui/button";
import { cx } from "@/lib/class-names";

type Shape = "dialog" | "drawer";
type DialogProps = {
  open: boolean;
  onClose: () => void;
  title: string;
  /** What stands at the foot, usually buttons. */
  footer?: ReactNode;
  /** `drawer`: a sheet at the right edge, the whole width on phones. */
  shape?: Shape;
  children: ReactNode;
};

const SHAPES: Record<Shape, string> = {
  dialog:
    "enter-up m-auto max-h-[min(44rem,calc(100dvh-2rem))] w-[min(32rem,calc(100vw-2rem))] rounded-sheet border border-line",
  drawer: "enter-side ml-auto mr-0 my-0 h-dvh max-h-dvh w-full max-w-full sm:w-[26rem] sm:border-l sm:border-line",
};

/** The browser's modal dialog: it keeps the focus inside, gives it back, and closes on Escape or a click beside it. */
export function Dialog({ open, onClose, title, footer, shape = "dialog", children }: DialogProps) {
  const element = useRef<HTMLDialogElement>(null);
  const heading = useId();
  useEffect(() => {
    const dialog = element.current;
    if (dialog === null) return;
    if (open && !dialog.open) dialog.showModal();
    if (!open && dialog.open) dialog.close();
  }, [open]);
  return (
    <dialog
      ref={element}
      aria-labelledby={heading}
      onClose={onClose}
      onClick={(event) => event.target === element.current && onClose()}
      className={cx("bg-surface p-0 text-ink shadow-sheet outline-none", SHAPES[shape])}
    >
      {open && (
        <div className={cx("flex flex-col", shape === "drawer" ? "h-full" : "max-h-[inherit]")}>
          <header className="flex items-center justify-between gap-4 py-3 pr-3 pl-6">
            <h2 id={heading} className="text-lg font-semibold">
              {title}
            </h2>
            <IconButton label="Close" onClick={onClose}>
              <X aria-hidden className="size-5" />
            </IconButton>
          </header>
          <div className="grow overflow-y-auto px-6 pb-6">{children}</div>
          {footer !== undefined && (
            <footer className="flex flex-wrap justify-end gap-3 border-t border-line px-6 py-4">{footer}</footer>
          )}
        </div>
      )}
    </dialog>
  );
}

type ConfirmProps = {
  open: boolean;
  onClose: () => void;
  onConfirm: () => void;
  title: string;
  /** What the button says: a verb, such as “Delete account”. */
  action: string;
  busy?: boolean;
  danger?: boolean;
  /** What will happen. */
  children: ReactNode;
};

export function ConfirmDialog({ open, onClose, onConfirm, title, action, busy, danger, children }: ConfirmProps) {
  const footer = (
    <>
      <Button onClick={onClose}>Keep as it is</Button>
      <Button variant={danger ? "danger" : "primary"} busy={busy} onClick={onConfirm}>
        {action}
      </Button>
    </>
  );
  return (
    <Dialog open={open} onClose={onClose} title={title} footer={footer}>
      <div className="space-y-3 text-muted">{children}</div>
    </Dialog>
  );
}
