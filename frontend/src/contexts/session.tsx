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

async function signOut(): Promise<void> {
  await call(api.POST("/api/auth/logout")).catch(() => undefined); // without an answer the cookie ends by itself
  session.forget();
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
