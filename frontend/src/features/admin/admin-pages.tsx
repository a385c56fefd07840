import { Outlet, Route, Routes } from "react-router";

import DashboardPage from "./dashboard-page";
import HealthPage from "./health-page";
import OrdersPage from "./orders-page";
import ProductsPage from "./products-page";
import UsersPage from "./users-page";

import { SectionNav } from "@/components/section-nav";

const LINKS = [
  { to: "/admin", title: "Overview", end: true },
  { to: "/admin/users", title: "Users" },
  { to: "/admin/products", title: "Products" },
  { to: "/admin/orders", title: "Orders" },
  { to: "/admin/health", title: "Health" },
];

export default function AdminPages() {
  return (
    <Routes>
      <Route element={<Frame />}>
        <Route index element={<DashboardPage />} />
        <Route path="users" element={<UsersPage />} />
        <Route path="products" element={<ProductsPage />} />
        <Route path="orders" element={<OrdersPage />} />
        <Route path="health" element={<HealthPage />} />
        <Route path="*" element={<DashboardPage />} />
      </Route>
    </Routes>
  );
}

function Frame() {
  return (
    <div className="page py-8">
      <SectionNav label="Administration" links={LINKS} />
      <Outlet />
    </div>
  );
}
