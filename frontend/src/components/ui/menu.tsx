import { useEffect, useId, useRef, useState, type ReactNode } from "react";

import { IconButton } from "@/components/ui/button";
import { cx } from "@/lib/class-names";

type MenuProps = { label: string; icon: ReactNode; children: (close: () => void) => ReactNode; wide?: boolean };

/** A button that shows links and buttons beneath it. Escape, a click elsewhere or leaving by tab closes it. */
export function Menu({ label, icon, children, wide = false }: MenuProps) {
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const id = useId();

  useEffect(() => {
    if (!open) return;
    const elsewhere = (event: Event): void => {
      if (!root.current?.contains(event.target as Node)) setOpen(false);
    };
    document.addEventListener("pointerdown", elsewhere);
    document.addEventListener("focusin", elsewhere);
    return () => {
      document.removeEventListener("pointerdown", elsewhere);
      document.removeEventListener("focusin", elsewhere);
    };
  }, [open]);

  return (
    <div
      ref={root}
      className="relative"
      onKeyDown={(event) => {
        if (event.key !== "Escape" || !open) return;
        setOpen(false);
        button.current?.focus();
      }}
    >
      <IconButton
        ref={button}
        label={label}
        aria-expanded={open}
        aria-controls={id}
        onClick={() => setOpen((before) => !before)}
      >
        {icon}
      </IconButton>
      <div
        id={id}
        hidden={!open}
        className={cx(
          "enter-up absolute top-full right-0 z-30 mt-2 rounded-card border border-line bg-surface p-2 shadow-sheet",
          wide ? "-right-12 w-[min(24rem,calc(100vw-2rem))]" : "w-60",
        )}
      >
        {open && children(() => setOpen(false))}
      </div>
    </div>
  );
}

export const menuItem = cx(
  "flex min-h-11 w-full items-center gap-3 rounded-control px-3 text-left text-[0.9375rem] hover:bg-raised",
);
