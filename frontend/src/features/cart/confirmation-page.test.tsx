import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { render, screen } from "@testing-library/react";
import { MemoryRouter, Route, Routes } from "react-router";
import { afterEach, expect, test } from "vitest";

import { keepConfirmation, keptConfirmation } from "./api/confirmation";
import ConfirmationPage from "./confirmation-page";

import { SessionProvider } from "@/contexts/session";
import { session } from "@/lib/session";

const PLACED = { checkout_id: "c1", status: "placed" as const, total_amount: 10, orders: [] };

function openAs(id: string): void {
  const user = { id, name: id, email: `${id}@example.com`, role: "buyer" as const, created_at: "2026-01-31T12:00:00Z" };
  session.accept({ access_token: "t", token_type: "Bearer", expires_in: 900, user }, { tell: false });
  render(
    <QueryClientProvider client={new QueryClient()}>
      <SessionProvider>
        <MemoryRouter initialEntries={["/checkout/done"]}>
          <Routes>
            <Route path="/checkout/done" element={<ConfirmationPage />} />
            <Route path="/orders" element={<p>My own orders</p>} />
          </Routes>
        </MemoryRouter>
      </SessionProvider>
    </QueryClientProvider>,
  );
}

afterEach(() => session.forget({ tell: false }));

test("a buyer's confirmation is shown to them", () => {
  keepConfirmation("ada", PLACED);
  openAs("ada");
  expect(screen.getByRole("heading").textContent).toContain("Thank you");
});

test("who signs in next in the same tab does not see it", () => {
  keepConfirmation("ada", PLACED);
  expect(keptConfirmation("bob")).toBeNull();
  openAs("bob");
  expect(screen.getByText("My own orders")).toBeDefined();
});
