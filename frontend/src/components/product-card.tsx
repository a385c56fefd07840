import { Link } from "react-router";

import { ProductPicture } from "@/components/product-picture";
import { isLow } from "@/components/stock-badge";
import { Skeleton } from "@/components/ui/skeleton";
import { count, money } from "@/lib/format";
import type { Product } from "@/lib/products";

export function ProductCard({ product, eager }: { product: Product; eager?: boolean }) {
  const { id, name, seller_name, price, stock, low_stock_threshold } = product;
  const sold = stock === 0 || !product.is_active;
  return (
    <article className="group relative flex h-full flex-col">
      <div className="relative overflow-hidden rounded-card bg-raised">
        <ProductPicture
          product={product}
          eager={eager}
          className={`transition-transform duration-500 ease-calm group-hover:scale-[1.03] ${sold ? "opacity-50 saturate-50" : ""}`}
        />
        {(sold || isLow(stock, low_stock_threshold)) && (
          <span className="absolute top-3 left-3 rounded-full bg-surface/95 px-2.5 py-1 text-xs font-semibold text-ink shadow-card">
            {sold ? "Sold out" : `${count(stock)} left`}
          </span>
        )}
      </div>
      <h3 className="mt-3 text-[0.9375rem] leading-snug font-medium">
        <Link to={`/products/${id}`} className="line-clamp-2 after:absolute after:inset-0 after:rounded-card">
          {name}
        </Link>
      </h3>
      <p className="mt-0.5 truncate text-sm text-muted">{seller_name}</p>
      <p className="mt-1 font-semibold tabular-nums">{money(price)}</p>
    </article>
  );
}

const GRID = "grid grid-cols-2 gap-x-4 gap-y-8 sm:gap-x-6 md:grid-cols-3";

type GridProps = { products: Product[]; eager?: number; columns?: 3 | 4 };

/** `eager`: how many stand in the first screen. */
export function ProductGrid({ products, eager = 0, columns = 4 }: GridProps) {
  return (
    <ul className={`${GRID} ${columns === 4 ? "lg:grid-cols-4" : ""}`}>
      {products.map((product, index) => (
        <li key={product.id}>
          <ProductCard product={product} eager={index < eager} />
        </li>
      ))}
    </ul>
  );
}

export function ProductGridSkeleton({ number = 8, columns = 4 }: { number?: number; columns?: 3 | 4 }) {
  return (
    <div className={`${GRID} ${columns === 4 ? "lg:grid-cols-4" : ""}`}>
      {Array.from({ length: number }, (_, index) => (
        <div key={index}>
          <Skeleton className="aspect-square rounded-card" />
          <Skeleton className="mt-3 h-4 w-4/5" />
          <Skeleton className="mt-2 h-4 w-2/5" />
        </div>
      ))}
    </div>
  );
}
