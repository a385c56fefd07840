import { useMutation } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import { Link, useNavigate, useSearchParams } from "react-router";

import { AuthFrame, textLink } from "./components/auth-frame";
import { RoleChoice } from "./components/role-choice";
import { homeOf, nextPage } from "./next-page";

import { Button } from "@/components/ui/button";
import { Field, Input } from "@/components/ui/field";
import { FormProblem } from "@/components/ui/form-problem";
import { useSession } from "@/contexts/session";
import { problemOf } from "@/lib/problem";

type SelfMade = "buyer" | "seller";

export default function RegisterPage() {
  const [search] = useSearchParams();
  const navigate = useNavigate();
  const { register } = useSession();
  const next = nextPage(search.get("next"));
  const [role, setRole] = useState<SelfMade>(search.get("role") === "seller" ? "seller" : "buyer");
  const attempt = useMutation({
    mutationFn: register,
    onSuccess: (user) => void navigate(next ?? homeOf(user.role), { replace: true }),
  });
  const wrong = attempt.error === null ? {} : problemOf(attempt.error).fields;
  const taken = attempt.error !== null && problemOf(attempt.error).code === "email_taken";

  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const text = (name: string): string => String(form.get(name));
    attempt.mutate({ name: text("name").trim(), email: text("email").trim(), password: text("password"), role });
  };

  return (
    <AuthFrame
      title="Create an account"
      intro={
        <>
          Have one already?{" "}
          <Link to={`/sign-in${next === null ? "" : `?next=${encodeURIComponent(next)}`}`} className={textLink}>
            Sign in
          </Link>
        </>
      }
    >
      <form onSubmit={submit} className="space-y-5">
        {Object.keys(wrong).length === 0 && !taken && <FormProblem error={attempt.error} />}
        <RoleChoice role={role} onChange={setRole} />
        <Field label="Name" error={wrong.name}>
          {(field) => <Input {...field} name="name" autoComplete="name" required maxLength={200} />}
        </Field>
        <Field label="E-mail" error={taken ? "This e-mail has an account already. Sign in instead?" : wrong.email}>
          {(field) => <Input {...field} type="email" name="email" autoComplete="email" required maxLength={254} />}
        </Field>
        <Field label="Password" hint="At least 8 characters" error={wrong.password}>
          {(field) => (
            <Input {...field} type="password" name="password" autoComplete="new-password" required minLength={8} />
          )}
        </Field>
        <Button type="submit" variant="primary" busy={attempt.isPending} className="w-full">
          Create account
        </Button>
      </form>
    </AuthFrame>
  );
}
