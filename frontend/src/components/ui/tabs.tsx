import { useId, useRef, type KeyboardEvent, type ReactNode } from "react";

import { cx } from "@/lib/class-names";

export type Tab = { id: string; title: ReactNode; content: ReactNode };
type TabsProps = { label: string; tabs: Tab[]; selected: string; onSelect: (id: string) => void };

const STEPS: Record<string, number> = { ArrowRight: 1, ArrowLeft: -1 };

/** Tabs by the ARIA pattern: one stop for the tab key, arrows move and select. Only the selected one is rendered. */
export function Tabs({ label, tabs, selected, onSelect }: TabsProps) {
  const base = useId();
  const list = useRef<HTMLDivElement>(null);
  const current = tabs.find((tab) => tab.id === selected) ?? tabs[0];
  if (current === undefined) return null;

  const move = (event: KeyboardEvent): void => {
    const step = STEPS[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const index = (tabs.indexOf(current) + step + tabs.length) % tabs.length;
    list.current?.querySelectorAll<HTMLElement>("[role=tab]")[index]?.focus();
    const next = tabs[index];
    if (next !== undefined) onSelect(next.id);
  };

  return (
    <>
      <div
        ref={list}
        role="tablist"
        aria-label={label}
        onKeyDown={move}
        className="mb-6 flex gap-1 overflow-x-auto border-b border-line"
      >
        {tabs.map((tab) => (
          <button
            key={tab.id}
            type="button"
            role="tab"
            id={`${base}-${tab.id}`}
            aria-selected={tab === current}
            aria-controls={tab === current ? `${base}-panel` : undefined}
            tabIndex={tab === current ? 0 : -1}
            onClick={() => onSelect(tab.id)}
            className={cx(
              "-mb-px min-h-11 border-b-2 px-4 text-[0.9375rem] font-medium whitespace-nowrap transition-colors",
              "focus-visible:-outline-offset-2",
              tab === current ? "border-accent text-ink" : "border-transparent text-muted hover:text-ink",
            )}
          >
            {tab.title}
          </button>
        ))}
      </div>
      <div role="tabpanel" id={`${base}-panel`} aria-labelledby={`${base}-${current.id}`}>
        {current.content}
      </div>
    </>
  );
}
