import { useInfiniteQuery } from "@tanstack/react-query";
import { PackagePlus, Plus } from "lucide-react";
import { useCallback } from "react";
import { Link } from "react-router";

import { myProductsQuery } from "./api/queries";
import { StockStepper } from "./components/stock-stepper";

import { ProductPicture } from "@/components/product-picture";
import { StockBadge } from "@/components/stock-badge";
import { ButtonLink } from "@/components/ui/button";
import { LoadMore } from "@/components/ui/load-more";
import { PageHeader } from "@/components/ui/page-header";
import { Loading, Skeleton } from "@/components/ui/skeleton";
import { EmptyState, ErrorState } from "@/components/ui/states";
import { Table, type Column } from "@/components/ui/table";
import { useProductSubscription } from "@/contexts/realtime";
import { money } from "@/lib/format";
import type { Product } from "@/lib/products";
import { useMedia, WIDE } from "@/lib/use-media";

const COLUMNS: Column<Product>[] = [
  { key: "name", title: "Product", cell: (product) => <Name product={product} /> },
  { key: "category", title: "Category", wide: true, cell: (product) => product.category },
  { key: "price", title: "Price", align: "right", wide: true, cell: (product) => money(product.price) },
  { key: "state", title: "State", wide: true, cell: (product) => <StockBadge product={product} /> },
  { key: "stock", title: "Stock, and change by", align: "right", cell: (product) => <StockStepper product={product} /> },
];

export default function ProductsPage() {
  const products = useInfiniteQuery(myProductsQuery());
  const wide = useMedia(WIDE);
  const { fetchNextPage } = products;
  const more = useCallback(() => void fetchNextPage(), [fetchNextPage]);
  const items = products.data?.pages.flatMap((page) => page.items) ?? [];
  useProductSubscription(items.map((product) => product.id));
  const create = (
    <ButtonLink to="/seller/products/new" variant="primary">
      <Plus aria-hidden className="size-4.5" /> New product
    </ButtonLink>
  );
  return (
    <>
      <PageHeader title="Products" actions={create}>
        Stock changes here by how much, so that no sale is lost. It moves while people buy.
      </PageHeader>
      {products.isPending ? (
        <Loading what="your products">
          <Skeleton className="h-96 rounded-card" />
        </Loading>
      ) : products.isError && items.length === 0 ? (
        <ErrorState error={products.error} onRetry={() => void products.refetch()} />
      ) : items.length === 0 ? (
        <EmptyState icon={PackagePlus} title="Nothing on your shelves yet" action={create}>
          Offer your first product, or bring a list of them as CSV.
        </EmptyState>
      ) : (
        <>
          {wide ? (
            <Table caption="Your products" columns={COLUMNS} rows={items} rowKey={(product) => product.id} />
          ) : (
            <ul className="divide-y divide-line rounded-card border border-line bg-surface">
              {items.map((product) => (
                <li key={product.id} className="space-y-2 p-4">
                  <Name product={product} />
                  <div className="flex flex-wrap items-center justify-between gap-2">
                    <span className="text-sm text-muted tabular-nums">{money(product.price)}</span>
                    <StockStepper product={product} />
                  </div>
                </li>
              ))}
            </ul>
          )}
          <LoadMore hasMore={products.hasNextPage} loading={products.isFetchingNextPage} onMore={more} />
        </>
      )}
    </>
  );
}

function Name({ product }: { product: Product }) {
  // a disabled product's photo is for whoever shows a token, which a picture on a page does not
  const shown = product.is_active ? product : { ...product, image_url: null };
  return (
    <Link to={`/seller/products/${product.id}`} className="flex min-h-11 min-w-40 items-center gap-3 hover:underline">
      <span className="size-11 shrink-0 overflow-hidden rounded-control bg-raised">
        <ProductPicture product={shown} />
      </span>
      <span className="line-clamp-2 font-medium">{product.name}</span>
    </Link>
  );
}
