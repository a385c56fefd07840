import { createContext, useContext, useEffect, useMemo, useState, useSyncExternalStore, type ReactNode } from "react";

import { useSession } from "@/contexts/session";
import { Connection, type Events } from "@/lib/connection";
import { session } from "@/lib/session";

const MOST_WATCHED = 240; // products of one component; the shop takes 500 of one page and sends away who asks for more
const LOOKS_EVERY = 20_000; // milliseconds between looks at the token of a page that asks for nothing

const Context = createContext<Connection | null>(null);

/** One socket for the whole page. Pages subscribe with `useEvent` and `useProductSubscription`. */
export function RealtimeProvider({ children }: { children: ReactNode }) {
  const [connection] = useState(() => new Connection());
  const { status, user } = useSession();
  const userId = user?.id ?? null;

  useEffect(() => {
    if (status === "guest" || status === "signed-in") connection.identify(userId);
  }, [connection, status, userId]);
  useEffect(() => {
    if (status !== "signed-in") return;
    const timer = setInterval(() => void session.accessToken(), LOOKS_EVERY); // renews it in time
    const stop = session.onToken((token) => connection.authenticate(token));
    return () => {
      clearInterval(timer);
      stop();
    };
  }, [connection, status]);
  useEffect(() => () => connection.close(), [connection]);

  return <Context.Provider value={connection}>{children}</Context.Provider>;
}

function useConnection(): Connection {
  const value = useContext(Context);
  if (value === null) throw new Error("used outside of RealtimeProvider");
  return value;
}

/** `idle` (nobody listens, or the shop has no real time), `open`, or `lost` (it was open and will be again). */
export function useConnectionStatus(): ReturnType<Connection["status"]> {
  const connection = useConnection();
  return useSyncExternalStore(connection.onStatus, connection.status);
}

/** Calls `handler` for every such event. The handler should be stable (useCallback). */
export function useEvent<Name extends keyof Events>(name: Name, handler: (payload: Events[Name]) => void): void {
  const connection = useConnection();
  useEffect(() => connection.on(name, handler), [connection, name, handler]);
}

/** Asks for `stock_update` of these products, of the last 240 of a long list, for as long as the component is there. */
export function useProductSubscription(ids: string[]): void {
  const connection = useConnection();
  const key = [...new Set(ids)].slice(-MOST_WATCHED).sort().join(" ");
  const wanted = useMemo(() => (key === "" ? [] : key.split(" ")), [key]);
  useEffect(() => connection.watch(wanted), [connection, wanted]);
}
