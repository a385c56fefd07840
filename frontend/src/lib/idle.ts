const LATEST = 2_000; // milliseconds
const WITHOUT = 300; // milliseconds, in browsers that do not tell when they are idle

/** Resolves when the browser has nothing more urgent to do. */
export function idle(): Promise<void> {
  return new Promise((resolve) => {
    if ("requestIdleCallback" in window) requestIdleCallback(() => resolve(), { timeout: LATEST });
    else setTimeout(resolve, WITHOUT);
  });
}
