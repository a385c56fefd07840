/** A demo runs on this machine only; there its accounts are no secret. */
export function DemoAccounts() {
  if (!["127.0.0.1", "localhost"].includes(window.location.hostname)) return null;
  return (
    <aside className="mt-8 rounded-card bg-raised p-5 text-sm text-muted">
      <p className="font-medium text-ink">Trying the demo?</p>
      <p className="mt-1">
        buyer@demo.com, seller@demo.com or admin@demo.com, each with the password <code>demo123</code>.
      </p>
    </aside>
  );
}
