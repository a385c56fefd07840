import { Route } from "react-router";

import AuditPage from "./audit-page";
import ClusterPage from "./cluster-page";
import DistributionPage from "./distribution-page";
import ExplainPage from "./explain-page";
import { LabProvider } from "./lab-context";
import LoadPage from "./load-page";
import ReportsPage from "./reports-page";

import { Section } from "@/components/section";

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
      <Section label="Lab" links={LINKS}>
        <Route index element={<ClusterPage />} />
        <Route path="load" element={<LoadPage />} />
        <Route path="explain" element={<ExplainPage />} />
        <Route path="explain/:name" element={<ExplainPage />} />
        <Route path="distribution" element={<DistributionPage />} />
        <Route path="audit" element={<AuditPage />} />
        <Route path="reports" element={<ReportsPage />} />
      </Section>
    </LabProvider>
  );
}
