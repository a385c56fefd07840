import { CircleUser, LogIn, LogOut, Monitor, Moon, Sun, UserPlus, type LucideIcon } from "lucide-react";
import { Link, useNavigate } from "react-router";

import { linksOf } from "@/app/navigation";
import { Menu, menuItem } from "@/components/ui/menu";
import { useSession } from "@/contexts/session";
import { useTheme, type Theme } from "@/contexts/theme";
import { cx } from "@/lib/class-names";

const THEMES: { theme: Theme; title: string; icon: LucideIcon }[] = [
  { theme: "system", title: "As the system", icon: Monitor },
  { theme: "light", title: "Light", icon: Sun },
  { theme: "dark", title: "Dark", icon: Moon },
];

export function AccountMenu() {
  const { user, signOut } = useSession();
  const navigate = useNavigate();
  return (
    <Menu label={user === null ? "Account" : `Account of ${user.name}`} icon={<CircleUser aria-hidden className="size-5.5" />}>
      {(close) => (
        <>
          {user !== null && (
            <div className="border-b border-line px-3 pt-1 pb-3 text-sm">
              <p className="truncate font-medium">{user.name}</p>
              <p className="truncate text-muted">{user.email}</p>
            </div>
          )}
          <div className="py-1">
            {linksOf(user?.role ?? null).map(({ to, title, icon: Icon }) => (
              <Link key={to} to={to} onClick={close} className={cx(menuItem, "sm:hidden")}>
                <Icon aria-hidden className="size-4.5 text-muted" /> {title}
              </Link>
            ))}
            {user === null ? (
              <>
                <Item to="/sign-in" title="Sign in" icon={LogIn} onClick={close} />
                <Item to="/register" title="Create an account" icon={UserPlus} onClick={close} />
              </>
            ) : (
              <>
                <Item to="/profile" title="Profile" icon={CircleUser} onClick={close} />
                <button type="button" className={menuItem} onClick={() => void signOut().then(() => navigate("/"))}>
                  <LogOut aria-hidden className="size-4.5 text-muted" /> Sign out
                </button>
              </>
            )}
          </div>
          <ThemeChoice />
        </>
      )}
    </Menu>
  );
}

type ItemProps = { to: string; title: string; icon: LucideIcon; onClick: () => void };

function Item({ to, title, icon: Icon, onClick }: ItemProps) {
  return (
    <Link to={to} onClick={onClick} className={menuItem}>
      <Icon aria-hidden className="size-4.5 text-muted" /> {title}
    </Link>
  );
}

function ThemeChoice() {
  const { theme, setTheme } = useTheme();
  return (
    <fieldset className="flex gap-1 border-t border-line pt-2">
      <legend className="sr-only">Colours</legend>
      {THEMES.map(({ theme: one, title, icon: Icon }) => (
        <label
          key={one}
          title={title}
          className="grid min-h-10 grow place-items-center rounded-control text-muted hover:bg-raised has-checked:bg-accent-soft has-checked:text-accent has-focus-visible:outline-2 has-focus-visible:outline-accent"
        >
          <input
            type="radio"
            name="theme"
            className="sr-only"
            checked={theme === one}
            onChange={() => setTheme(one)}
            aria-label={title}
          />
          <Icon aria-hidden className="size-4.5" />
        </label>
      ))}
    </fieldset>
  );
}
