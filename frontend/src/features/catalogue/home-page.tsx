import { useQuery } from "@tanstack/react-query";
import { ArrowRight } from "lucide-react";
import type { ReactNode } from "react";
import { Link } from "react-router";

import { categoriesQuery, fewLeftQuery, newestQuery, NEWEST } from "./api/queries";
import { Hero } from "./components/hero";

import { ProductGrid, ProductGridSkeleton } from "@/components/product-card";
import { CategoryIcon } from "@/components/product-picture";
import { Loading, Skeleton } from "@/components/ui/skeleton";
import { ErrorState } from "@/components/ui/states";
import { useProductSubscription } from "@/contexts/realtime";
import { count } from "@/lib/format";
import { useTitle } from "@/lib/use-title";

export default function HomePage() {
  useTitle("");
  const { data: newest, error, refetch } = useQuery(newestQuery);
  const { data: few = [] } = useQuery({ ...fewLeftQuery, enabled: newest !== undefined });
  useProductSubscription([...(newest ?? []), ...few].map((product) => product.id));
  return (
    <>
      <Hero />
      <div className="page space-y-16 pt-12">
        <Categories />
        {error !== null && newest === undefined ? (
          <ErrorState error={error} onRetry={() => void refetch()} />
        ) : (
          <>
            <Section title="New in the shop" more="/products">
              {newest === undefined ? <GridLoading /> : <ProductGrid products={newest} />}
            </Section>
            {few.length > 0 && (
              <Section title="Almost sold out" note="What you see is what is left, counted live.">
                <ProductGrid products={few} />
              </Section>
            )}
          </>
        )}
      </div>
    </>
  );
}

function GridLoading() {
  return (
    <Loading what="products">
      <ProductGridSkeleton number={NEWEST} />
    </Loading>
  );
}

function Categories() {
  const { data } = useQuery(categoriesQuery);
  return (
    <section aria-label="Categories">
      <ul className="grid grid-cols-2 gap-3 sm:grid-cols-4">
        {data === undefined
          ? Array.from({ length: 8 }, (_, index) => <Skeleton key={index} className="h-18 rounded-card" />)
          : data.slice(0, 8).map(({ name, count: products }) => (
                <li key={name}>
                  <Link
                    to={`/products?category=${encodeURIComponent(name)}`}
                    className="flex h-full items-center gap-3.5 rounded-card border border-line bg-surface p-3.5 transition-colors hover:border-accent hover:bg-accent-soft"
                  >
                    <span className="grid size-11 shrink-0 place-items-center rounded-control bg-accent-soft text-accent">
                      <CategoryIcon category={name} className="size-5.5" />
                    </span>
                    <span className="min-w-0">
                      <span className="block truncate font-medium">{name}</span>
                      <span className="block text-sm text-muted">{count(products)}</span>
                    </span>
                  </Link>
                </li>
            ))}
      </ul>
    </section>
  );
}

type SectionProps = { title: string; note?: string; more?: string; children: ReactNode };

function Section({ title, note, more, children }: SectionProps) {
  return (
    <section>
      <header className="mb-6 flex flex-wrap items-end justify-between gap-3">
        <div>
          <h2 className="text-2xl font-semibold">{title}</h2>
          {note !== undefined && <p className="mt-1 text-muted">{note}</p>}
        </div>
        {more !== undefined && (
          <Link to={more} className="flex min-h-9 items-center gap-1.5 font-medium text-accent hover:text-accent-strong">
            See all <ArrowRight aria-hidden className="size-4" />
          </Link>
        )}
      </header>
      {children}
    </section>
  );
}
