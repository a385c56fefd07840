import { createBrowserRouter, type RouteObject } from "react-router";

import { RequireRole } from "@/app/require-role";
import { RouteError } from "@/app/route-error";
import { Shell } from "@/app/shell";
import type { Role } from "@/contexts/session";
import HomePage from "@/features/catalogue/home-page";
import ListingPage from "@/features/catalogue/listing-page";
import ProductPage from "@/features/catalogue/product-page";

type Page = { default: React.ComponentType };

/** A page in a file of its own, loaded when it is first visited. */
function page(path: string, load: () => Promise<Page>): RouteObject {
  return { path, lazy: async () => ({ Component: (await load()).default }) };
}

/** Pages for some roles only: others are asked to sign in, or told that this is not theirs. */
function only(roles: Role[], children: RouteObject[]): RouteObject {
  return { element: <RequireRole roles={roles} />, children };
}

const ROUTES: RouteObject[] = [
  // the three pages that people arrive at are in the first download
  { index: true, element: <HomePage /> },
  { path: "products", element: <ListingPage /> },
  { path: "products/:id", element: <ProductPage /> },
  page("sign-in", () => import("@/features/auth/sign-in-page")),
  page("register", () => import("@/features/auth/register-page")),
  page("cart", () => import("@/features/cart/cart-page")),
  only(["buyer"], [
    page("checkout", () => import("@/features/cart/checkout-page")),
    page("checkout/done", () => import("@/features/cart/confirmation-page")),
    page("orders", () => import("@/features/orders/orders-page")),
  ]),
  only(["buyer", "seller", "admin"], [
    page("orders/:id", () => import("@/features/orders/order-page")),
    page("profile", () => import("@/features/auth/profile-page")),
  ]),
  only(["buyer", "seller"], [page("notifications", () => import("@/features/notifications/notifications-page"))]),
  only(["seller"], [page("seller/*", () => import("@/features/seller/seller-pages"))]),
  only(["admin"], [
    page("admin/*", () => import("@/features/admin/admin-pages")),
    page("lab/*", () => import("@/features/lab/lab-pages")),
  ]),
  page("*", () => import("@/app/not-found-page")),
];

export function createRouter() {
  return createBrowserRouter([{ element: <Shell />, errorElement: <RouteError />, children: ROUTES }]);
}
