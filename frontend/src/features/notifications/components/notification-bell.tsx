import { Bell } from "lucide-react";
import { Link } from "react-router";

import { NotificationList } from "./notification-list";
import { useNotifications } from "../api/use-notifications";

import { Menu, menuItem } from "@/components/ui/menu";

const SHOWN = 5;

export default function NotificationBell() {
  const { items, unread, read } = useNotifications();
  const icon = (
    <>
      <Bell aria-hidden className="size-5.5" />
      {unread > 0 && <span aria-hidden className="absolute top-2 right-2 size-2.5 rounded-full bg-accent ring-2 ring-canvas" />}
    </>
  );
  return (
    <Menu label={unread === 0 ? "Notifications" : `Notifications, ${unread} new`} icon={icon} wide>
      {(close) => (
        <>
          {items.length === 0 && <p className="px-3 py-4 text-muted">Nothing yet. What happens to orders appears here.</p>}
          <NotificationList
            items={items.slice(0, SHOWN)}
            onVisit={(id) => {
              read(id);
              close();
            }}
          />
          <Link to="/notifications" onClick={close} className={`${menuItem} justify-center font-medium text-accent`}>
            All notifications
          </Link>
        </>
      )}
    </Menu>
  );
}
