import { Lock } from "lucide-react";
import { Navigate, Outlet, useLocation } from "react-router";

import { ButtonLink } from "@/components/ui/button";
import { Loading, Skeleton } from "@/components/ui/skeleton";
import { EmptyState } from "@/components/ui/states";
import { useSession, type Role } from "@/contexts/session";

/** The pages inside, for who has one of the roles. The server decides; this only spares a page of refusals. */
export function RequireRole({ roles }: { roles: Role[] }) {
  const { status, user } = useSession();
  const { pathname, search } = useLocation();
  if (status === "starting") {
    return (
      <div className="page py-10">
        <Loading what="the page">
          <Skeleton className="h-9 w-64" />
        </Loading>
      </div>
    );
  }
  if (user === null) return <Navigate to={`/sign-in?next=${encodeURIComponent(pathname + search)}`} replace />;
  if (roles.includes(user.role)) return <Outlet />;
  return (
    <EmptyState page icon={Lock} title="This page is for other accounts" action={<ButtonLink to="/">To the shop</ButtonLink>}>
      You are signed in as {user.name} ({user.role}); this page is for {roles.join(" or ")} accounts.
    </EmptyState>
  );
}
