import { act, render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { createMemoryRouter, Link, RouterProvider } from "react-router";
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

test("whoever follows a link right after typing gets there, however long the page takes to come", async () => {
  let arrive = (): void => undefined;
  const slow = new Promise<void>((done) => (arrive = done));
  const page = (
    <>
      <SearchBox />
      <Link to="/products/p1">Lamp</Link>
    </>
  );
  const routes = [
    { path: "/products/:id", lazy: () => slow.then(() => ({ element: <p>The lamp</p> })) },
    { path: "*", element: page },
  ];
  render(<RouterProvider router={createMemoryRouter(routes)} />);
  await userEvent.type(screen.getByRole("searchbox"), "la");
  await userEvent.click(screen.getByRole("link", { name: "Lamp" }));
  await act(() => new Promise((done) => setTimeout(done, LONGER_THAN_CALM)));
  arrive();
  await screen.findByText("The lamp");
});
