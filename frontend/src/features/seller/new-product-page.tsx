import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import { useNavigate } from "react-router";

import { createProduct } from "./api/changes";
import { check, EMPTY, valuesOf, type Wrong } from "./api/product-form";
import { ProductFields } from "./components/product-fields";

import { Button, ButtonLink } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { FormProblem } from "@/components/ui/form-problem";
import { PageHeader } from "@/components/ui/page-header";
import { useToasts } from "@/contexts/toasts";
import { problemOf } from "@/lib/problem";
import { PRODUCTS } from "@/lib/products";

export default function NewProductPage() {
  const navigate = useNavigate();
  const queries = useQueryClient();
  const { tell } = useToasts();
  const [entries, setEntries] = useState(EMPTY);
  const [found, setFound] = useState<Wrong>({});
  const create = useMutation({
    mutationFn: createProduct,
    onSuccess: (product) => {
      void queries.invalidateQueries({ queryKey: [PRODUCTS] });
      tell(`${product.name} is on the shelves. Add a photo?`);
      void navigate(`/seller/products/${product.id}`, { replace: true });
    },
  });
  const told = create.error === null ? {} : (problemOf(create.error).fields as Wrong);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    const wrong = check(entries);
    setFound(wrong);
    if (Object.keys(wrong).length === 0) create.mutate(valuesOf(entries));
  };
  return (
    <div className="max-w-3xl">
      <PageHeader title="New product">It can be found and bought as soon as it is saved.</PageHeader>
      <Card>
        <form onSubmit={submit} noValidate className="space-y-6">
          {Object.keys(told).length === 0 && <FormProblem error={create.error} />}
          <ProductFields
            entries={entries}
            wrong={{ ...told, ...found }}
            onChange={(field, value) => {
              setEntries((before) => ({ ...before, [field]: value }));
              setFound((before) => ({ ...before, [field]: undefined }));
            }}
          />
          <div className="flex flex-wrap gap-3">
            <Button type="submit" variant="primary" busy={create.isPending}>
              Put it on the shelves
            </Button>
            <ButtonLink to="/seller/products">Cancel</ButtonLink>
          </div>
        </form>
      </Card>
    </div>
  );
}
