import { deferred, type Deferred } from "@/lib/deferred";
import { exclusively } from "@/lib/exclusively";
import { local, read, write } from "@/lib/storage";
import type { components } from "@/types/api";

export type User = components["schemas"]["User"];
export type SignedIn = components["schemas"]["SignedIn"];
export type SessionState =
  | { status: "starting"; user: null }
  | { status: "guest"; user: null }
  | { status: "signed-in"; user: User }
  | { status: "expired"; user: User }; // ended by the server while a page was open: sign in again to go on

const HINT = "signed-in"; // a cookie that scripts cannot read may be there; without the hint nobody asks for it
const EARLY = 90_000; // milliseconds before its end at which a token is renewed
const LOCK = "shardmart-refresh";

/**
 * The session of this tab. The access token lives in memory only; the refresh token is a cookie that scripts cannot
 * read. One renewal runs at a time, also over all tabs, and everybody waits for it.
 */
export class Session {
  private state: SessionState = { status: "starting", user: null };
  private token: string | null = null;
  private renewsAt = 0;
  private renewal: Promise<boolean> | null = null;
  private returning: Deferred<boolean> | null = null;
  private readonly tokenListeners = new Set<(token: string) => void>();
  private readonly listeners = new Set<() => void>();
  private readonly channel = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel("session");

  constructor(private readonly fetcher: typeof fetch = (...given) => fetch(...given)) {
    this.channel?.addEventListener("message", (event: MessageEvent<string>) => this.heard(event.data));
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly current = (): SessionState => this.state;

  /** At the start of the page: whoever was signed in still is. */
  async start(): Promise<void> {
    if (this.state.status !== "starting") return;
    if (read(local, HINT, isTrue) && (await this.renew())) return;
    if (this.state.status === "starting") this.become({ status: "guest", user: null });
  }

  /** A token that is good for a while, null for guests. */
  async accessToken(): Promise<string | null> {
    if (this.token !== null && Date.now() >= this.renewsAt) await this.renew();
    return this.token;
  }

  /** Tells every new token, also those that a renewal brought. */
  onToken(listener: (token: string) => void): () => void {
    this.tokenListeners.add(listener);
    return () => this.tokenListeners.delete(listener);
  }

  /** Asks for a new token. False when the session is over; true also when the shop could not be reached. */
  renew(): Promise<boolean> {
    this.renewal ??= this.askOnce().finally(() => {
      this.renewal = null;
    });
    return this.renewal;
  }

  accept(answer: SignedIn, { tell = true } = {}): void {
    const returned = this.state.user?.id === answer.user.id;
    this.token = answer.access_token;
    const life = answer.expires_in * 1000;
    this.renewsAt = Date.now() + life - Math.min(EARLY, life / 2);
    write(local, HINT, true);
    this.become({ status: "signed-in", user: answer.user });
    this.returning?.resolve(returned);
    this.returning = null;
    this.tokenListeners.forEach((listener) => listener(answer.access_token));
    if (tell) this.channel?.postMessage("in");
  }

  /** The server ended the session. Resolves true once the same person signed in again, false if they gave up. */
  async signInAgain(): Promise<boolean> {
    if (this.state.user === null) return false;
    this.token = null;
    this.returning ??= deferred<boolean>();
    this.become({ status: "expired", user: this.state.user });
    return this.returning.promise;
  }

  /** Forgets who was signed in. The cookie is the server's to end. */
  forget({ tell = true } = {}): void {
    this.token = null;
    write(local, HINT, null);
    this.become({ status: "guest", user: null });
    this.returning?.resolve(false);
    this.returning = null;
    if (tell) this.channel?.postMessage("out");
  }

  private async askOnce(): Promise<boolean> {
    const before = this.token;
    return exclusively(LOCK, async () => {
      if (this.token !== before) return this.token !== null;
      try {
        const response = await this.fetcher("/api/auth/refresh", { method: "POST", credentials: "same-origin" });
        if (response.ok) {
          this.accept((await response.json()) as SignedIn, { tell: false });
          return true;
        }
        if (response.status === 401 || response.status === 403) return this.lost();
      } catch {
        // no answer: the session may be alive
      }
      return this.token !== null;
    });
  }

  private lost(): false {
    write(local, HINT, null);
    this.token = null;
    return false;
  }

  private heard(message: string): void {
    if (message === "out" && this.state.status !== "guest") this.forget({ tell: false });
    if (message === "in" && this.state.status !== "signed-in") void this.renew();
  }

  private become(state: SessionState): void {
    this.state = state;
    this.listeners.forEach((listener) => listener());
  }
}

function isTrue(value: unknown): value is true {
  return value === true;
}

export const session = new Session();
