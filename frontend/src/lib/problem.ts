import type { components } from "@/types/api";

type ProblemDocument = components["schemas"]["Problem"];

export type ShortLine = { product_id: string; requested?: number; available?: number };

/**
 * What went wrong with a request: the shop's RFC 9457 document as an error. `code` is stable; two are made here:
 * `offline` (no answer came) and `unexpected` (an answer that is no problem document).
 */
export class Problem extends Error {
  override name = "Problem";

  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly fields: Record<string, string> = {},
    readonly items: ShortLine[] = [],
    readonly retryAfter: number | null = null,
  ) {
    super(message);
  }

  static from(document: unknown, response: Response): Problem {
    if (!isDocument(document)) {
      return new Problem(response.status, "unexpected", "The shop gave an answer that could not be understood.");
    }
    const fields = Object.fromEntries((document.errors ?? []).map((one) => [one.field, one.message]));
    const items = (document as { items?: ShortLine[] }).items ?? [];
    const seconds = Number(response.headers.get("retry-after"));
    return new Problem(document.status, document.code, document.detail, fields, items, seconds > 0 ? seconds : null);
  }

  static offline(): Problem {
    return new Problem(0, "offline", "The shop cannot be reached. Check your connection and try again.");
  }

  /** Whether the same request may succeed a moment later. */
  get passes(): boolean {
    return this.code === "offline" || this.status === 503 || this.status === 429;
  }
}

export function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error;
  return new Problem(0, "unexpected", "Something went wrong on this page. Reload it and try again.");
}

function isDocument(value: unknown): value is ProblemDocument {
  return typeof value === "object" && value !== null && "code" in value && "detail" in value;
}
