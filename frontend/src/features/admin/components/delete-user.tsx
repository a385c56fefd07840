import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Trash2 } from "lucide-react";
import { useState } from "react";

import { ADMIN, deleteUser, type User } from "../api/queries";

import { Button } from "@/components/ui/button";
import { ConfirmDialog } from "@/components/ui/dialog";
import { useSession } from "@/contexts/session";
import { useToasts } from "@/contexts/toasts";
import { PRODUCTS } from "@/lib/products";

const CONSEQUENCES: Record<User["role"], string[]> = {
  buyer: ["Their cart is emptied. Their orders stay, with no name."],
  seller: ["All their products leave the shop at once.", "Their orders and inventory logs stay, with no name."],
  admin: ["They can no longer administer the shop or use the lab."],
};

export function DeleteUser({ user }: { user: User }) {
  const { user: me } = useSession();
  const queries = useQueryClient();
  const { tell, fail } = useToasts();
  const [asking, setAsking] = useState(false);
  const remove = useMutation({
    mutationFn: () => deleteUser(user.id),
    onSuccess: () => tell(`${user.name} is deleted.`),
    onError: fail,
    onSettled: () => {
      setAsking(false);
      void queries.invalidateQueries({ queryKey: [ADMIN] });
      void queries.invalidateQueries({ queryKey: [PRODUCTS] });
    },
  });
  if (me?.id === user.id) return <span className="text-sm text-muted">You</span>;
  return (
    <>
      <Button variant="ghost" size="small" className="min-h-11!" aria-label={`Delete ${user.name}`} onClick={() => setAsking(true)}>
        <Trash2 aria-hidden className="size-4.5" /> <span className="max-sm:sr-only">Delete</span>
      </Button>
      <ConfirmDialog
        open={asking}
        onClose={() => setAsking(false)}
        onConfirm={() => remove.mutate()}
        title={`Delete ${user.name}?`}
        action="Delete account"
        busy={remove.isPending}
        danger
      >
        <div className="text-left">
          <p>{user.email}</p>
          <ul className="mt-3 list-disc space-y-1 pl-5 whitespace-normal">
            <li>They are signed out everywhere within seconds.</li>
            {CONSEQUENCES[user.role].map((text) => (
              <li key={text}>{text}</li>
            ))}
            <li>The e-mail may be used for a new account. This cannot be undone.</li>
          </ul>
        </div>
      </ConfirmDialog>
    </>
  );
}
