import { useMutation, useQueryClient } from "@tanstack/react-query";
import { ExternalLink, FileQuestion, Trash2 } from "lucide-react";
import { useState } from "react";
import { useNavigate, useParams } from "react-router";

import { removeProduct } from "./api/changes";
import { EditForm } from "./components/edit-form";
import { InventoryLog } from "./components/inventory-log";
import { PhotoCard } from "./components/photo-card";
import { StockStepper } from "./components/stock-stepper";

import { StockBadge } from "@/components/stock-badge";
import { Button, ButtonLink } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { ConfirmDialog } from "@/components/ui/dialog";
import { PageHeader } from "@/components/ui/page-header";
import { Loading, Skeleton } from "@/components/ui/skeleton";
import { EmptyState, ErrorState } from "@/components/ui/states";
import { useLiveProduct } from "@/contexts/live-products";
import { useToasts } from "@/contexts/toasts";
import { problemOf } from "@/lib/problem";
import { PRODUCTS, type Product } from "@/lib/products";

export default function ProductPage() {
  const { id = "" } = useParams();
  const { data: product, error, refetch } = useLiveProduct(id);
  if (product !== undefined) return <Details key={product.id} product={product} />;
  if (error !== null && problemOf(error).status === 404) {
    return (
      <EmptyState icon={FileQuestion} title="No such product" action={<ButtonLink to="/seller/products">My products</ButtonLink>}>
        It may have left the shop.
      </EmptyState>
    );
  }
  if (error !== null) return <ErrorState error={error} onRetry={() => void refetch()} />;
  return (
    <Loading what="the product">
      <Skeleton className="mb-8 h-9 w-80" />
      <Skeleton className="h-96 rounded-card" />
    </Loading>
  );
}

function Details({ product }: { product: Product }) {
  return (
    <>
      <PageHeader
        title={product.name}
        actions={
          <>
            <ButtonLink to={`/products/${product.id}`}>
              <ExternalLink aria-hidden className="size-4.5" /> In the shop
            </ButtonLink>
            <Remove product={product} />
          </>
        }
      >
        <StockBadge product={product} />
        {!product.is_active && <p className="mt-2">An admin has taken it off the shelves; you can still edit it.</p>}
      </PageHeader>
      <div className="grid items-start gap-6 lg:grid-cols-[1fr_20rem]">
        <div className="min-w-0 space-y-6">
          <EditForm product={product} />
          <InventoryLog productId={product.id} version={product.version} />
        </div>
        <div className="space-y-6">
          <PhotoCard product={product} />
          <Card title="Add to the stock, or take from it">
            <StockStepper product={product} />
          </Card>
        </div>
      </div>
    </>
  );
}

function Remove({ product }: { product: Product }) {
  const navigate = useNavigate();
  const queries = useQueryClient();
  const { tell, fail } = useToasts();
  const [asking, setAsking] = useState(false);
  const remove = useMutation({
    mutationFn: () => removeProduct(product.id),
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: [PRODUCTS] });
      tell(`${product.name} has left the shop.`);
      void navigate("/seller/products", { replace: true });
    },
    onError: (error) => {
      setAsking(false);
      fail(error);
    },
  });
  return (
    <>
      <Button variant="ghost" onClick={() => setAsking(true)}>
        <Trash2 aria-hidden className="size-4.5" /> Remove
      </Button>
      <ConfirmDialog
        open={asking}
        onClose={() => setAsking(false)}
        onConfirm={() => remove.mutate()}
        title={`Take ${product.name} out of the shop?`}
        action="Remove product"
        busy={remove.isPending}
        danger
      >
        <p>Nobody can find or buy it any more, and carts that hold it say so.</p>
        <p>Its orders and its inventory log stay. This cannot be undone.</p>
      </ConfirmDialog>
    </>
  );
}
