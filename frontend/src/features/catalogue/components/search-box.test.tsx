import { act, render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { createMemoryRouter, RouterProvider } from "react-router";
import { expect, test } from "vitest";

import { SearchBox } from "./search-box";

const LONGER_THAN_CALM = 400; // milliseconds

function at(start: string) {
  const router = createMemoryRouter([{ path: "*", element: <SearchBox /> }], { initialEntries: [start] });
  render(<RouterProvider router={router} />);
  const address = () => router.state.location.pathname + router.state.location.search;
  return { router, address, pause: () => act(() => new Promise((done) => setTimeout(done, LONGER_THAN_CALM))) };
}

test("typing leads to the listing, and keeps its other filters", async () => {
  const { address, pause } = at("/products?in_stock=true");
  await userEvent.type(screen.getByRole("searchbox"), "lamp");
  await pause();
  expect(address()).toBe("/products?q=lamp&in_stock=true");
});

test("whoever opens a product right after typing stays there", async () => {
  for (const start of ["/", "/products?q=la"]) {
    const { router, address, pause } = at(start);
    await userEvent.type(screen.getAllByRole("searchbox").at(-1) as HTMLElement, "mp");
    await act(() => router.navigate("/products/p1"));
    await pause();
    expect(address()).toBe("/products/p1");
  }
});
