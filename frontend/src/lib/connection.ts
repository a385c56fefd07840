import type { Socket } from "socket.io-client";

import type { Schemas } from "@/lib/api";
import { idle } from "@/lib/idle";
import { session } from "@/lib/session";

export type StockUpdate = {
  product_id: string;
  stock: number;
  price: number;
  is_active: boolean;
  version: number;
  updated_at: string;
};

/** What the shop tells without being asked (docs: contract of real time). */
export type Events = {
  stock_update: StockUpdate;
  low_stock: { product_id: string; name: string; stock: number; low_stock_threshold: number };
  order_placed: Schemas["Order"];
  order_status: Schemas["Order"];
  notification: { id: string; kind: string; text: string; subject_id: string; read: boolean; created_at: string };
  topology: Record<string, unknown>;
  load: Record<string, unknown>;
  /** Events were missed: fetch again. Also sent here when the socket came back. */
  resync: unknown;
  /** Made here: from now on these products' changes are told; what was fetched before may be older. */
  subscribed: { product_ids: string[] };
};
export type ConnectionStatus = "idle" | "open" | "lost";
type Listener = (payload: never) => void;

const LIMITS = ["too_many_rooms", "rate_limited"]; // what this page did wrong, and would do again at once
const FIRST_PAUSE = 5_000; // milliseconds before a socket that was sent away comes back; doubles…
const LONGEST_PAUSE = 120_000;
const CALM = 60_000; // …unless it has been open for so many milliseconds
const MOST_REFUSALS = 3; // a shop that never let us in has no real time: leave it alone

/** The socket: opened when somebody listens, with the session's token, and what was asked for asked again. */
export class Connection {
  private socket: Socket | null = null;
  private opening = false;
  private identity: string | null | undefined = undefined;
  private state: ConnectionStatus = "idle";
  private lastEventId: string | null = null;
  private refusals = 0;
  private pause = FIRST_PAUSE;
  private openSince = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly watched = new Map<string, number>();
  private readonly handlers = new Map<string, Set<Listener>>();
  private readonly statusListeners = new Set<() => void>();

  readonly status = (): ConnectionStatus => this.state;
  readonly onStatus = (listener: () => void): (() => void) => {
    this.statusListeners.add(listener);
    return () => this.statusListeners.delete(listener);
  };

  /** Another person, or nobody: the socket starts anew. Undefined identities wait. */
  identify(userId: string | null): void {
    if (this.identity === userId) return;
    this.identity = userId;
    this.lastEventId = null;
    this.refusals = 0;
    clearTimeout(this.timer);
    if (this.socket !== null) this.socket.disconnect().connect();
    else void this.open();
  }

  on<Name extends keyof Events>(name: Name, handler: (payload: Events[Name]) => void): () => void {
    const set = this.handlers.get(name) ?? new Set<Listener>();
    this.handlers.set(name, set.add(handler as Listener));
    void this.open();
    return () => set.delete(handler as Listener);
  }

  watch(ids: string[]): () => void {
    const fresh = ids.filter((id) => this.count(id, 1) === 1);
    this.ask("subscribe", fresh);
    if (ids.length > 0) void this.open();
    return () => {
      const gone = ids.filter((id) => this.count(id, -1) === 0);
      gone.forEach((id) => this.watched.delete(id));
      this.ask("unsubscribe", gone);
    };
  }

  /** A renewed token, so that the shop does not end the socket with the old one. */
  authenticate(token: string): void {
    if (this.socket?.connected === true) this.socket.emit("auth", { token });
  }

  close(): void {
    clearTimeout(this.timer);
    this.socket?.disconnect();
    this.socket = null;
    this.become("idle");
  }

  private count(id: string, by: number): number {
    const now = (this.watched.get(id) ?? 0) + by;
    this.watched.set(id, now);
    return now;
  }

  private ask(what: "subscribe" | "unsubscribe", ids: string[]): void {
    if (ids.length === 0 || this.socket?.connected !== true) return;
    this.socket.emit(what, { product_ids: ids }, (answer?: { ok?: boolean }) => {
      if (what === "subscribe" && answer?.ok === true) this.tell("subscribed", { product_ids: ids });
    });
  }

  private async open(): Promise<void> {
    const wanted = this.watched.size > 0 || [...this.handlers.values()].some((set) => set.size > 0);
    if (!wanted || this.identity === undefined || this.socket !== null || this.opening) return;
    this.opening = true;
    try {
      await idle(); // what people came for is loaded first
      const { io } = await import("socket.io-client");
      const auth = (give: (data: object) => void): void => {
        void session.accessToken().then((token) => give(this.credentials(token)));
      };
      this.socket = io({ transports: ["websocket"], auth, reconnectionDelayMax: 10_000, timeout: 8_000 });
      this.listen(this.socket);
    } finally {
      this.opening = false;
    }
  }

  private credentials(token: string | null): object {
    return { ...(token === null ? {} : { token }), ...(this.lastEventId && { last_event_id: this.lastEventId }) };
  }

  private listen(socket: Socket): void {
    socket.on("connect", () => {
      this.refusals = 0;
      this.openSince = Date.now();
      const returned = this.state === "lost";
      this.become("open");
      this.ask("subscribe", [...this.watched.keys()]);
      if (returned) this.tell("resync", {});
    });
    socket.on("disconnect", (reason) => {
      if (reason === "io server disconnect") socket.connect(); // the token ended; a new one goes along
      if (reason !== "io client disconnect") this.become("lost");
    });
    socket.on("connect_error", () => {
      this.refusals += 1;
      if (this.state === "idle" && this.refusals >= MOST_REFUSALS) socket.disconnect();
      else if (!socket.active) this.connectAfter(FIRST_PAUSE, socket); // refused, not unreachable
    });
    socket.on("closing", ({ code }: { code: string }) => {
      if (!LIMITS.includes(code)) return;
      if (Date.now() - this.openSince >= CALM) this.pause = FIRST_PAUSE;
      socket.disconnect(); // before the shop does it: that would be answered at once
      this.become("lost");
      this.connectAfter(this.pause, socket);
      this.pause = Math.min(LONGEST_PAUSE, this.pause * 2);
    });
    socket.onAny((name: string, payload: unknown) => this.tell(name, payload));
  }

  private connectAfter(milliseconds: number, socket: Socket): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => socket.connect(), milliseconds);
  }

  private tell(name: string, payload: unknown): void {
    const id = (payload as { event_id?: unknown } | null)?.event_id;
    if (typeof id === "string") this.lastEventId = id;
    this.handlers.get(name)?.forEach((handler) => handler(payload as never));
  }

  private become(state: ConnectionStatus): void {
    if (this.state === state) return;
    this.state = state;
    this.statusListeners.forEach((listener) => listener());
  }
}
