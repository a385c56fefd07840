import { createContext, useCallback, useContext, useMemo, useRef, useState, type ReactNode } from "react";

import { ToastRegion, type Toast } from "@/components/ui/toast-region";
import { problemOf } from "@/lib/problem";

type ToastContext = {
  /** Something went well, or is worth knowing. */
  tell: (text: string, more?: Pick<Toast, "action">) => void;
  /** Something failed: a `Problem`, or any error. */
  fail: (error: unknown) => void;
};

const SHOWN_FOR = 6_000; // milliseconds
const MOST = 3;
const Context = createContext<ToastContext | null>(null);

export function ToastProvider({ children }: { children: ReactNode }) {
  const [toasts, setToasts] = useState<Toast[]>([]);
  const last = useRef(0);
  const dismiss = useCallback((id: number) => setToasts((all) => all.filter((one) => one.id !== id)), []);
  const add = useCallback(
    (toast: Omit<Toast, "id">) => {
      const id = ++last.current;
      setToasts((all) => [...all.filter((one) => one.text !== toast.text), { ...toast, id }].slice(-MOST));
      setTimeout(() => dismiss(id), SHOWN_FOR);
    },
    [dismiss],
  );
  const value = useMemo<ToastContext>(
    () => ({
      tell: (text, more) => add({ text, kind: "good", ...more }),
      fail: (error) => add({ text: problemOf(error).message, kind: "bad" }),
    }),
    [add],
  );
  return (
    <Context.Provider value={value}>
      {children}
      <ToastRegion toasts={toasts} onDismiss={dismiss} />
    </Context.Provider>
  );
}

export function useToasts(): ToastContext {
  const value = useContext(Context);
  if (value === null) throw new Error("useToasts outside of ToastProvider");
  return value;
}
