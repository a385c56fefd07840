import { lazy, Suspense, useId } from "react";

import { paletteOf } from "@/components/product-look";
import { cx } from "@/lib/class-names";

const motif = import("@/components/product-motif"); // not when the first product is there: it is on its way by then
const ProductMotif = lazy(() => motif);

type PictureProps = {
  product: { name: string; category: string; image_url?: string | null };
  className?: string;
  /** In the first screen: loaded at once. */
  eager?: boolean;
};

/**
 * The product's photo, or a picture drawn from its name and category: the same product always looks the same.
 * Decorative: the product's name stands beside it.
 */
export function ProductPicture({ product, className, eager = false }: PictureProps) {
  if (product.image_url) {
    return (
      <img
        src={product.image_url}
        alt=""
        width={800}
        height={800}
        loading={eager ? "eager" : "lazy"}
        decoding="async"
        className={cx("aspect-square size-full object-cover", className)}
      />
    );
  }
  return <Drawing name={product.name} category={product.category} className={className} />;
}

function Drawing({ name, category, className }: { name: string; category: string; className?: string }) {
  const id = useId();
  const { hue, second, sunX, sunY, tilt } = paletteOf(name, category);
  return (
    <svg viewBox="0 0 200 200" preserveAspectRatio="xMidYMid slice" aria-hidden className={cx("aspect-square size-full", className)}>
      <defs>
        <linearGradient id={`${id}-sky`} x1="0" y1="0" x2="0.6" y2="1">
          <stop offset="0" stopColor={`hsl(${hue} 42% 90%)`} />
          <stop offset="1" stopColor={`hsl(${second} 38% 78%)`} />
        </linearGradient>
        <radialGradient id={`${id}-sun`}>
          <stop offset="0" stopColor={`hsl(${second} 90% 97%)`} />
          <stop offset="1" stopColor={`hsl(${second} 90% 97%)`} stopOpacity="0" />
        </radialGradient>
        <linearGradient id={`${id}-ground`} x1="0" y1="0" x2="0" y2="1">
          <stop offset="0" stopColor={`hsl(${hue} 34% 70%)`} stopOpacity="0.55" />
          <stop offset="1" stopColor={`hsl(${hue} 34% 58%)`} stopOpacity="0.4" />
        </linearGradient>
      </defs>
      <rect width="200" height="200" fill={`url(#${id}-sky)`} />
      <circle cx={sunX} cy={sunY} r="88" fill={`url(#${id}-sun)`} />
      <path d={`M-10 ${150 - tilt} Q 70 ${128 + tilt} 210 ${146 + tilt} V210 H-10Z`} fill={`url(#${id}-ground)`} />
      <ellipse cx="100" cy="143" rx="40" ry="5" fill={`hsl(${hue} 35% 30%)`} opacity="0.16" />
      <Suspense fallback={null}>
        <ProductMotif
          name={name}
          category={category}
          x={53}
          y={54}
          width={94}
          height={94}
          strokeWidth={0.8}
          color={`hsl(${hue} 48% 24%)`}
          fill={`hsl(${hue} 60% 97% / 0.72)`}
        />
      </Suspense>
      <rect width="200" height="200" className="fill-shade" />
    </svg>
  );
}

/** The picture of a category, small and in the colour of the text. */
export function CategoryIcon({ category, className }: { category: string; className: string }) {
  return (
    <Suspense fallback={<span className={className} />}>
      <ProductMotif name="" category={category} aria-hidden className={className} strokeWidth={1.5} />
    </Suspense>
  );
}
