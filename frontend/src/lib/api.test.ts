import { expect, test, vi } from "vitest";

import { call, withSession } from "@/lib/api";
import { Problem } from "@/lib/problem";
import { Session, type SignedIn } from "@/lib/session";

const answer = (token: string): SignedIn => ({
  access_token: token,
  token_type: "Bearer",
  expires_in: 900,
  user: { id: "u1", name: "Ada", email: "ada@example.com", role: "buyer", created_at: "2026-01-31T12:00:00Z" },
});
const url = "http://localhost/api/cart/items/p1";

function shop(goodToken: string) {
  return vi.fn(async (request: RequestInfo | URL) => {
    const authorization = (request as Request).headers.get("authorization");
    const status = authorization === `Bearer ${goodToken}` ? 200 : 401;
    return Response.json({ body: await (request as Request).text() }, { status });
  });
}

test("a refused token is renewed once, and the same body is sent again", async () => {
  const session = new Session(async () => Response.json(answer("t2")));
  session.accept(answer("t1"), { tell: false });
  const send = shop("t2");
  const response = await withSession(session, send)(new Request(url, { method: "PUT", body: '{"quantity":2}' }));
  expect(response.status).toBe(200);
  expect(await response.json()).toEqual({ body: '{"quantity":2}' });
  expect(send).toHaveBeenCalledTimes(2);
});

test("when the session is over the request waits for the person, then goes on", async () => {
  const session = new Session(async () => Response.json({}, { status: 401 }));
  session.accept(answer("t1"), { tell: false });
  const pending = withSession(session, shop("t3"))(new Request(url));
  await vi.waitFor(() => expect(session.current().status).toBe("expired"));
  session.accept(answer("t3"), { tell: false });
  expect((await pending).status).toBe(200);
});

test("a wrong password is no ended session", async () => {
  const session = new Session(async () => Response.json(answer("t2")));
  const send = shop("none");
  await withSession(session, send)(new Request("http://localhost/api/auth/login", { method: "POST" }));
  expect(send).toHaveBeenCalledTimes(1);
});

test("a problem document becomes a Problem with its fields, lines and pause", async () => {
  const document = {
    ...{ type: "urn:x", title: "Conflict", status: 409, code: "insufficient_stock", detail: "Not enough." },
    errors: [{ field: "price", message: "must be a number" }],
    items: [{ product_id: "p1", requested: 2, available: 1 }],
  };
  const response = Response.json(document, { status: 409, headers: { "retry-after": "3" } });
  const error = await call(Promise.resolve({ error: document, response })).catch((caught: unknown) => caught);
  expect(error).toMatchObject({
    ...{ status: 409, code: "insufficient_stock", message: "Not enough.", retryAfter: 3 },
    fields: { price: "must be a number" },
    items: [{ product_id: "p1", requested: 2, available: 1 }],
  });
});

test("no answer is `offline`, and may pass", async () => {
  const error = await call(Promise.reject(new TypeError("Failed to fetch"))).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(Problem);
  expect((error as Problem).code).toBe("offline");
  expect((error as Problem).passes).toBe(true);
});

test("what is no problem document shows nothing of itself", async () => {
  const response = new Response("<html>nginx</html>", { status: 502 });
  const error = await call(Promise.resolve({ error: "<html>nginx</html>", response })).catch((caught: unknown) => caught);
  expect((error as Problem).message).not.toContain("nginx");
});
