import { useQuery } from "@tanstack/react-query";
import { ChevronRight, PackageX, ShieldCheck, Store } from "lucide-react";
import { Link, useParams } from "react-router";

import { relatedQuery } from "./api/queries";
import { BuyBox } from "./components/buy-box";

import { ProductGrid } from "@/components/product-card";
import { ProductPicture } from "@/components/product-picture";
import { ButtonLink } from "@/components/ui/button";
import { Loading, Skeleton, TextSkeleton } from "@/components/ui/skeleton";
import { EmptyState, ErrorState } from "@/components/ui/states";
import { useLiveProduct } from "@/contexts/live-products";
import { money } from "@/lib/format";
import { problemOf } from "@/lib/problem";
import type { Product } from "@/lib/products";
import { useTitle } from "@/lib/use-title";

export default function ProductPage() {
  const { id = "" } = useParams();
  const { data: product, error, refetch } = useLiveProduct(id);
  useTitle(product?.name ?? null);
  const gone = error !== null && problemOf(error).status === 404;
  return (
    <div className="page py-6 sm:py-8">
      {gone ? (
        <EmptyState
          page
          icon={PackageX}
          title="This product is not in the shop any more"
          action={<ButtonLink to="/products">See what is</ButtonLink>}
        />
      ) : product !== undefined ? (
        <Details product={product} />
      ) : error !== null ? (
        <ErrorState error={error} onRetry={() => void refetch()} />
      ) : (
        <DetailsSkeleton />
      )}
    </div>
  );
}

function Details({ product }: { product: Product }) {
  return (
    <>
      <Breadcrumbs product={product} />
      <div className="grid gap-8 md:grid-cols-2 lg:grid-cols-[1.15fr_1fr] lg:gap-14">
        <div className="self-start overflow-hidden rounded-sheet bg-raised">
          <ProductPicture product={product} eager />
        </div>
        <div className="lg:pt-4">
          <h1 className="text-3xl leading-tight font-semibold sm:text-4xl">{product.name}</h1>
          <p className="mt-4 text-2xl font-semibold tabular-nums">{money(product.price)}</p>
          <BuyBox product={product} />
          {product.description !== "" && (
            <p className="mt-8 max-w-prose leading-relaxed whitespace-pre-line text-muted">{product.description}</p>
          )}
          <dl className="mt-8 space-y-4 border-t border-line pt-6 text-[0.9375rem]">
            <div className="flex items-center gap-3">
              <dt>
                <Store aria-hidden className="size-5 text-muted" strokeWidth={1.5} />
                <span className="sr-only">Seller</span>
              </dt>
              <dd>
                Sold by{" "}
                <Link
                  to={`/products?seller_id=${product.seller_id}`}
                  className="font-medium text-accent underline underline-offset-4 hover:text-accent-strong"
                >
                  {product.seller_name}
                </Link>
              </dd>
            </div>
            <div className="flex items-center gap-3">
              <dt>
                <ShieldCheck aria-hidden className="size-5 text-muted" strokeWidth={1.5} />
                <span className="sr-only">Promise</span>
              </dt>
              <dd className="text-muted">Ordered means yours: the stock is taken with the order.</dd>
            </div>
          </dl>
        </div>
      </div>
      <Related product={product} />
    </>
  );
}

function Breadcrumbs({ product }: { product: Product }) {
  const crumbs = [
    { to: "/products", title: "All products" },
    { to: `/products?category=${encodeURIComponent(product.category)}`, title: product.category },
  ];
  return (
    <nav aria-label="Breadcrumb" className="mb-5">
      <ol className="flex flex-wrap items-center gap-1 text-sm text-muted">
        {crumbs.map(({ to, title }, index) => (
          <li key={to} className="flex items-center gap-1">
            {index > 0 && <ChevronRight aria-hidden className="size-4" />}
            <Link to={to} className="inline-flex min-h-8 items-center hover:text-ink hover:underline">
              {title}
            </Link>
          </li>
        ))}
      </ol>
    </nav>
  );
}

function Related({ product }: { product: Product }) {
  const { data = [] } = useQuery(relatedQuery(product));
  if (data.length === 0) return null;
  return (
    <section className="mt-20">
      <h2 className="mb-6 text-2xl font-semibold">More from {product.category}</h2>
      <ProductGrid products={data} />
    </section>
  );
}

function DetailsSkeleton() {
  return (
    <Loading what="the product">
      <div className="mt-13 grid gap-8 md:grid-cols-2 lg:grid-cols-[1.15fr_1fr] lg:gap-14">
        <Skeleton className="aspect-square rounded-sheet" />
        <div className="space-y-6 lg:pt-4">
          <Skeleton className="h-10 w-4/5" />
          <Skeleton className="h-8 w-28" />
          <Skeleton className="h-13 w-full" />
          <TextSkeleton />
        </div>
      </div>
    </Loading>
  );
}
