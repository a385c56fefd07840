import { Search } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { useLocation, useNavigate, useSearchParams } from "react-router";

import { filtersOf, searchOf } from "../api/filters";

import { Input } from "@/components/ui/field";

const CALM = 250; // milliseconds without a key before the shop is asked

/** Search as you type: the listing follows, and the address bar with it. */
export function SearchBox() {
  const [search] = useSearchParams();
  const { pathname } = useLocation();
  const navigate = useNavigate();
  const there = pathname === "/products";
  const asked = there ? (search.get("q") ?? "") : "";
  const [typed, setTyped] = useState(asked);
  const timer = useRef<number>();
  const latest = useRef(typed);

  useEffect(() => {
    // the address changed by other means: a link, or going back
    if (asked.trim() !== latest.current.trim()) setTyped(asked);
    latest.current = asked;
  }, [asked]);
  useEffect(() => {
    // whoever has gone to another page meanwhile is not taken away from there
    if (!there) clearTimeout(timer.current);
  }, [there, pathname]);
  useEffect(() => {
    // nor is whoever has followed a link to a page that is still on its way
    const leave = (event: MouseEvent): void => {
      if (event.target instanceof Element && event.target.closest("a[href]") !== null) clearTimeout(timer.current);
    };
    document.addEventListener("click", leave, true);
    return () => document.removeEventListener("click", leave, true);
  }, []);

  const go = (q: string): void => {
    clearTimeout(timer.current);
    latest.current = q;
    const filters = filtersOf(there ? search : new URLSearchParams());
    const next = searchOf({ ...filters, q, sort: filters.q === "" ? "relevance" : filters.sort });
    // the first letter is a step to go back to, the others refine it
    void navigate({ pathname: "/products", search: next.toString() }, { replace: there && asked !== "" });
  };

  const change = (q: string): void => {
    setTyped(q);
    clearTimeout(timer.current);
    timer.current = window.setTimeout(() => go(q), CALM);
  };

  return (
    <form
      role="search"
      className="relative"
      onSubmit={(event) => {
        event.preventDefault();
        go(typed);
      }}
    >
      <Search aria-hidden className="pointer-events-none absolute top-1/2 left-3.5 size-4.5 -translate-y-1/2 text-muted" />
      <Input
        type="search"
        name="q"
        aria-label="Search products"
        placeholder="Search lamps, tents, teapots…"
        autoComplete="off"
        maxLength={200}
        value={typed}
        onChange={(event) => change(event.target.value)}
        className="rounded-full! bg-raised/70! pl-10.5!"
      />
    </form>
  );
}
