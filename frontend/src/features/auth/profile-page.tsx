import { useNavigate } from "react-router";

import { Button } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { PageHeader } from "@/components/ui/page-header";
import { useSession } from "@/contexts/session";
import { day } from "@/lib/format";

const ROLES = { buyer: "Buyer", seller: "Seller", admin: "Administrator" };

export default function ProfilePage() {
  const { user, signOut } = useSession();
  const navigate = useNavigate();
  if (user === null) return null;
  const facts = [
    ["Name", user.name],
    ["E-mail", user.email],
    ["Account", ROLES[user.role]],
    ["With us since", day(user.created_at)],
  ];
  return (
    <div className="page max-w-2xl! py-10">
      <PageHeader title="Profile" />
      <Card>
        <dl className="divide-y divide-line">
          {facts.map(([term, value]) => (
            <div key={term} className="grid gap-1 py-3.5 first:pt-0 sm:grid-cols-[10rem_1fr]">
              <dt className="text-muted">{term}</dt>
              <dd className="min-w-0 font-medium">{value}</dd>
            </div>
          ))}
        </dl>
        <Button className="mt-4" onClick={() => void signOut().then(() => navigate("/"))}>
          Sign out
        </Button>
      </Card>
    </div>
  );
}
