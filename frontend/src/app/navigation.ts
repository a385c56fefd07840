import { FlaskConical, LayoutDashboard, Package, ReceiptText, ShieldCheck, Store, type LucideIcon } from "lucide-react";

import type { Role } from "@/contexts/session";

export type NavigationLink = { to: string; title: string; icon: LucideIcon };

const LINKS: Record<Role, NavigationLink[]> = {
  buyer: [
    { to: "/products", title: "Browse", icon: Store },
    { to: "/orders", title: "Orders", icon: ReceiptText },
  ],
  seller: [
    { to: "/seller", title: "Seller’s desk", icon: LayoutDashboard },
    { to: "/products", title: "Shop", icon: Package },
  ],
  admin: [
    { to: "/admin", title: "Admin", icon: ShieldCheck },
    { to: "/lab", title: "Lab", icon: FlaskConical },
  ],
};

/** What stands in the header for this role. */
export function linksOf(role: Role | null): NavigationLink[] {
  return role === null ? [{ to: "/products", title: "Browse", icon: Store }] : LINKS[role];
}
