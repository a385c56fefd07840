import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { act, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { SessionProvider, useSession } from "@/contexts/session";
import { session } from "@/lib/session";

const USER = { id: "u1", name: "Ada", email: "ada@example.com", role: "buyer" as const, created_at: "2026-01-31T12:00:00Z" };
const signIn = (): void =>
  session.accept({ access_token: "t", token_type: "Bearer", expires_in: 900, user: USER }, { tell: false });

let reached = false;
let logouts = 0;
let online = true;

function Leave() {
  const { status, signOut } = useSession();
  return <button onClick={() => void signOut()}>{status}</button>;
}

async function leave(): Promise<void> {
  await act(async () => {
    screen.getByRole("button").click();
    await vi.advanceTimersByTimeAsync(100);
  });
}

beforeEach(() => {
  vi.useFakeTimers();
  [reached, logouts, online] = [false, 0, true];
  vi.spyOn(navigator, "onLine", "get").mockImplementation(() => online);
  vi.stubGlobal("fetch", async (request: Request) => {
    expect(new URL(request.url).pathname).toBe("/api/auth/logout");
    logouts += 1;
    if (!reached) throw new TypeError("network");
    return new Response(null, { status: 204 });
  });
  signIn();
  render(
    <QueryClientProvider client={new QueryClient()}>
      <SessionProvider>
        <Leave />
      </SessionProvider>
    </QueryClientProvider>,
  );
});
afterEach(() => {
  session.forget({ tell: false });
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

test("a logout that was answered is not sent again", async () => {
  reached = true;
  await leave();
  await vi.advanceTimersByTimeAsync(60_000);
  window.dispatchEvent(new Event("online"));
  expect(logouts).toBe(1);
});

test("a logout without an answer makes a guest at once, and is sent once more when the connection is back", async () => {
  online = false;
  await leave();
  expect(screen.getByRole("button").textContent).toBe("guest");
  await vi.advanceTimersByTimeAsync(60_000);
  expect(logouts).toBe(1);
  window.dispatchEvent(new Event("online"));
  window.dispatchEvent(new Event("online"));
  await vi.advanceTimersByTimeAsync(60_000);
  expect(logouts).toBe(2);
});

test("when only the shop is away it is asked once more a little later", async () => {
  await leave();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(logouts).toBe(2);
});

test("who has signed in meanwhile is not signed out by it", async () => {
  await leave();
  act(signIn);
  await act(() => vi.advanceTimersByTimeAsync(60_000));
  expect(logouts).toBe(1);
  expect(session.current().status).toBe("signed-in");
});
