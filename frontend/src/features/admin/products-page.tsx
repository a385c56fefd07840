import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { PackageOpen } from "lucide-react";
import { useCallback } from "react";
import { Link } from "react-router";

import { productsQuery, setActive } from "./api/queries";

import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { LoadMore } from "@/components/ui/load-more";
import { PageHeader } from "@/components/ui/page-header";
import { Loading, Skeleton } from "@/components/ui/skeleton";
import { EmptyState, ErrorState } from "@/components/ui/states";
import { Table, type Column } from "@/components/ui/table";
import { useToasts } from "@/contexts/toasts";
import { count, money } from "@/lib/format";
import { PRODUCT, PRODUCTS, type Product } from "@/lib/products";

const COLUMNS: Column<Product>[] = [
  {
    key: "name",
    title: "Product",
    cell: (product) => (
      <>
        <Link to={`/products/${product.id}`} className="inline-block min-h-6 font-medium underline-offset-4 hover:underline">
          {product.name}
        </Link>
        <span className="block text-sm text-muted">{product.seller_name}</span>
        {!product.is_active && (
          <span className="mt-1 block md:hidden">
            <State product={product} />
          </span>
        )}
      </>
    ),
  },
  { key: "category", title: "Category", wide: true, cell: (product) => product.category },
  { key: "price", title: "Price", align: "right", wide: true, cell: (product) => money(product.price) },
  { key: "stock", title: "Stock", align: "right", wide: true, cell: (product) => count(product.stock) },
  { key: "state", title: "State", wide: true, cell: (product) => <State product={product} /> },
  { key: "action", title: "Actions", align: "right", cell: (product) => <Switch product={product} /> },
];

function State({ product }: { product: Product }) {
  return product.is_active ? <Badge tone="good">On the shelves</Badge> : <Badge tone="warn">Disabled</Badge>;
}

export default function ProductsPage() {
  const products = useInfiniteQuery(productsQuery());
  const { fetchNextPage } = products;
  const more = useCallback(() => void fetchNextPage(), [fetchNextPage]);
  const items = products.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <>
      <PageHeader title="Products">
        Disabled products cannot be found or bought; their stock, their orders and their seller’s view of them stay.
      </PageHeader>
      {products.isPending ? (
        <Loading what="products">
          <Skeleton className="h-96 rounded-card" />
        </Loading>
      ) : products.isError && items.length === 0 ? (
        <ErrorState error={products.error} onRetry={() => void products.refetch()} />
      ) : items.length === 0 ? (
        <EmptyState icon={PackageOpen} title="The shop is empty">
          Sellers offer products from their desk.
        </EmptyState>
      ) : (
        <>
          <Table caption="All products, newest first" columns={COLUMNS} rows={items} rowKey={(product) => product.id} />
          <LoadMore hasMore={products.hasNextPage} loading={products.isFetchingNextPage} onMore={more} />
        </>
      )}
    </>
  );
}

function Switch({ product }: { product: Product }) {
  const queries = useQueryClient();
  const { tell, fail } = useToasts();
  const change = useMutation({
    mutationFn: () => setActive(product.id, !product.is_active),
    onSuccess: (changed) => {
      void queries.invalidateQueries({ queryKey: [PRODUCTS] });
      void queries.invalidateQueries({ queryKey: [PRODUCT, changed.id] });
      tell(changed.is_active ? `${changed.name} is back on the shelves.` : `${changed.name} is off the shelves.`);
    },
    onError: fail,
  });
  const action = product.is_active ? "Disable" : "Enable";
  return (
    <Button size="small" className="min-h-11!" busy={change.isPending} aria-label={`${action} ${product.name}`} onClick={() => change.mutate()}>
      {action}
    </Button>
  );
}
