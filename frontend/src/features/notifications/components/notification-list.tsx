import { Link } from "react-router";

import { placeOf, type Notification } from "../api/queries";

import { cx } from "@/lib/class-names";
import { ago } from "@/lib/format";

type NotificationListProps = { items: Notification[]; onVisit: (id: string) => void };

export function NotificationList({ items, onVisit }: NotificationListProps) {
  return (
    <ul>
      {items.map((item) => (
        <li key={item.id}>
          <Link
            to={placeOf(item)}
            onClick={() => onVisit(item.id)}
            className="flex gap-3 rounded-control px-3 py-3 text-[0.9375rem] hover:bg-raised"
          >
            <span
              aria-hidden
              className={cx("mt-1.5 size-2 shrink-0 rounded-full", item.read ? "bg-transparent" : "bg-accent")}
            />
            <span className="min-w-0">
              {!item.read && <span className="sr-only">New: </span>}
              <span className={cx("block", !item.read && "font-medium")}>{item.text}</span>
              <span className="block text-sm text-muted">{ago(item.created_at)}</span>
            </span>
          </Link>
        </li>
      ))}
    </ul>
  );
}
