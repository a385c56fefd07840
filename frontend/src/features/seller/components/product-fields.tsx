import type { Entries, Wrong } from "../api/product-form";

import { Field, Input, Textarea } from "@/components/ui/field";

type ProductFieldsProps = {
  entries: Entries;
  wrong: Wrong;
  onChange: (field: keyof Entries, value: string) => void;
  /** What else is known of a field, such as its value meanwhile. */
  notes?: Partial<Record<keyof Entries, string>>;
};

export function ProductFields({ entries, wrong, onChange, notes = {} }: ProductFieldsProps) {
  const of = (field: keyof Entries) => ({
    name: field,
    value: entries[field],
    onChange: (event: { target: { value: string } }) => onChange(field, event.target.value),
  });
  return (
    <div className="grid gap-5 sm:grid-cols-2">
      <Field label="Name" error={wrong.name} hint={notes.name} className="sm:col-span-2">
        {(field) => <Input {...field} {...of("name")} maxLength={200} required />}
      </Field>
      <Field label="Description" error={wrong.description} hint={notes.description} className="sm:col-span-2">
        {(field) => <Textarea {...field} {...of("description")} maxLength={5_000} rows={5} />}
      </Field>
      <Field label="Category" error={wrong.category} hint={notes.category}>
        {(field) => <Input {...field} {...of("category")} maxLength={60} required />}
      </Field>
      <Field label="Price" error={wrong.price} hint={notes.price}>
        {(field) => <Input {...field} {...of("price")} inputMode="decimal" required />}
      </Field>
      <Field label="Stock" error={wrong.stock} hint={notes.stock ?? "What is on the shelf now, counted"}>
        {(field) => <Input {...field} {...of("stock")} inputMode="numeric" required />}
      </Field>
      <Field
        label="Tell me when it falls to"
        error={wrong.low_stock_threshold}
        hint={notes.low_stock_threshold}
      >
        {(field) => <Input {...field} {...of("low_stock_threshold")} inputMode="numeric" required />}
      </Field>
    </div>
  );
}
