import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useRef, useState } from "react";
import { useNavigate } from "react-router";

import { beginAttempt, decide, pendingAttempt, type Attempt } from "./attempt";
import { keepConfirmation } from "./confirmation";

import { NotTheirs } from "@/lib/api";
import { problemOf, type Problem } from "@/lib/problem";
import { CART, PRODUCT } from "@/lib/products";
import { session } from "@/lib/session";

type Checkout = {
  /** `unanswered`: sent, without an answer yet; it is sent again until there is one. */
  state: "ready" | "sending" | "unanswered";
  refusal: Problem | null;
  place: (expectedTotal: number) => void;
};

/** Placing the order, once. An attempt from before a reload is gone on with by itself. */
export function useCheckout(buyer: string): Checkout {
  const [state, setState] = useState<Checkout["state"]>(() => (pendingAttempt(buyer) === null ? "ready" : "unanswered"));
  const [refusal, setRefusal] = useState<Problem | null>(null);
  const running = useRef(false); // a ref: a double click comes before the next rendering
  const navigate = useNavigate();
  const queries = useQueryClient();

  const run = useCallback(
    async (attempt: Attempt) => {
      if (running.current) return;
      running.current = true;
      setRefusal(null);
      try {
        keepConfirmation(attempt.buyer, await decide(attempt, { onUnanswered: () => setState("unanswered") }));
        // the page may be gone, and its person, too
        if (session.current().user?.id === attempt.buyer) await navigate("/checkout/done", { replace: true });
      } catch (error) {
        if (error instanceof NotTheirs) return; // it waits for its buyer
        setRefusal(problemOf(error));
        setState("ready");
      } finally {
        running.current = false;
        void queries.invalidateQueries({ queryKey: [CART] });
        void queries.invalidateQueries({ queryKey: [PRODUCT] });
        void queries.invalidateQueries({ queryKey: ["orders"] });
      }
    },
    [navigate, queries],
  );

  useEffect(() => {
    const pending = pendingAttempt(buyer);
    if (pending !== null) void run(pending);
  }, [buyer, run]);

  const place = useCallback(
    (expectedTotal: number) => {
      if (running.current) return;
      setState("sending");
      void run(beginAttempt(buyer, expectedTotal));
    },
    [buyer, run],
  );
  return { state, refusal, place };
}
