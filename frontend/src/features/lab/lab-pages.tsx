import { PageHeader } from "@/components/ui/page-header";

export default function LabPages() {
  return (
    <div className="page py-10">
      <PageHeader title="Lab" />
    </div>
  );
}
