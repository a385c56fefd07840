import { Dialog } from "@/components/ui/dialog";
import { SignInForm } from "@/features/auth/components/sign-in-form";
import { useSession } from "@/contexts/session";
import { session } from "@/lib/session";

/** The session ended while a page was open: signing in here goes on with what was begun; nothing typed is lost. */
export default function SignInAgain() {
  const { status, user } = useSession();
  return (
    <Dialog open={status === "expired"} onClose={() => status === "expired" && session.forget()} title="Sign in again">
      <p className="mb-5 text-muted">Your session has ended. What you were doing is still here and goes on.</p>
      <SignInForm email={user?.email ?? ""} onDone={() => undefined} />
    </Dialog>
  );
}
