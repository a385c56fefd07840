import { CircleAlert } from "lucide-react";

import { problemOf } from "@/lib/problem";

/** Above a form: why it was not accepted. Problems of single fields stand beside them (`Field`'s `error`). */
export function FormProblem({ error }: { error: unknown }) {
  if (error === null || error === undefined) return null;
  return (
    <p role="alert" className="flex items-start gap-2.5 rounded-control bg-bad-soft px-4 py-3 text-[0.9375rem] text-bad">
      <CircleAlert aria-hidden className="mt-0.5 size-4.5 shrink-0" />
      {problemOf(error).message}
    </p>
  );
}
