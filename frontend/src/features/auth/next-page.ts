import type { Role } from "@/contexts/session";

/** Where to go on after signing in. Only pages of this shop: `//elsewhere` is an address of another host. */
export function nextPage(asked: string | null): string | null {
  return asked !== null && /^\/(?![/\\])/.test(asked) ? asked : null;
}

export function homeOf(role: Role): string {
  return { buyer: "/", seller: "/seller", admin: "/admin" }[role];
}
