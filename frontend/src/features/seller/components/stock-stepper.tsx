import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";

import { addStock } from "../api/changes";
import { MINE } from "../api/queries";

import { Button } from "@/components/ui/button";
import { Input } from "@/components/ui/field";
import { useToasts } from "@/contexts/toasts";
import { count } from "@/lib/format";
import { applyStockUpdate, productQuery, type Product } from "@/lib/products";

/** Adds to the stock or takes from it, by how much: never a new total, which a sale meanwhile would make wrong. */
export function StockStepper({ product }: { product: Product }) {
  const queries = useQueryClient();
  const { tell, fail } = useToasts();
  const [delta, setDelta] = useState("");
  const change = useMutation({
    mutationFn: (by: number) => addStock(product.id, by, ""),
    onSuccess: (changed) => {
      setDelta("");
      applyStockUpdate(queries, { product_id: changed.id, ...changed });
      queries.setQueryData(productQuery(changed.id).queryKey, changed);
      tell(`${changed.name}: ${count(changed.stock)} in stock.`);
    },
    onError: (error) => {
      fail(error);
      void queries.invalidateQueries({ queryKey: MINE });
    },
  });
  const amount = Number(delta);
  const valid = /^[+-]?\d{1,9}$/.test(delta.trim()) && amount !== 0;
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (valid) change.mutate(amount);
  };
  return (
    <form onSubmit={submit} className="flex items-center justify-end gap-2">
      <span className="min-w-12 text-right font-medium tabular-nums">{count(product.stock)}</span>
      <Input
        aria-label={`Change the stock of ${product.name} by`}
        placeholder="+10"
        inputMode="text"
        value={delta}
        onChange={(event) => setDelta(event.target.value)}
        className="w-20! text-right tabular-nums"
      />
      <Button type="submit" size="small" disabled={!valid} busy={change.isPending} className="min-h-11!">
        Apply
      </Button>
    </form>
  );
}
