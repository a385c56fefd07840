import { Outlet, Route, Routes } from "react-router";

import AuditPage from "./audit-page";
import ClusterPage from "./cluster-page";
import DistributionPage from "./distribution-page";
import ExplainPage from "./explain-page";
import { LabProvider } from "./lab-context";
import LoadPage from "./load-page";
import ReportsPage from "./reports-page";

import { SectionNav } from "@/components/section-nav";

const LINKS = [
  { to: "/lab", title: "Cluster", end: true },
  { to: "/lab/load", title: "Load" },
  { to: "/lab/explain", title: "Queries" },
  { to: "/lab/distribution", title: "Distribution" },
  { to: "/lab/audit", title: "Audit" },
  { to: "/lab/reports", title: "Reports" },
];

export default function LabPages() {
  return (
    <LabProvider>
      <Routes>
        <Route element={<Frame />}>
          <Route index element={<ClusterPage />} />
          <Route path="load" element={<LoadPage />} />
          <Route path="explain" element={<ExplainPage />} />
          <Route path="explain/:name" element={<ExplainPage />} />
          <Route path="distribution" element={<DistributionPage />} />
          <Route path="audit" element={<AuditPage />} />
          <Route path="reports" element={<ReportsPage />} />
          <Route path="*" element={<ClusterPage />} />
        </Route>
      </Routes>
    </LabProvider>
  );
}

function Frame() {
  return (
    <div className="page py-8">
      <SectionNav label="Lab" links={LINKS} />
      <Outlet />
    </div>
  );
}
