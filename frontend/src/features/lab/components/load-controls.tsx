import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Play, Square } from "lucide-react";
import { useState, type FormEvent } from "react";

import { isRunning } from "../api/load";
import { LOAD, startLoad, stopLoad, type Strategy } from "../api/queries";
import { useLab } from "../lab-context";

import { Button } from "@/components/ui/button";
import { Field, Input, Select } from "@/components/ui/field";
import { FormProblem } from "@/components/ui/form-problem";
import { useToasts } from "@/contexts/toasts";
import { problemOf } from "@/lib/problem";

const STRATEGIES: Record<Strategy, string> = {
  auto: "As the shop does (auto)",
  group: "Group commit",
  transaction: "A transaction each",
  reservation: "Reservation saga",
  naive: "Naive: oversells",
};

/** Who buys, for how long and how; and the way to stop them. */
export function LoadControls() {
  const { runs } = useLab();
  const queries = useQueryClient();
  const { fail } = useToasts();
  const [plan, setPlan] = useState({ buyers: "10", seconds: "60", strategy: "" });
  const again = (): void => void queries.invalidateQueries({ queryKey: LOAD });
  const start = useMutation({
    mutationFn: () =>
      startLoad({
        buyers: Number(plan.buyers),
        seconds: Number(plan.seconds),
        ...(plan.strategy === "" ? {} : { strategy: plan.strategy as Strategy }),
      }),
    onSettled: again,
  });
  const stop = useMutation({ mutationFn: stopLoad, onError: fail, onSettled: again });
  const begun = start.data !== undefined && runs[0]?.id !== start.data.run_id;
  const running = isRunning(runs[0]) || begun;
  const wrong = start.error === null ? {} : problemOf(start.error).fields;
  const change = (field: keyof typeof plan) => (event: { target: { value: string } }) =>
    setPlan((before) => ({ ...before, [field]: event.target.value }));
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    start.mutate();
  };
  return (
    <form onSubmit={submit} noValidate className="mb-6">
      {start.error !== null && Object.keys(wrong).length === 0 && <FormProblem error={start.error} />}
      <div className="mt-2 grid grid-cols-2 items-start gap-4 sm:grid-cols-[7rem_7rem_1fr_auto]">
        <Field label="Buyers" error={wrong.buyers} hint="1 to 50">
          {(field) => <Input {...field} inputMode="numeric" value={plan.buyers} onChange={change("buyers")} />}
        </Field>
        <Field label="Seconds" error={wrong.seconds} hint="1 to 600">
          {(field) => <Input {...field} inputMode="numeric" value={plan.seconds} onChange={change("seconds")} />}
        </Field>
        <Field label="Strategy" error={wrong.strategy} className="col-span-2 sm:col-span-1">
          {(field) => (
            <Select {...field} value={plan.strategy} onChange={change("strategy")}>
              <option value="">The shop’s own</option>
              {Object.entries(STRATEGIES).map(([id, title]) => (
                <option key={id} value={id}>
                  {title}
                </option>
              ))}
            </Select>
          )}
        </Field>
        <div className="col-span-2 sm:col-span-1 sm:pt-6.5">
          {running ? (
            <Button busy={stop.isPending} onClick={() => stop.mutate()}>
              <Square aria-hidden className="size-4.5" /> Stop
            </Button>
          ) : (
            <Button type="submit" variant="primary" busy={start.isPending}>
              <Play aria-hidden className="size-4.5" /> Let them buy
            </Button>
          )}
        </div>
      </div>
    </form>
  );
}
