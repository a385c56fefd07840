const CURRENCY = "USD"; // the shop's only one
const locale = (): string | undefined => (typeof navigator === "undefined" ? undefined : navigator.language);

const cache = new Map<string, Intl.NumberFormat>();
function numbers(kind: string, options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const known = cache.get(kind) ?? new Intl.NumberFormat(locale(), options);
  cache.set(kind, known);
  return known;
}

export const money = (amount: number): string => numbers("money", { style: "currency", currency: CURRENCY }).format(amount);
export const count = (n: number): string => numbers("count", {}).format(n);
export const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
export const compact = (n: number): string =>
  numbers("compact", { notation: "compact", maximumFractionDigits: 1 }).format(n);

const at = (value: string, options: Intl.DateTimeFormatOptions): string =>
  new Intl.DateTimeFormat(locale(), options).format(new Date(value));
export const day = (value: string): string => at(value, { dateStyle: "medium" });
export const moment = (value: string): string => at(value, { dateStyle: "medium", timeStyle: "short" });
export const timeOfDay = (value: string): string => at(value, { timeStyle: "medium" });

const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];

/** “3 hours ago”; older than a week: the date. */
export function ago(value: string, now = Date.now()): string {
  const seconds = (now - new Date(value).getTime()) / 1000;
  if (seconds > 7 * 86_400) return day(value);
  const words = new Intl.RelativeTimeFormat(locale(), { numeric: "auto" });
  const [unit, length] = STEPS.find(([, size]) => seconds >= size) ?? ["second" as const, 1];
  return words.format(-Math.max(0, Math.floor(seconds / length)), unit);
}

/** Exact sum of prices in cents: floats would drift. */
export function total(lines: { price: number; quantity: number }[]): number {
  return lines.reduce((cents, line) => cents + Math.round(line.price * 100) * line.quantity, 0) / 100;
}
