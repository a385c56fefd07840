import { ShoppingBag, Store } from "lucide-react";

const ROLES = [
  { role: "buyer", title: "I want to buy", icon: ShoppingBag },
  { role: "seller", title: "I want to sell", icon: Store },
] as const;
type SelfMade = (typeof ROLES)[number]["role"];

export function RoleChoice({ role, onChange }: { role: SelfMade; onChange: (role: SelfMade) => void }) {
  return (
    <fieldset>
      <legend className="mb-1.5 text-sm font-medium">What brings you here?</legend>
      <div className="grid grid-cols-2 gap-3">
        {ROLES.map(({ role: one, title, icon: Icon }) => (
          <label
            key={one}
            className="flex flex-col items-center gap-2 rounded-card border border-edge/60 bg-surface p-4 text-[0.9375rem] font-medium has-checked:border-accent has-checked:bg-accent-soft has-checked:text-accent has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-accent"
          >
            <input
              type="radio"
              name="role"
              value={one}
              className="sr-only"
              checked={role === one}
              onChange={() => onChange(one)}
            />
            <Icon aria-hidden className="size-6" strokeWidth={1.5} />
            {title}
          </label>
        ))}
      </div>
    </fieldset>
  );
}
