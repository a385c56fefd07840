import { WifiOff } from "lucide-react";
import { useSyncExternalStore } from "react";

import { useConnectionStatus } from "@/contexts/realtime";

/** Says that what is on the page may be old, for as long as that is so. */
export function ConnectionBanner() {
  const online = useSyncExternalStore(onChange, () => navigator.onLine);
  const lost = useConnectionStatus() === "lost";
  return (
    <div role="status">
      {(lost || !online) && (
        <p className="flex items-center justify-center gap-2 bg-warn-soft px-4 py-2 text-center text-sm font-medium text-warn">
          <WifiOff aria-hidden className="size-4 shrink-0" />
          No connection. Stock and prices may have changed; they are refreshed as soon as it is back.
        </p>
      )}
    </div>
  );
}

function onChange(listener: () => void): () => void {
  window.addEventListener("online", listener);
  window.addEventListener("offline", listener);
  return () => {
    window.removeEventListener("online", listener);
    window.removeEventListener("offline", listener);
  };
}
