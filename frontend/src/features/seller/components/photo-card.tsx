import { useMutation, useQueryClient } from "@tanstack/react-query";
import { ImagePlus, Trash2 } from "lucide-react";
import { useId, useRef, type ChangeEvent } from "react";

import { putPhoto, removePhoto } from "../api/changes";

import { ProductPicture } from "@/components/product-picture";
import { Button } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { useToasts } from "@/contexts/toasts";
import { problemOf } from "@/lib/problem";
import { productQuery, PRODUCTS, type Product } from "@/lib/products";

const LARGEST = 2 * 1024 * 1024;

/** The product's picture: a photo, or the drawing that stands in for one. */
export function PhotoCard({ product }: { product: Product }) {
  const queries = useQueryClient();
  const { tell, fail } = useToasts();
  const input = useRef<HTMLInputElement>(null);
  const hint = useId();
  const shown = product.is_active ? product : { ...product, image_url: null };
  const settled = (changed: Product): void => {
    queries.setQueryData(productQuery(changed.id).queryKey, changed);
    void queries.invalidateQueries({ queryKey: [PRODUCTS] });
    tell(changed.image_url === null ? "The photo is gone." : "The photo is in the shop.");
  };
  const put = useMutation({ mutationFn: (file: File) => putPhoto(product.id, file), onSuccess: settled });
  const remove = useMutation({ mutationFn: () => removePhoto(product.id), onSuccess: settled, onError: fail });
  const tooLarge = (file: File): boolean => file.size > LARGEST;

  const choose = (event: ChangeEvent<HTMLInputElement>): void => {
    const file = event.target.files?.[0];
    event.target.value = ""; // the same file may be chosen again
    if (file !== undefined) put.mutate(file);
  };
  return (
    <Card title="Picture">
      <div className="overflow-hidden rounded-control bg-raised">
        <ProductPicture product={shown} eager />
      </div>
      <input
        ref={input}
        type="file"
        accept="image/jpeg,image/png,image/webp"
        aria-label="Choose a photo"
        aria-describedby={hint}
        onChange={choose}
        className="sr-only"
        tabIndex={-1}
      />
      <div className="mt-4 flex flex-wrap gap-3">
        <Button busy={put.isPending} onClick={() => input.current?.click()}>
          <ImagePlus aria-hidden className="size-4.5" />
          {product.image_url === null ? "Add a photo" : "Another photo"}
        </Button>
        {product.image_url !== null && (
          <Button variant="ghost" busy={remove.isPending} onClick={() => remove.mutate()}>
            <Trash2 aria-hidden className="size-4.5" /> Remove
          </Button>
        )}
      </div>
      {put.isError ? (
        <p role="alert" className="mt-3 text-sm text-bad">
          {put.variables !== undefined && tooLarge(put.variables)
            ? "This file is larger than 2 MB."
            : (problemOf(put.error).fields.image ?? problemOf(put.error).message)}
        </p>
      ) : (
        <p id={hint} className="mt-3 text-sm text-muted">
          JPEG, PNG or WebP, up to 2 MB. It is made smaller, and what the camera wrote into it is left out.
        </p>
      )}
    </Card>
  );
}
