import { Minus, Plus } from "lucide-react";
import { useEffect, useState } from "react";

import { IconButton } from "@/components/ui/button";

type QuantityProps = {
  /** Of what, for screen readers. */
  of: string;
  value: number;
  min?: number;
  max?: number;
  onChange: (value: number) => void;
};

const MOST = 1_000; // of one product in a cart

/** A number to type, with a button for one less and one for one more. */
export function Quantity({ of, value, min = 1, max = MOST, onChange }: QuantityProps) {
  const [typed, setTyped] = useState(String(value));
  useEffect(() => setTyped(String(value)), [value]);
  const bounded = (n: number): number => Math.min(Math.max(n, min), Math.max(min, Math.min(max, MOST)));
  const commit = (): void => {
    const wanted = bounded(Number.parseInt(typed, 10) || value);
    setTyped(String(wanted));
    if (wanted !== value) onChange(wanted);
  };
  return (
    <div role="group" aria-label={`Quantity of ${of}`} className="inline-flex items-center rounded-control border border-edge/60 bg-surface">
      <IconButton label="One less" disabled={value <= min} onClick={() => onChange(bounded(value - 1))}>
        <Minus aria-hidden className="size-4" />
      </IconButton>
      <input
        aria-label={`Quantity of ${of}`}
        inputMode="numeric"
        value={typed}
        maxLength={4}
        onChange={(event) => setTyped(event.target.value.replace(/\D/g, ""))}
        onBlur={commit}
        onKeyDown={(event) => event.key === "Enter" && (event.preventDefault(), commit())}
        className="h-11 w-11 bg-transparent text-center font-medium tabular-nums"
      />
      <IconButton label="One more" disabled={value >= Math.min(max, MOST)} onClick={() => onChange(bounded(value + 1))}>
        <Plus aria-hidden className="size-4" />
      </IconButton>
    </div>
  );
}
