import { useQueryClient } from "@tanstack/react-query";
import { createContext, useContext, useEffect, useMemo, useRef, useSyncExternalStore, type ReactNode } from "react";

import { api, call, type Schemas } from "@/lib/api";
import { session, type SessionState } from "@/lib/session";

export type Role = Schemas["User"]["role"];
type SessionContext = SessionState & {
  signIn: (credentials: Schemas["Credentials"]) => Promise<Schemas["User"]>;
  register: (registration: Schemas["Registration"]) => Promise<Schemas["User"]>;
  signOut: () => Promise<void>;
};

const LOGOUT_AGAIN = 15_000; // milliseconds, if the network is there and only the shop is away

const Context = createContext<SessionContext | null>(null);

async function signIn(credentials: Schemas["Credentials"]): Promise<Schemas["User"]> {
  const answer = await call(api.POST("/api/auth/login", { body: credentials }));
  session.accept(answer);
  return answer.user;
}

async function register(registration: Schemas["Registration"]): Promise<Schemas["User"]> {
  const answer = await call(api.POST("/api/auth/register", { body: registration }));
  session.accept(answer);
  return answer.user;
}

/**
 * Without an answer the page forgets the person all the same, but the refresh cookie, which only the shop can take away,
 * lives on: it is asked once more when the connection is back, unless somebody has signed in by then.
 */
async function signOut(): Promise<void> {
  const done = await logout();
  session.forget();
  if (done) return;
  const again = (): void => void (session.current().status === "guest" && logout());
  if (navigator.onLine) setTimeout(again, LOGOUT_AGAIN);
  else window.addEventListener("online", again, { once: true });
}

/** Whether the shop has done it. */
async function logout(): Promise<boolean> {
  return call(api.POST("/api/auth/logout")).then(
    () => true,
    () => false,
  );
}

/** Who is signed in. What a person saw is forgotten when somebody else follows. */
export function SessionProvider({ children }: { children: ReactNode }) {
  const state = useSyncExternalStore(session.subscribe, session.current);
  const queries = useQueryClient();
  const seen = useRef<string | null>(null);
  const userId = state.user?.id ?? null;

  useEffect(() => void session.start(), []);
  useEffect(() => {
    if (seen.current !== null && seen.current !== userId) queries.clear();
    seen.current = userId;
  }, [queries, userId]);

  const value = useMemo(() => ({ ...state, signIn, register, signOut }), [state]);
  return <Context.Provider value={value}>{children}</Context.Provider>;
}

export function useSession(): SessionContext {
  const value = useContext(Context);
  if (value === null) throw new Error("useSession outside of SessionProvider");
  return value;
}
