import { QueryClientProvider } from "@tanstack/react-query";
import { useState } from "react";
import { RouterProvider } from "react-router";

import { createRouter } from "@/app/routes";
import { RealtimeProvider } from "@/contexts/realtime";
import { SessionProvider } from "@/contexts/session";
import { ThemeProvider } from "@/contexts/theme";
import { createQueryClient } from "@/lib/query-client";

export function App() {
  const [queries] = useState(createQueryClient);
  const [router] = useState(createRouter);
  return (
    <ThemeProvider>
      <QueryClientProvider client={queries}>
        <SessionProvider>
          <RealtimeProvider>
            <RouterProvider router={router} />
          </RealtimeProvider>
        </SessionProvider>
      </QueryClientProvider>
    </ThemeProvider>
  );
}
