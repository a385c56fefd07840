import { startTransition, StrictMode } from "react";
import { createRoot } from "react-dom/client";

import { App } from "@/app/app";
import "@/styles/index.css";

const root = document.getElementById("root");
if (root === null) throw new Error("index.html has no #root");
// a transition: drawn in small steps, between which a slow phone still answers
startTransition(() =>
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  ),
);
