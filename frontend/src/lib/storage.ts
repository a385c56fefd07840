/** JSON in localStorage or sessionStorage. A full, broken or forbidden storage is an empty one. */
export function read<T>(storage: () => Storage, key: string, isIt: (value: unknown) => value is T): T | null {
  try {
    const value: unknown = JSON.parse(storage().getItem(key) ?? "null");
    return isIt(value) ? value : null;
  } catch {
    return null;
  }
}

export function write(storage: () => Storage, key: string, value: unknown): void {
  try {
    if (value === null) storage().removeItem(key);
    else storage().setItem(key, JSON.stringify(value));
  } catch {
    // it lives until the page is closed
  }
}

export const local = (): Storage => window.localStorage;
export const perTab = (): Storage => window.sessionStorage;

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
