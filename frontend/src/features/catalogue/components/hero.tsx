import { ProductPicture } from "@/components/product-picture";
import { ButtonLink } from "@/components/ui/button";

const SAMPLES = [
  { name: "Warm Oak Lamp", category: "Home" },
  { name: "Quiet Clay Teapot", category: "Kitchen" },
  { name: "Light Linen Tent", category: "Outdoor" },
];

/** The first thing people see: what this is, and a way in. The pictures are decoration. */
export function Hero() {
  return (
    <div className="overflow-hidden border-b border-line bg-accent-soft">
      <div className="page grid items-center gap-10 py-12 md:grid-cols-[1.1fr_1fr] md:py-16">
        <div>
          <h1 className="max-w-xl text-4xl leading-[1.08] font-semibold sm:text-5xl">Good things, honestly counted.</h1>
          <p className="mt-5 max-w-md text-lg text-muted">
            A marketplace of independent sellers. If the shop says there are three left, there are three left.
          </p>
          <div className="mt-8 flex flex-wrap gap-3">
            <ButtonLink to="/products" variant="primary" size="large">
              Browse everything
            </ButtonLink>
            <ButtonLink to="/products?in_stock=true&sort=price" size="large">
              Small prices
            </ButtonLink>
          </div>
        </div>
        <div aria-hidden className="hidden grid-cols-3 gap-4 md:grid">
          {SAMPLES.map((sample, index) => (
            <div
              key={sample.name}
              className={`overflow-hidden rounded-card shadow-card ${index === 1 ? "translate-y-8" : "-translate-y-2"}`}
            >
              <ProductPicture product={sample} className="aspect-[3/4]! object-cover" />
            </div>
          ))}
        </div>
      </div>
    </div>
  );
}
