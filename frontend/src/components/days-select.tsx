import { Field, Select } from "@/components/ui/field";

const PERIODS = [7, 30, 90, 365];

/** How far back the figures go. */
export function DaysSelect({ days, onChange }: { days: number; onChange: (days: number) => void }) {
  return (
    <Field label="Period" hideLabel className="w-44">
      {(field) => (
        <Select {...field} value={days} onChange={(event) => onChange(Number(event.target.value))}>
          {PERIODS.map((period) => (
            <option key={period} value={period}>
              Last {period} days
            </option>
          ))}
        </Select>
      )}
    </Field>
  );
}
