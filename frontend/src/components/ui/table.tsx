import type { ReactNode } from "react";

import { cx } from "@/lib/class-names";

export type Column<Row> = {
  key: string;
  title: string;
  /** Numbers stand at the right. */
  align?: "left" | "right";
  /** Left out on narrow screens. */
  wide?: boolean;
  cell: (row: Row) => ReactNode;
};

type TableProps<Row> = { caption: string; columns: Column<Row>[]; rows: Row[]; rowKey: (row: Row) => string };

/** A table that scrolls sideways by itself when it is too wide; the caption is for screen readers. */
export function Table<Row>({ caption, columns, rows, rowKey }: TableProps<Row>) {
  return (
    <div role="region" aria-label={caption} tabIndex={0} className="relative overflow-x-auto rounded-card border border-line bg-surface">
      <table className="w-full border-collapse text-left text-[0.9375rem]">
        <caption className="sr-only">{caption}</caption>
        <thead>
          <tr className="border-b border-line text-sm text-muted">
            {columns.map((column) => (
              <th key={column.key} scope="col" className={cx("px-3 py-3 font-medium whitespace-nowrap sm:px-4", look(column))}>
                {column.title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={rowKey(row)} className="border-b border-line last:border-0">
              {columns.map((column) => (
                <td key={column.key} className={cx("px-3 py-3 align-middle sm:px-4", look(column))}>
                  {column.cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function look<Row>(column: Column<Row>): string {
  return cx(column.align === "right" && "text-right tabular-nums", column.wide === true && "hidden md:table-cell");
}
