import { beforeEach, expect, test, vi } from "vitest";

import { Session, type SignedIn } from "@/lib/session";

const USER = { id: "u1", name: "Ada", email: "ada@example.com", role: "buyer" as const, created_at: "2026-01-31T12:00:00Z" };
const answer = (token: string, expires_in = 900): SignedIn => ({
  access_token: token,
  token_type: "Bearer",
  expires_in,
  user: USER,
});
const ok = (token: string, expires_in?: number): Response => Response.json(answer(token, expires_in));
const refused = (): Response => Response.json({ code: "unauthenticated" }, { status: 401 });

beforeEach(() => localStorage.setItem("signed-in", "true"));

test("a guest's page asks for no session", async () => {
  localStorage.clear();
  const fetcher = vi.fn(async () => refused());
  const session = new Session(fetcher);
  await session.start();
  expect(session.current().status).toBe("guest");
  expect(fetcher).not.toHaveBeenCalled();
});

test("whoever was signed in still is after a reload", async () => {
  const session = new Session(async () => ok("t1"));
  await session.start();
  expect(session.current()).toMatchObject({ status: "signed-in", user: { name: "Ada" } });
  expect(await session.accessToken()).toBe("t1");
});

test("many requests at once renew the token once", async () => {
  const fetcher = vi.fn(async () => ok("t2"));
  const session = new Session(fetcher);
  session.accept(answer("t1", 0), { tell: false });
  const tokens = await Promise.all([1, 2, 3].map(() => session.accessToken()));
  expect(tokens).toEqual(["t2", "t2", "t2"]);
  expect(fetcher).toHaveBeenCalledTimes(1);
});

test("without an answer to the renewal the session stays", async () => {
  const session = new Session(async () => {
    throw new TypeError("network");
  });
  session.accept(answer("t1", 0), { tell: false });
  expect(await session.accessToken()).toBe("t1");
  expect(session.current().status).toBe("signed-in");
});

test("an ended session waits until the same person signs in again", async () => {
  const session = new Session(async () => refused());
  session.accept(answer("t1"), { tell: false });
  expect(await session.renew()).toBe(false);
  const back = session.signInAgain();
  expect(session.current()).toMatchObject({ status: "expired", user: { id: "u1" } });
  session.accept(answer("t2"), { tell: false });
  expect(await back).toBe(true);
});

test("somebody else who signs in does not go on with what was begun", async () => {
  const session = new Session(async () => refused());
  session.accept(answer("t1"), { tell: false });
  const back = session.signInAgain();
  session.accept({ ...answer("t2"), user: { ...USER, id: "u2" } }, { tell: false });
  expect(await back).toBe(false);
});

test("giving up makes a guest of the person", async () => {
  const session = new Session(async () => refused());
  session.accept(answer("t1"), { tell: false });
  const back = session.signInAgain();
  session.forget({ tell: false });
  expect(await back).toBe(false);
  expect(session.current().status).toBe("guest");
  expect(localStorage.getItem("signed-in")).toBeNull();
});

test("no token is ever stored", async () => {
  const session = new Session(async () => ok("secret-token"));
  await session.start();
  expect(JSON.stringify({ ...localStorage, ...sessionStorage })).not.toContain("secret-token");
});

test("who listens for tokens hears of a renewed one, and short-lived ones are not renewed at every request", async () => {
  const fetcher = vi.fn(async () => ok("t2", 10));
  const session = new Session(fetcher);
  const heard: string[] = [];
  session.onToken((token) => heard.push(token));
  session.accept(answer("t1", 0), { tell: false });
  await session.accessToken();
  await session.accessToken();
  expect(heard).toEqual(["t1", "t2"]);
  expect(fetcher).toHaveBeenCalledTimes(1);
});
