import { QueryClient } from "@tanstack/react-query";

import { Problem } from "@/lib/problem";

const MINUTE = 60_000;

/** Pages that were left stay for half an hour, so that going back shows them at once and where they were. */
export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: { staleTime: MINUTE / 2, gcTime: 30 * MINUTE, retry: mayPass, retryDelay: pause },
      mutations: { retry: false }, // what changes something is repeated by whoever knows that it may be
    },
  });
}

function mayPass(failures: number, error: Error): boolean {
  return failures < 3 && error instanceof Problem && error.passes && error.status !== 429;
}

function pause(failures: number, error: Error): number {
  const asked = error instanceof Problem ? (error.retryAfter ?? 0) * 1000 : 0;
  return Math.max(asked, Math.min(8_000, 500 * 2 ** failures));
}
