import { CircleAlert, Trash2 } from "lucide-react";
import { Link } from "react-router";

import type { ShownLine } from "../api/use-cart-lines";

import { ProductPicture } from "@/components/product-picture";
import { Quantity } from "@/components/quantity";
import { Button, IconButton } from "@/components/ui/button";
import { useCart } from "@/contexts/cart";
import { money } from "@/lib/format";

type CartLinesProps = { lines: ShownLine[]; onVisit?: () => void };

export function CartLines({ lines, onVisit }: CartLinesProps) {
  return (
    <ul className="divide-y divide-line">
      {lines.map((line) => (
        <li key={line.product_id} className="py-5 first:pt-0 last:pb-0">
          <Line line={line} onVisit={onVisit} />
        </li>
      ))}
    </ul>
  );
}

function Line({ line, onVisit }: { line: ShownLine; onVisit?: () => void }) {
  const { setQuantity } = useCart();
  const sold = { product_id: line.product_id, name: line.name, price: line.price };
  return (
    <div className="flex gap-3 sm:gap-4">
      <div className="size-16 shrink-0 sm:size-22 overflow-hidden rounded-control bg-raised">
        <ProductPicture product={line.product ?? { name: line.name, category: "" }} />
      </div>
      <div className="min-w-0 grow">
        <div className="flex items-start justify-between gap-3">
          <Link to={`/products/${line.product_id}`} onClick={onVisit} className="line-clamp-2 font-medium hover:underline">
            {line.name}
          </Link>
          <p className="font-semibold tabular-nums">{money((Math.round(line.price * 100) * line.quantity) / 100)}</p>
        </div>
        <p className="text-sm text-muted">{money(line.price)} each</p>
        <div className="mt-2.5 flex flex-wrap items-center justify-between gap-x-2">
          <Quantity of={line.name} value={line.quantity} onChange={(quantity) => setQuantity(sold, quantity)} />
          <IconButton label={`Remove ${line.name}`} onClick={() => setQuantity(sold, 0)}>
            <Trash2 aria-hidden className="size-4.5 text-muted" />
          </IconButton>
        </div>
        <div aria-live="polite">
          {line.problem !== null && (
            <p className="mt-2.5 flex flex-wrap items-center gap-x-2 gap-y-1 text-sm font-medium text-bad">
              <CircleAlert aria-hidden className="size-4" />
              {line.problem.text}
              <Button size="small" onClick={() => line.problem && setQuantity(sold, line.problem.fix.quantity)}>
                {line.problem.fix.text}
              </Button>
            </p>
          )}
        </div>
      </div>
    </div>
  );
}
