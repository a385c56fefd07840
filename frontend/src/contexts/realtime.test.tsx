import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { act, render } from "@testing-library/react";
import { beforeEach, expect, test, vi } from "vitest";

import { RealtimeProvider, useEvent, useProductSubscription } from "@/contexts/realtime";
import { SessionProvider } from "@/contexts/session";
import { session } from "@/lib/session";

type Ack = (answer: { ok: boolean }) => void;
type Handler = (payload?: unknown) => void;

/** The end of the socket that the page holds; the test is the shop. */
class FakeSocket {
  connected = false;
  active = true;
  connects = 0;
  sent: { name: string; ids: string[]; ack: Ack }[] = [];
  private readonly handlers = new Map<string, Handler>();
  private any: (name: string, payload: unknown) => void = () => undefined;

  /** The page has it and listens. */
  get held(): boolean {
    return this.handlers.size > 0;
  }
  on = (name: string, handler: Handler): void => void this.handlers.set(name, handler);
  onAny = (handler: (name: string, payload: unknown) => void): void => void (this.any = handler);
  emit = (name: string, { product_ids }: { product_ids: string[] }, ack: Ack): void =>
    void this.sent.push({ name, ids: product_ids, ack });
  connect = (): this => {
    if (!this.connected) this.connects += 1;
    return this;
  };
  disconnect = (): this => this.end("io client disconnect");

  open(): void {
    this.connected = true;
    this.handlers.get("connect")?.();
  }
  end(reason: string): this {
    const was = this.connected;
    this.connected = false;
    if (was) this.handlers.get("disconnect")?.(reason);
    return this;
  }
  closing(code: string): void {
    this.any("closing", { code });
    this.handlers.get("closing")?.({ code });
    this.end("io server disconnect");
  }
}

let socket: FakeSocket;
vi.mock("socket.io-client", () => ({ io: () => socket }));

const heard: unknown[] = [];
const hear = (payload: unknown): void => void heard.push(payload);

function Watcher({ ids }: { ids: string[] }) {
  useProductSubscription(ids);
  useEvent("subscribed", hear);
  return null;
}

/** A page that watches these products, with an open socket. */
async function page(ids: string[]): Promise<void> {
  session.forget({ tell: false });
  render(
    <QueryClientProvider client={new QueryClient()}>
      <SessionProvider>
        <RealtimeProvider>
          <Watcher ids={ids} />
        </RealtimeProvider>
      </SessionProvider>
    </QueryClientProvider>,
  );
  await act(() => vi.waitFor(() => expect(socket.held).toBe(true)));
  act(() => socket.open());
}

beforeEach(() => {
  socket = new FakeSocket();
  heard.length = 0;
});

test("of a long list the last 240 products are subscribed to", async () => {
  const ids = Array.from({ length: 600 }, (_, index) => `p${String(index).padStart(3, "0")}`);
  await page(ids);
  expect(socket.sent.map(({ name, ids }) => [name, ids])).toEqual([["subscribe", ids.slice(-240)]]);
});

test("only a subscription that the shop took counts", async () => {
  await page(["p1"]);
  socket.sent[0]?.ack({ ok: false });
  expect(heard).toEqual([]);
  socket.sent[0]?.ack({ ok: true });
  expect(heard).toEqual([{ product_ids: ["p1"] }]);
});

test.each(["too_many_rooms", "rate_limited"])("sent away for %s, the socket waits longer each time", async (code) => {
  await page(["p1"]);
  vi.useFakeTimers();
  try {
    for (const [round, pause] of [5_000, 10_000, 20_000].entries()) {
      act(() => socket.closing(code));
      vi.advanceTimersByTime(pause - 1);
      expect(socket.connects).toBe(round);
      vi.advanceTimersByTime(1);
      expect(socket.connects).toBe(round + 1);
      act(() => socket.open());
    }
    vi.advanceTimersByTime(60_000); // in peace
    act(() => socket.closing(code));
    vi.advanceTimersByTime(5_000);
    expect(socket.connects).toBe(4);
  } finally {
    vi.useRealTimers();
  }
});

test("a socket whose token ended comes back at once", async () => {
  await page(["p1"]);
  act(() => socket.closing("unauthenticated"));
  expect(socket.connects).toBe(1);
});
