import { SORTS, type Filters, type Sort } from "../api/filters";

import { Select } from "@/components/ui/field";

const TITLES: Record<Sort, string> = {
  relevance: "Best match",
  newest: "Newest",
  price: "Price: low to high",
  "-price": "Price: high to low",
  name: "Name",
};

export function SortSelect({ filters, onChange }: { filters: Filters; onChange: (sort: Sort) => void }) {
  const offered = SORTS.filter((sort) => sort !== "relevance" || filters.q.trim() !== "");
  return (
    <Select
      aria-label="Sort by"
      className="w-auto! grow sm:grow-0"
      value={filters.sort}
      onChange={(event) => onChange(offered.find((sort) => sort === event.target.value) ?? "newest")}
    >
      {offered.map((sort) => (
        <option key={sort} value={sort}>
          {TITLES[sort]}
        </option>
      ))}
    </Select>
  );
}
