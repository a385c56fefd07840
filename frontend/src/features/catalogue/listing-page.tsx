import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { SearchX, SlidersHorizontal } from "lucide-react";
import { useCallback, useMemo, useState } from "react";
import { useSearchParams } from "react-router";

import { filtersOf, howMany, searchOf, type Filters } from "./api/filters";
import { listingQuery } from "./api/queries";
import { FilterPanel } from "./components/filter-panel";
import { SortSelect } from "./components/sort-select";

import { ProductGrid, ProductGridSkeleton } from "@/components/product-card";
import { Button } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import { LoadMore } from "@/components/ui/load-more";
import { Loading } from "@/components/ui/skeleton";
import { EmptyState, ErrorState } from "@/components/ui/states";
import { useProductSubscription } from "@/contexts/realtime";
import { useTitle } from "@/lib/use-title";

export default function ListingPage() {
  const [search, setSearch] = useSearchParams();
  const filters = useMemo(() => filtersOf(search), [search]);
  const [panelOpen, setPanelOpen] = useState(false);
  const listing = useInfiniteQuery({ ...listingQuery(filters), placeholderData: keepPreviousData });
  const { fetchNextPage } = listing;
  const products = useMemo(() => listing.data?.pages.flatMap((page) => page.items) ?? [], [listing.data]);
  useProductSubscription(products.map((product) => product.id));

  const seller = filters.seller_id === "" ? null : (products[0]?.seller_name ?? "this seller");
  const title = titleOf(filters, seller);
  useTitle(title);

  const change = useCallback(
    (part: Partial<Filters>) => {
      setSearch((before) => searchOf({ ...filtersOf(before), ...part }), { preventScrollReset: true });
    },
    [setSearch],
  );
  const clear = (): void => setSearch(searchOf({ ...filtersOf(new URLSearchParams()), q: filters.q }));
  const more = useCallback(() => void fetchNextPage(), [fetchNextPage]);
  const panel = <FilterPanel filters={filters} sellerName={seller} onChange={change} onClear={clear} />;
  const active = howMany(filters);

  return (
    <div className="page py-8">
      <header className="mb-6 flex flex-wrap items-center justify-between gap-3">
        <h1 className="text-3xl font-semibold">{title}</h1>
        <div className="flex w-full items-center gap-3 sm:w-auto">
          <Button className="grow sm:grow-0 lg:hidden" onClick={() => setPanelOpen(true)}>
            <SlidersHorizontal aria-hidden className="size-4" /> Filters{active > 0 && ` (${active})`}
          </Button>
          <SortSelect filters={filters} onChange={(sort) => change({ sort })} />
        </div>
      </header>
      <Dialog
        shape="drawer"
        open={panelOpen}
        onClose={() => setPanelOpen(false)}
        title="Filters"
        footer={
          <Button variant="primary" className="w-full" onClick={() => setPanelOpen(false)}>
            Show products
          </Button>
        }
      >
        {panel}
      </Dialog>
      <div className="grid gap-10 lg:grid-cols-[15rem_1fr]">
        <aside aria-label="Filters" className="hidden lg:block">
          <div className="sticky top-24">{panel}</div>
        </aside>
        <section aria-label="Products" aria-busy={listing.isPlaceholderData} className="min-w-0">
          <h2 className="sr-only">Products</h2>
          {listing.isPending ? (
            <Loading what="products">
              <ProductGridSkeleton number={12} columns={3} />
            </Loading>
          ) : listing.isError && products.length === 0 ? (
            <ErrorState error={listing.error} onRetry={() => void listing.refetch()} />
          ) : products.length === 0 ? (
            <EmptyState
              icon={SearchX}
              title={filters.q === "" ? "Nothing here" : `Nothing found for “${filters.q}”`}
              action={active > 0 && <Button onClick={clear}>Take the filters away</Button>}
            >
              {active > 0 ? "Fewer filters show more." : "Try other words, or fewer of them."}
            </EmptyState>
          ) : (
            <div className={listing.isPlaceholderData ? "opacity-60 transition-opacity" : ""}>
              <ProductGrid products={products} columns={3} eager={4} />
              <LoadMore
                hasMore={listing.hasNextPage}
                loading={listing.isFetchingNextPage}
                onMore={more}
                end={products.length > 12 ? "That is everything." : undefined}
              />
            </div>
          )}
        </section>
      </div>
    </div>
  );
}

function titleOf(filters: Filters, seller: string | null): string {
  if (filters.q.trim() !== "") return `“${filters.q.trim()}”`;
  if (seller !== null) return `From ${seller}`;
  return filters.category === "" ? "All products" : filters.category;
}
