import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { MemoryRouter } from "react-router";
import { expect, test, vi } from "vitest";

import { ProductCard } from "@/components/product-card";
import { paletteOf } from "@/components/product-look";
import { Quantity } from "@/components/quantity";
import { StockBadge } from "@/components/stock-badge";
import { Field, Input } from "@/components/ui/field";
import { Tabs } from "@/components/ui/tabs";
import type { Product } from "@/lib/products";

const MARKUP = '<img src=x onerror="alert(1)"><b>Lamp</b>';

test("markup in a product's name is text", () => {
  const product = { id: "p1", name: MARKUP, seller_name: "<i>Bob</i>", price: 5, stock: 3, category: "Home", is_active: true };
  const { container } = render(
    <MemoryRouter>
      <ProductCard product={{ ...product, low_stock_threshold: 5, image_url: null } as Product} />
    </MemoryRouter>,
  );
  expect(screen.getByRole("link").textContent).toBe(MARKUP);
  expect(container.querySelector("img, b, i")).toBeNull();
});

test.each([
  [{ stock: 0, low_stock_threshold: 5 }, "Sold out"],
  [{ stock: 3, low_stock_threshold: 5 }, "3 left"],
  [{ stock: 50, low_stock_threshold: 5 }, "In stock"],
  [{ stock: 50, low_stock_threshold: 5, is_active: false }, "Not for sale"],
])("%j is shown as %j", (product, text) => {
  render(<StockBadge product={product} />);
  expect(screen.getByText(text)).toBeDefined();
});

test("a product's picture is always the same, and others look different", () => {
  expect(paletteOf("Warm Oak Lamp", "Home")).toEqual(paletteOf("Warm Oak Lamp", "Home"));
  expect(paletteOf("Warm Oak Lamp", "Home")).toEqual(paletteOf("Warm Oak Lamp", "")); // in an order
  expect(paletteOf("Warm Oak Lamp", "Home")).not.toEqual(paletteOf("Slim Cork Mat", "Sport"));
});

test("a typed quantity stays within what is allowed", async () => {
  const change = vi.fn();
  render(<Quantity of="Lamp" value={2} max={5} onChange={change} />);
  const input = screen.getByRole("textbox");
  await userEvent.clear(input);
  await userEvent.type(input, "99{Enter}");
  expect(change).toHaveBeenCalledWith(5);
});

test("what is wrong with a field is tied to it", () => {
  render(
    <Field label="Price" error="must be a number">
      {(field) => <Input {...field} />}
    </Field>,
  );
  const input = screen.getByLabelText("Price");
  expect(input.getAttribute("aria-invalid")).toBe("true");
  expect(document.getElementById(input.getAttribute("aria-describedby") ?? "")?.textContent).toBe("must be a number");
});

test("tabs are walked by arrow keys", async () => {
  const select = vi.fn();
  const tabs = ["one", "two"].map((id) => ({ id, title: id, content: `content of ${id}` }));
  render(<Tabs label="Views" tabs={tabs} selected="one" onSelect={select} />);
  screen.getByRole("tab", { name: "one" }).focus();
  await userEvent.keyboard("{ArrowRight}");
  expect(select).toHaveBeenCalledWith("two");
  expect(document.activeElement?.textContent).toBe("two");
});
