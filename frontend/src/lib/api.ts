import createClient from "openapi-fetch";

import { Problem } from "@/lib/problem";
import { session as theSession, type Session } from "@/lib/session";
import type { components, paths } from "@/types/api";

export type Schemas = components["schemas"];
type Answer<T> = Promise<{ data?: T; error?: unknown; response: Response }>;

/**
 * `fetch` with the session's token. A token that was refused is renewed once and the request sent again; when the
 * session is over, it waits until the person has signed in again, so that no form is lost.
 */
export function withSession(session: Session, send: typeof fetch) {
  return async function authorized(request: Request): Promise<Response> {
    const again = request.clone();
    const response = await send(await signed(request, session));
    if (response.status !== 401 || isSigningIn(request)) return response;
    const back = (await session.renew()) || (await session.signInAgain());
    return back && session.current().status === "signed-in" ? send(await signed(again, session)) : response;
  };
}

async function signed(request: Request, session: Session): Promise<Request> {
  const token = isSigningIn(request) ? null : await session.accessToken();
  if (token !== null) request.headers.set("authorization", `Bearer ${token}`);
  return request;
}

function isSigningIn(request: Request): boolean {
  return /\/api\/auth\/(login|register|refresh|logout)$/.test(new URL(request.url).pathname);
}

/** Somebody else is signed in by now, or nobody: the request was not sent. */
export class NotTheirs extends Error {
  override name = "NotTheirs";
}

/** `fetch` for what was begun by this user: it is sent with no other one's token. Throws `NotTheirs`. */
export function fetchAs(userId: string): typeof authorizedFetch {
  return withSession(theSession, async (request) => {
    if (theSession.current().user?.id !== userId) throw new NotTheirs();
    return fetch(request);
  });
}

export const authorizedFetch = withSession(theSession, (request) => fetch(request));

/** The typed client: `call(api.GET("/api/products/{id}", { params: { path: { id } } }))`. */
export const api = createClient<paths>({ baseUrl: window.location.origin, fetch: authorizedFetch });

/** The answer's data. Throws a `Problem` for everything else that the shop or the network did. */
export async function call<T>(answer: Answer<T>): Promise<T> {
  let result: Awaited<Answer<T>>;
  try {
    result = await answer;
  } catch (error) {
    if (error instanceof NotTheirs || (error instanceof DOMException && error.name === "AbortError")) throw error;
    throw Problem.offline();
  }
  if (!result.response.ok) throw Problem.from(result.error, result.response);
  return result.data as T;
}
