import { useSyncExternalStore } from "react";

/** Whether the media query holds, as it does now. */
export function useMedia(query: string): boolean {
  return useSyncExternalStore(
    (changed) => {
      const list = window.matchMedia(query);
      list.addEventListener("change", changed);
      return () => list.removeEventListener("change", changed);
    },
    () => window.matchMedia(query).matches,
  );
}

export const WIDE = "(width >= 48rem)"; // Tailwind's md
