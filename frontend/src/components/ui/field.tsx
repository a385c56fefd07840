import { ChevronDown, CircleAlert } from "lucide-react";
import {
  forwardRef,
  useId,
  type InputHTMLAttributes,
  type ReactNode,
  type SelectHTMLAttributes,
  type TextareaHTMLAttributes,
} from "react";

import { cx } from "@/lib/class-names";

const CONTROL =
  "block min-h-11 w-full rounded-control border border-edge bg-surface px-3.5 py-2 text-base text-ink " +
  "placeholder:text-muted disabled:opacity-60 aria-invalid:border-bad aria-invalid:ring-1 aria-invalid:ring-bad";

type FieldParts = { id: string; "aria-invalid"?: true; "aria-describedby"?: string };
type FieldProps = {
  label: string;
  hint?: ReactNode;
  error?: string | null;
  className?: string;
  hideLabel?: boolean;
  /** The control; spread what it is given: `{(field) => <Input {...field} name="price" />}`. */
  children: (field: FieldParts) => ReactNode;
};

/** A label, a control, and beneath it a hint or what is wrong, tied together for screen readers. */
export function Field({ label, hint, error, className, hideLabel = false, children }: FieldProps) {
  const id = useId();
  const note = `${id}-note`;
  const described = error ? true : hint !== undefined;
  return (
    <div className={className}>
      <label htmlFor={id} className={hideLabel ? "sr-only" : "mb-1.5 block text-sm font-medium"}>
        {label}
      </label>
      {children({
        id,
        ...(error ? { "aria-invalid": true as const } : {}),
        ...(described ? { "aria-describedby": note } : {}),
      })}
      {error ? (
        <p id={note} role="alert" className="mt-1.5 flex items-start gap-1.5 text-sm text-bad">
          <CircleAlert aria-hidden className="mt-0.5 size-4 shrink-0" />
          {error}
        </p>
      ) : (
        hint !== undefined && (
          <p id={note} className="mt-1.5 text-sm text-muted">
            {hint}
          </p>
        )
      )}
    </div>
  );
}

export const Input = forwardRef<HTMLInputElement, InputHTMLAttributes<HTMLInputElement>>(function Input(
  { className, ...rest },
  ref,
) {
  return <input ref={ref} className={cx(CONTROL, className)} {...rest} />;
});

export const Textarea = forwardRef<HTMLTextAreaElement, TextareaHTMLAttributes<HTMLTextAreaElement>>(function Textarea(
  { className, ...rest },
  ref,
) {
  return <textarea ref={ref} rows={4} className={cx(CONTROL, className)} {...rest} />;
});

export const Select = forwardRef<HTMLSelectElement, SelectHTMLAttributes<HTMLSelectElement>>(function Select(
  { className, ...rest },
  ref,
) {
  return (
    <span className={cx("relative block w-full", className)}>
      <select ref={ref} className={cx(CONTROL, "appearance-none truncate pr-10!")} {...rest} />
      <ChevronDown aria-hidden className="pointer-events-none absolute inset-y-0 right-3 my-auto size-4 text-muted" />
    </span>
  );
});

type CheckboxProps = InputHTMLAttributes<HTMLInputElement> & { label: ReactNode };

export function Checkbox({ label, className, ...rest }: CheckboxProps) {
  return (
    <label className={cx("flex min-h-11 items-center gap-3 text-[0.9375rem]", className)}>
      <input type="checkbox" className="size-5 shrink-0 rounded accent-accent" {...rest} />
      {label}
    </label>
  );
}
