import { useQuery } from "@tanstack/react-query";
import { X } from "lucide-react";
import { useEffect, useState } from "react";

import { howMany, type Filters } from "../api/filters";
import { categoriesQuery } from "../api/queries";

import { Button } from "@/components/ui/button";
import { Checkbox, Field, Input } from "@/components/ui/field";
import { cx } from "@/lib/class-names";
import { count } from "@/lib/format";
import { useDebounced } from "@/lib/use-debounced";

type FilterPanelProps = {
  filters: Filters;
  sellerName: string | null;
  onChange: (part: Partial<Filters>) => void;
  onClear: () => void;
};

export function FilterPanel({ filters, sellerName, onChange, onClear }: FilterPanelProps) {
  const { data: categories = [] } = useQuery(categoriesQuery);
  return (
    <div className="space-y-8">
      {sellerName !== null && (
        <Button size="small" onClick={() => onChange({ seller_id: "" })}>
          {sellerName} <X aria-hidden className="size-4" />
          <span className="sr-only">: take this filter away</span>
        </Button>
      )}
      <fieldset>
        <legend className="mb-2 text-sm font-semibold">Category</legend>
        <div className="-mx-2.5 space-y-0.5">
          {[{ name: "", count: null }, ...categories].map((category) => (
            <button
              key={category.name}
              type="button"
              aria-pressed={filters.category === category.name}
              onClick={() => onChange({ category: category.name })}
              className={cx(
                "flex min-h-9 w-full items-center justify-between gap-3 rounded-control px-2.5 text-left text-[0.9375rem]",
                filters.category === category.name ? "bg-accent-soft font-medium text-accent" : "hover:bg-raised",
              )}
            >
              <span className="truncate">{category.name === "" ? "All" : category.name}</span>
              {category.count !== null && <span className="text-sm tabular-nums opacity-80">{count(category.count)}</span>}
            </button>
          ))}
        </div>
      </fieldset>
      <fieldset>
        <legend className="mb-2 text-sm font-semibold">Price</legend>
        <div className="flex items-center gap-2">
          <PriceField label="Lowest price" hint="from" value={filters.min_price} onChange={(min_price) => onChange({ min_price })} />
          <span aria-hidden className="text-muted">
            –
          </span>
          <PriceField label="Highest price" hint="to" value={filters.max_price} onChange={(max_price) => onChange({ max_price })} />
        </div>
      </fieldset>
      <Checkbox
        label="Only what is in stock"
        checked={filters.in_stock}
        onChange={(event) => onChange({ in_stock: event.target.checked })}
      />
      {howMany(filters) > 0 && (
        <Button variant="ghost" size="small" className="-ml-3" onClick={onClear}>
          Take all filters away
        </Button>
      )}
    </div>
  );
}

type PriceFieldProps = { label: string; hint: string; value: string; onChange: (value: string) => void };

function PriceField({ label, hint, value, onChange }: PriceFieldProps) {
  const [typed, setTyped] = useState(value);
  const calm = useDebounced(typed, 400);
  useEffect(() => setTyped(value), [value]);
  useEffect(() => {
    if (calm === typed && calm !== value) onChange(calm);
    // only what was typed is told; a value from outside is not told back
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [calm]);
  return (
    <Field label={label} hideLabel className="min-w-0 grow">
      {(field) => (
        <Input
          {...field}
          inputMode="decimal"
          pattern="[0-9]*([.,][0-9]{1,2})?"
          maxLength={10}
          placeholder={hint}
          value={typed}
          onChange={(event) => setTyped(event.target.value.replace(/[^\d.,]/g, ""))}
        />
      )}
    </Field>
  );
}
