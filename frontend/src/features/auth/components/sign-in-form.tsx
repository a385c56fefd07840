import { useMutation } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";

import { Button } from "@/components/ui/button";
import { Field, Input } from "@/components/ui/field";
import { FormProblem } from "@/components/ui/form-problem";
import { useSession } from "@/contexts/session";
import type { Schemas } from "@/lib/api";

type SignInFormProps = { email?: string; onDone: (user: Schemas["User"]) => void };

export function SignInForm({ email: known = "", onDone }: SignInFormProps) {
  const { signIn } = useSession();
  const [email, setEmail] = useState(known);
  const [password, setPassword] = useState("");
  const attempt = useMutation({ mutationFn: signIn, onSuccess: onDone });

  const submit = (event: FormEvent): void => {
    event.preventDefault();
    attempt.mutate({ email: email.trim(), password });
  };

  return (
    <form onSubmit={submit} className="space-y-5">
      <FormProblem error={attempt.error} />
      <Field label="E-mail">
        {(field) => (
          <Input
            {...field}
            type="email"
            name="email"
            autoComplete="username"
            required
            maxLength={254}
            value={email}
            onChange={(event) => setEmail(event.target.value)}
          />
        )}
      </Field>
      <Field label="Password">
        {(field) => (
          <Input
            {...field}
            type="password"
            name="password"
            autoComplete="current-password"
            required
            value={password}
            onChange={(event) => setPassword(event.target.value)}
          />
        )}
      </Field>
      <Button type="submit" variant="primary" busy={attempt.isPending} className="w-full">
        Sign in
      </Button>
    </form>
  );
}
