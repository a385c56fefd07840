import { Bell } from "lucide-react";
import { useCallback } from "react";

import { useNotifications } from "./api/use-notifications";
import { NotificationList } from "./components/notification-list";

import { Button } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { LoadMore } from "@/components/ui/load-more";
import { PageHeader } from "@/components/ui/page-header";
import { Loading, Skeleton } from "@/components/ui/skeleton";
import { EmptyState, ErrorState } from "@/components/ui/states";

export default function NotificationsPage() {
  const { items, unread, query, read, readAll } = useNotifications();
  const { fetchNextPage } = query;
  const more = useCallback(() => void fetchNextPage(), [fetchNextPage]);
  return (
    <div className="page max-w-3xl! py-10">
      <PageHeader
        title="Notifications"
        actions={unread > 0 && <Button onClick={readAll}>Mark all as read</Button>}
      />
      {query.isPending ? (
        <Loading what="notifications">
          <Skeleton className="h-40 rounded-card" />
        </Loading>
      ) : query.isError && items.length === 0 ? (
        <ErrorState error={query.error} onRetry={() => void query.refetch()} />
      ) : items.length === 0 ? (
        <EmptyState icon={Bell} title="Nothing yet">
          What happens to orders appears here, at the moment it does.
        </EmptyState>
      ) : (
        <Card className="p-2! sm:p-3!">
          <NotificationList items={items} onVisit={read} />
          <LoadMore hasMore={query.hasNextPage} loading={query.isFetchingNextPage} onMore={more} />
        </Card>
      )}
    </div>
  );
}
