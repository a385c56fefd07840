import { Route } from "react-router";

import DashboardPage from "./dashboard-page";
import HealthPage from "./health-page";
import OrdersPage from "./orders-page";
import ProductsPage from "./products-page";
import UsersPage from "./users-page";

import { Section } from "@/components/section";

const LINKS = [
  { to: "/admin", title: "Overview", end: true },
  { to: "/admin/users", title: "Users" },
  { to: "/admin/products", title: "Products" },
  { to: "/admin/orders", title: "Orders" },
  { to: "/admin/health", title: "Health" },
];

export default function AdminPages() {
  return (
    <Section label="Administration" links={LINKS}>
      <Route index element={<DashboardPage />} />
      <Route path="users" element={<UsersPage />} />
      <Route path="products" element={<ProductsPage />} />
      <Route path="orders" element={<OrdersPage />} />
      <Route path="health" element={<HealthPage />} />
    </Section>
  );
}
