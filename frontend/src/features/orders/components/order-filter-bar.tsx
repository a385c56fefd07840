import type { OrderFilters } from "../api/queries";

import { Field, Input, Select } from "@/components/ui/field";

type OrderFilterBarProps = { filters: OrderFilters; onChange: (search: Record<string, string>) => void };

export function OrderFilterBar({ filters, onChange }: OrderFilterBarProps) {
  const change = (part: Partial<Record<"status" | "from" | "to", string>>): void => {
    const all = { status: filters.status ?? "", from: filters.from, to: filters.to, ...part };
    onChange(Object.fromEntries(Object.entries(all).filter(([, value]) => value !== "")));
  };
  return (
    <div className="mb-6 grid grid-cols-2 gap-3 sm:max-w-2xl sm:grid-cols-3">
      <Field label="Status" className="col-span-2 sm:col-span-1">
        {(field) => (
          <Select {...field} value={filters.status ?? ""} onChange={(event) => change({ status: event.target.value })}>
            <option value="">All</option>
            <option value="placed">Placed</option>
            <option value="completed">Completed</option>
            <option value="cancelled">Cancelled</option>
          </Select>
        )}
      </Field>
      <Field label="From">
        {(field) => (
          <Input {...field} type="date" value={filters.from} onChange={(event) => change({ from: event.target.value })} />
        )}
      </Field>
      <Field label="To">
        {(field) => (
          <Input
            {...field}
            type="date"
            min={filters.from}
            value={filters.to}
            onChange={(event) => change({ to: event.target.value })}
          />
        )}
      </Field>
    </div>
  );
}
