import { Link } from "react-router";

const linkLook = "inline-flex min-h-8 items-center underline-offset-4 hover:text-ink hover:underline";

export function Footer() {
  return (
    <footer className="mt-20 border-t border-line py-10 text-sm text-muted">
      <div className="page flex flex-wrap items-center justify-between gap-x-10 gap-y-4">
        <p>Shardmart never sells what is not there.</p>
        <nav aria-label="More" className="flex flex-wrap gap-x-6 gap-y-2">
          <Link to="/products" className={linkLook}>
            All products
          </Link>
          <Link to="/register?role=seller" className={linkLook}>
            Sell here
          </Link>
          <a href="/docs" className={linkLook}>
            API documentation
          </a>
        </nav>
      </div>
    </footer>
  );
}
