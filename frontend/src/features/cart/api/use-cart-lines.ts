import { useQueries, useQuery } from "@tanstack/react-query";

import { useCart, type CartLine } from "@/contexts/cart";
import { useConnectionStatus, useProductSubscription } from "@/contexts/realtime";
import { total } from "@/lib/format";
import { problemOf } from "@/lib/problem";
import { CART, productQuery, type Product } from "@/lib/products";

export type LineProblem = { text: string; fix: { text: string; quantity: number } };
export type ShownLine = CartLine & { product: Product | undefined; problem: LineProblem | null };

const WITHOUT_SOCKET = 15_000; // milliseconds between looks at the shelves

/** The cart's lines as the shop would sell them this moment, with what is wrong with each. */
export function useCartLines(): { lines: ShownLine[]; total: number; sellable: boolean } {
  const { lines } = useCart();
  const told = useConnectionStatus() === "open";
  const refetchInterval = told ? false : WITHOUT_SOCKET;
  const isBuyers = lines.some((line) => line.available !== null);
  useProductSubscription(lines.map((line) => line.product_id));
  useQuery({ queryKey: [CART], enabled: false, refetchInterval: isBuyers ? refetchInterval : false });
  const products = useQueries({
    queries: lines.map((line) => ({ ...productQuery(line.product_id), refetchInterval, retry: false })),
  });
  const shown = lines.map((line, index) => shownLine(line, products[index]?.data, products[index]?.error ?? null));
  return {
    lines: shown,
    total: total(shown),
    sellable: shown.length > 0 && shown.every((line) => line.problem === null),
  };
}

function shownLine(line: CartLine, product: Product | undefined, error: Error | null): ShownLine {
  const gone = error !== null && problemOf(error).status === 404;
  const onShelf = product === undefined ? line.available : product.is_active ? product.stock : 0;
  const available = gone ? 0 : onShelf;
  const current = product === undefined ? line : { ...line, price: product.price, name: product.name };
  return { ...current, available, product, problem: problemWith(line.quantity, available) };
}

export function problemWith(quantity: number, available: number | null): LineProblem | null {
  if (available === null || quantity <= available) return null;
  if (available === 0) return { text: "Sold out", fix: { text: "Remove", quantity: 0 } };
  return { text: `Only ${available} left`, fix: { text: `Take ${available}`, quantity: available } };
}
