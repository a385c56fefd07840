import { Route } from "react-router";

import DashboardPage from "./dashboard-page";
import ImportPage from "./import-page";
import NewProductPage from "./new-product-page";
import OrdersPage from "./orders-page";
import ProductPage from "./product-page";
import ProductsPage from "./products-page";

import { Section } from "@/components/section";

const LINKS = [
  { to: "/seller", title: "Overview", end: true },
  { to: "/seller/orders", title: "Orders" },
  { to: "/seller/products", title: "Products" },
  { to: "/seller/import", title: "Import and export" },
];

export default function SellerPages() {
  return (
    <Section label="Seller’s desk" links={LINKS}>
      <Route index element={<DashboardPage />} />
      <Route path="orders" element={<OrdersPage />} />
      <Route path="products" element={<ProductsPage />} />
      <Route path="products/new" element={<NewProductPage />} />
      <Route path="products/:id" element={<ProductPage />} />
      <Route path="import" element={<ImportPage />} />
    </Section>
  );
}
