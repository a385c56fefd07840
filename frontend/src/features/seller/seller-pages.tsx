import { PageHeader } from "@/components/ui/page-header";

export default function SellerPages() {
  return (
    <div className="page py-10">
      <PageHeader title="Seller" />
    </div>
  );
}
