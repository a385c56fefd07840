import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";

import { Overtaken, saveProduct } from "../api/changes";
import { changesOf, check, entriesOf, type Entries, type Wrong } from "../api/product-form";
import { ProductFields } from "./product-fields";

import { Button } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { FormProblem } from "@/components/ui/form-problem";
import { useToasts } from "@/contexts/toasts";
import { problemOf } from "@/lib/problem";
import { productQuery, PRODUCTS, type Product } from "@/lib/products";

/** Changes of a product. `product` moves while people buy; the form keeps the one it was filled with. */
export function EditForm({ product }: { product: Product }) {
  const queries = useQueryClient();
  const { tell } = useToasts();
  const [before, setBefore] = useState(product);
  const [entries, setEntries] = useState(() => entriesOf(product));
  const [found, setFound] = useState<Wrong>({});
  const filled = (now: Product): void => {
    setBefore(now);
    setEntries(entriesOf(now));
  };
  const save = useMutation({
    mutationFn: () => saveProduct(before, changesOf(before, entries)),
    onSuccess: (saved) => {
      filled(saved);
      queries.setQueryData(productQuery(saved.id).queryKey, saved);
      void queries.invalidateQueries({ queryKey: [PRODUCTS] });
      tell("Saved.");
    },
    onError: (error) => {
      if (error instanceof Overtaken) queries.setQueryData(productQuery(product.id).queryKey, error.current);
    },
  });
  const overtaken = save.error instanceof Overtaken ? save.error : null;
  const told = save.error === null || overtaken ? {} : (problemOf(save.error).fields as Wrong);
  const wrong = { ...told, ...found };
  const changed = Object.keys(check(entries)).length > 0 || Object.keys(changesOf(before, entries)).length > 0;

  const submit = (event: FormEvent): void => {
    event.preventDefault();
    const mistakes = check(entries);
    setFound(mistakes);
    if (Object.keys(mistakes).length === 0 && changed) save.mutate();
  };
  return (
    <Card title="What buyers see">
      <form onSubmit={submit} noValidate className="space-y-6">
        {overtaken !== null ? (
          <Conflict onTake={() => { filled(overtaken.current); save.reset(); }} onKeep={() => { setBefore(overtaken.current); save.reset(); }} />
        ) : (
          Object.keys(told).length === 0 && <FormProblem error={save.error} />
        )}
        <ProductFields
          entries={entries}
          wrong={wrong}
          notes={overtaken === null ? {} : meanwhile(overtaken)}
          onChange={(field, value) => {
            setEntries((all) => ({ ...all, [field]: value }));
            setFound((before) => ({ ...before, [field]: undefined }));
          }}
        />
        <div className="flex flex-wrap gap-3">
          <Button type="submit" variant="primary" busy={save.isPending} disabled={!changed}>
            Save changes
          </Button>
          {changed && <Button onClick={() => { filled(product); setFound({}); save.reset(); }}>Discard</Button>}
        </div>
      </form>
    </Card>
  );
}

function Conflict({ onTake, onKeep }: { onTake: () => void; onKeep: () => void }) {
  return (
    <div role="alert" className="rounded-control bg-warn-soft px-4 py-3 text-[0.9375rem] text-warn">
      <p>The product was changed meanwhile, in the fields marked below. Nothing of yours has been saved yet.</p>
      <div className="mt-3 flex flex-wrap gap-3">
        <Button size="small" onClick={onKeep}>
          Keep my entries
        </Button>
        <Button size="small" onClick={onTake}>
          Take what is there now
        </Button>
      </div>
    </div>
  );
}

function meanwhile({ current, fields }: Overtaken): Partial<Record<keyof Entries, string>> {
  const now = entriesOf(current);
  return Object.fromEntries(fields.map((field) => [field, `Meanwhile: ${now[field as keyof Entries]}`]));
}
