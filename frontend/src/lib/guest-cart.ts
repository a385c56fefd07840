import { isRecord, local, read, write } from "@/lib/storage";

export type GuestLine = { product_id: string; name: string; price: number; quantity: number };

const KEY = "guest-cart";
const NOTHING: GuestLine[] = [];
const listeners = new Set<() => void>();
let cached: { text: string | null; lines: GuestLine[] } = { text: null, lines: NOTHING };

/** The cart of whoever is not signed in. It lives in this browser, the same in all tabs. */
export const guestCart = {
  lines(): GuestLine[] {
    const text = raw();
    if (text !== cached.text) cached = { text, lines: read(local, KEY, areLines) ?? NOTHING };
    return cached.lines;
  },

  /** `quantity` 0 takes the line out. */
  put(line: GuestLine): void {
    const others = guestCart.lines().filter((one) => one.product_id !== line.product_id);
    const position = guestCart.lines().findIndex((one) => one.product_id === line.product_id);
    if (line.quantity > 0) others.splice(position < 0 ? others.length : position, 0, line);
    guestCart.replace(others);
  },

  replace(lines: GuestLine[]): void {
    write(local, KEY, lines.length === 0 ? null : lines);
    listeners.forEach((listener) => listener());
  },

  subscribe(listener: () => void): () => void {
    listeners.add(listener);
    window.addEventListener("storage", listener);
    return () => {
      listeners.delete(listener);
      window.removeEventListener("storage", listener);
    };
  },
};

function raw(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}

function areLines(value: unknown): value is GuestLine[] {
  return Array.isArray(value) && value.every(isLine);
}

function isLine(value: unknown): value is GuestLine {
  return (
    isRecord(value) &&
    typeof value.product_id === "string" &&
    typeof value.name === "string" &&
    typeof value.price === "number" &&
    Number.isInteger(value.quantity) &&
    Number(value.quantity) > 0
  );
}
