import { PageHeader } from "@/components/ui/page-header";

export default function AdminPages() {
  return (
    <div className="page py-10">
      <PageHeader title="Admin" />
    </div>
  );
}
