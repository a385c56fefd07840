import { useEffect } from "react";

/** The page's title, in the tab and for screen readers. */
export function useTitle(title: string | null): void {
  useEffect(() => {
    if (title !== null) document.title = title === "" ? "Shardmart" : `${title} · Shardmart`;
  }, [title]);
}
