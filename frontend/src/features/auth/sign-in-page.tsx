import { Link, Navigate, useNavigate, useSearchParams } from "react-router";

import { AuthFrame, textLink } from "./components/auth-frame";
import { DemoAccounts } from "./components/demo-accounts";
import { SignInForm } from "./components/sign-in-form";
import { homeOf, nextPage } from "./next-page";

import { useSession } from "@/contexts/session";

export default function SignInPage() {
  const [search] = useSearchParams();
  const navigate = useNavigate();
  const { status, user } = useSession();
  const next = nextPage(search.get("next"));
  if (status === "signed-in") return <Navigate to={next ?? homeOf(user.role)} replace />;
  return (
    <AuthFrame
      title="Sign in"
      intro={
        <>
          New here?{" "}
          <Link to={`/register${next === null ? "" : `?next=${encodeURIComponent(next)}`}`} className={textLink}>
            Create an account
          </Link>
        </>
      }
    >
      <SignInForm onDone={(who) => void navigate(next ?? homeOf(who.role), { replace: true })} />
      <DemoAccounts />
    </AuthFrame>
  );
}
