import { useEffect, useRef } from "react";

import { Button } from "@/components/ui/button";

type LoadMoreProps = { hasMore: boolean; loading: boolean; onMore: () => void; end?: string };

/** The end of an endless list: loads the next page when it comes near, and by button for whoever does not scroll. */
export function LoadMore({ hasMore, loading, onMore, end }: LoadMoreProps) {
  const mark = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = mark.current;
    if (element === null || !hasMore || loading) return;
    const observer = new IntersectionObserver((seen) => seen.some((one) => one.isIntersecting) && onMore(), {
      rootMargin: "600px",
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, [hasMore, loading, onMore]);
  return (
    <div ref={mark} className="flex min-h-16 items-center justify-center py-8 text-sm text-muted">
      {hasMore ? (
        <Button busy={loading} onClick={onMore}>
          Show more
        </Button>
      ) : (
        end
      )}
    </div>
  );
}
