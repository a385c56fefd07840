import { NoPage } from "@/components/no-page";

export default function NotFoundPage() {
  return (
    <div className="page py-10">
      <NoPage />
    </div>
  );
}
