import { useInfiniteQuery } from "@tanstack/react-query";
import { UserSearch } from "lucide-react";
import { useCallback } from "react";
import { useSearchParams } from "react-router";

import { usersQuery, type User } from "./api/queries";
import { DeleteUser } from "./components/delete-user";

import { Badge, type Tone } from "@/components/ui/badge";
import { Field, Input, Select } from "@/components/ui/field";
import { LoadMore } from "@/components/ui/load-more";
import { PageHeader } from "@/components/ui/page-header";
import { Loading, Skeleton } from "@/components/ui/skeleton";
import { EmptyState, ErrorState } from "@/components/ui/states";
import { Table, type Column } from "@/components/ui/table";
import { day } from "@/lib/format";
import { useDebounced } from "@/lib/use-debounced";

const ROLES: User["role"][] = ["buyer", "seller", "admin"];
const TONES: Record<User["role"], Tone> = { buyer: "neutral", seller: "accent", admin: "warn" };
const COLUMNS: Column<User>[] = [
  {
    key: "name",
    title: "Name",
    cell: (user) => (
      <>
        <span className="font-medium">{user.name}</span>
        <span className="block min-w-32 text-sm break-all text-muted">{user.email}</span>
      </>
    ),
  },
  { key: "role", title: "Role", cell: (user) => <Badge tone={TONES[user.role]}>{user.role}</Badge> },
  { key: "since", title: "Since", wide: true, cell: (user) => day(user.created_at) },
  { key: "actions", title: "Actions", align: "right", cell: (user) => <DeleteUser user={user} /> },
];

export default function UsersPage() {
  const [search, setSearch] = useSearchParams();
  const text = search.get("q") ?? "";
  const role = ROLES.find((one) => one === search.get("role")) ?? null;
  const users = useInfiniteQuery(usersQuery(useDebounced(text.trim(), 250), role));
  const { fetchNextPage } = users;
  const more = useCallback(() => void fetchNextPage(), [fetchNextPage]);
  const items = users.data?.pages.flatMap((page) => page.items) ?? [];
  const change = (part: Record<string, string>): void => {
    const all = { q: text, role: role ?? "", ...part };
    const given = Object.entries(all).filter(([, value]) => value !== "");
    setSearch(Object.fromEntries(given), { replace: true, preventScrollReset: true });
  };
  return (
    <>
      <PageHeader title="Users" />
      <div className="mb-6 grid gap-3 sm:max-w-2xl sm:grid-cols-[1fr_12rem]">
        <Field label="Name or e-mail begins with">
          {(field) => <Input {...field} type="search" value={text} maxLength={200} onChange={(event) => change({ q: event.target.value })} />}
        </Field>
        <Field label="Role">
          {(field) => (
            <Select {...field} value={role ?? ""} onChange={(event) => change({ role: event.target.value })}>
              <option value="">All</option>
              {ROLES.map((one) => (
                <option key={one} value={one}>
                  {one}
                </option>
              ))}
            </Select>
          )}
        </Field>
      </div>
      {users.isPending ? (
        <Loading what="users">
          <Skeleton className="h-96 rounded-card" />
        </Loading>
      ) : users.isError && items.length === 0 ? (
        <ErrorState error={users.error} onRetry={() => void users.refetch()} />
      ) : items.length === 0 ? (
        <EmptyState icon={UserSearch} title="Nobody like that">
          Search looks at how names and e-mails begin.
        </EmptyState>
      ) : (
        <>
          <Table caption="Users, newest first" columns={COLUMNS} rows={items} rowKey={(user) => user.id} />
          <LoadMore hasMore={users.hasNextPage} loading={users.isFetchingNextPage} onMore={more} />
        </>
      )}
    </>
  );
}
