import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Download, Upload } from "lucide-react";
import { useRef, type ChangeEvent } from "react";

import { exportCsv, importCsv, type Imported } from "./api/changes";

import { Button } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { PageHeader } from "@/components/ui/page-header";
import { Table } from "@/components/ui/table";
import { useToasts } from "@/contexts/toasts";
import { count } from "@/lib/format";
import { problemOf } from "@/lib/problem";
import { PRODUCTS } from "@/lib/products";
import { saveAs } from "@/lib/save-as";

const EXAMPLE = "name,description,price,stock,category\nOak lamp,Warm light,49.90,12,Home\n";

export default function ImportPage() {
  return (
    <div className="max-w-3xl">
      <PageHeader title="Import and export">Your products as a CSV file, as spreadsheets read and write it.</PageHeader>
      <div className="space-y-6">
        <Export />
        <Import />
      </div>
    </div>
  );
}

function Export() {
  const { fail } = useToasts();
  const fetching = useMutation({
    mutationFn: exportCsv,
    onSuccess: (file) => saveAs(file, "products.csv"),
    onError: fail,
  });
  return (
    <Card title="Export">
      <p className="mb-4 text-muted">
        All your products, those off the shelves too. The file remembers versions: a count that a sale has overtaken
        meanwhile is not written back by mistake.
      </p>
      <Button busy={fetching.isPending} onClick={() => fetching.mutate()}>
        <Download aria-hidden className="size-4.5" /> Download products.csv
      </Button>
    </Card>
  );
}

function Import() {
  const queries = useQueryClient();
  const input = useRef<HTMLInputElement>(null);
  const sending = useMutation({
    mutationFn: importCsv,
    onSettled: () => void queries.invalidateQueries({ queryKey: [PRODUCTS] }),
  });
  const choose = (event: ChangeEvent<HTMLInputElement>): void => {
    const file = event.target.files?.[0];
    event.target.value = "";
    if (file !== undefined) sending.mutate(file);
  };
  return (
    <Card title="Import">
      <p className="text-muted">
        A line with an <code>id</code> changes that product, every other line is a new one. Columns: id, name,
        description, price, stock, category, low_stock_threshold, version. Up to 5 MB and 10,000 lines.
      </p>
      <pre className="my-4 overflow-x-auto rounded-control bg-raised p-4 text-sm" tabIndex={0} aria-label="An example">
        {EXAMPLE}
      </pre>
      <input ref={input} type="file" accept=".csv,text/csv" aria-label="Choose a CSV file" onChange={choose} className="sr-only" tabIndex={-1} />
      <Button variant="primary" busy={sending.isPending} onClick={() => input.current?.click()}>
        <Upload aria-hidden className="size-4.5" /> Choose a file
      </Button>
      <div aria-live="polite">
        {sending.isError && (
          <p className="mt-4 rounded-control bg-bad-soft px-4 py-3 text-bad">
            Nothing was imported: {problemOf(sending.error).fields.file ?? problemOf(sending.error).message}
          </p>
        )}
        {sending.data !== undefined && <Done imported={sending.data} />}
      </div>
    </Card>
  );
}

function Done({ imported: { created, updated, errors } }: { imported: Imported }) {
  return (
    <div className="mt-5">
      <p className="rounded-control bg-good-soft px-4 py-3 text-good">
        {count(created)} new, {count(updated)} updated{errors.length > 0 && `, ${count(errors.length)} not taken`}.
      </p>
      {errors.length > 0 && (
        <div className="mt-4">
          <Table
            caption="Lines that were not taken"
            rows={errors}
            rowKey={(error) => `${error.line} ${error.message}`}
            columns={[
              { key: "line", title: "Line", align: "right", cell: (error) => count(error.line) },
              { key: "message", title: "What is wrong", cell: (error) => error.message },
            ]}
          />
        </div>
      )}
    </div>
  );
}
