import { LoaderCircle } from "lucide-react";
import { forwardRef, type ButtonHTMLAttributes, type ReactNode } from "react";
import { Link, type LinkProps } from "react-router";

import { cx } from "@/lib/class-names";

export type Variant = "primary" | "secondary" | "ghost" | "danger";
export type Size = "small" | "medium" | "large";
type Look = { variant?: Variant; size?: Size };

const VARIANTS: Record<Variant, string> = {
  primary: "bg-accent text-on-accent hover:bg-accent-strong",
  secondary: "border border-edge/60 bg-surface text-ink hover:bg-raised",
  ghost: "text-ink hover:bg-raised",
  danger: "bg-bad text-on-bad hover:opacity-90",
};
const SIZES: Record<Size, string> = {
  small: "min-h-9 px-3 text-sm",
  medium: "min-h-11 px-4.5 text-[0.9375rem]",
  large: "min-h-13 px-6 text-base",
};

export function buttonLook({ variant = "secondary", size = "medium" }: Look = {}): string {
  return cx(
    "inline-flex shrink-0 items-center justify-center gap-2 rounded-control font-medium whitespace-nowrap",
    "transition-colors duration-150 disabled:cursor-not-allowed disabled:opacity-50",
    VARIANTS[variant],
    SIZES[size],
  );
}

type ButtonProps = ButtonHTMLAttributes<HTMLButtonElement> & Look & { busy?: boolean };

/** `busy` shows that it works and keeps the button from being pressed again; it stays focusable. */
export const Button = forwardRef<HTMLButtonElement, ButtonProps>(function Button(
  { variant, size, busy = false, className, children, type = "button", onClick, ...rest },
  ref,
) {
  return (
    <button
      ref={ref}
      type={type}
      aria-busy={busy || undefined}
      aria-disabled={busy || undefined}
      onClick={busy ? (event) => event.preventDefault() : onClick}
      className={cx(buttonLook({ variant, size }), busy && "cursor-progress!", className)}
      {...rest}
    >
      {busy && <LoaderCircle aria-hidden className="size-4 animate-spin" />}
      {children}
    </button>
  );
});

export function ButtonLink({ variant, size, className, ...rest }: LinkProps & Look) {
  return <Link className={cx(buttonLook({ variant, size }), className)} {...rest} />;
}

type IconButtonProps = Omit<ButtonProps, "children"> & { label: string; children: ReactNode };

/** A button of one icon; `label` is what it is called and what hovering tells. */
export const IconButton = forwardRef<HTMLButtonElement, IconButtonProps>(function IconButton(
  { label, variant = "ghost", className, ...rest },
  ref,
) {
  return (
    <Button
      ref={ref}
      variant={variant}
      aria-label={label}
      title={label}
      className={cx("relative size-11 px-0!", className)}
      {...rest}
    />
  );
});
