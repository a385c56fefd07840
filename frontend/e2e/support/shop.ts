import { test as base, expect, type APIRequestContext, type BrowserContext, type Page } from "@playwright/test";

import type { components } from "../../src/types/api.ts";

export type Product = components["schemas"]["Product"];
type SignedIn = components["schemas"]["SignedIn"];
export type Person = { email: string; password: string; token: string };

/** What the pages did that they must never do: messages in the console, requests to others. */
type Conduct = { errors: string[]; allow: (pattern: RegExp) => void };
type Fixtures = { conduct: Conduct; api: Api };

export const test = base.extend<Fixtures>({
  api: async ({ request }, use) => use(new Api(request)),
  conduct: [
    async ({ context, baseURL }, use) => {
      const allowed: RegExp[] = [];
      const errors: string[] = [];
      watch(context, baseURL ?? "", errors);
      await use({ errors, allow: (pattern) => allowed.push(pattern) });
      expect(errors.filter((error) => !allowed.some((pattern) => pattern.test(error)))).toEqual([]);
    },
    { auto: true },
  ],
});
export { expect };

export function watch(context: BrowserContext, baseURL: string, errors: string[]): void {
  context.on("console", (message) => {
    if (message.type() === "error") errors.push(`${message.text()} (${message.location().url})`);
  });
  context.on("weberror", (error) => errors.push(error.error().message));
  context.on("request", (request) => {
    if (!request.url().startsWith(baseURL) && !/^(data|blob):/.test(request.url())) {
      errors.push(`a request to another host: ${request.url()}`);
    }
  });
}

/** The shop as scripts see it: to prepare what a test looks at, and to check what it did. */
export class Api {
  constructor(private readonly request: APIRequestContext) {}

  async login(email: string, password = "demo123"): Promise<Person> {
    const answer = await this.send<SignedIn>("POST", "/api/auth/login", null, { email, password });
    return { email, password, token: answer.access_token };
  }

  async register(role: "buyer" | "seller" = "buyer", name = "Ada"): Promise<Person> {
    const [email, password] = [newEmail(), "seven pots of tea"];
    const body = { name, email, password, role };
    const answer = await this.send<SignedIn>("POST", "/api/auth/register", null, body);
    return { email, password, token: answer.access_token };
  }

  offer(seller: Person, product: Partial<Product> = {}): Promise<Product> {
    const body = { name: "Bright Oak Lamp", price: 25, stock: 10, category: "Home", ...product };
    return this.send("POST", "/api/products/", seller, body);
  }

  product(id: string): Promise<Product> {
    return this.send("GET", `/api/products/${id}`);
  }

  buy(buyer: Person, productId: string, quantity = 1): Promise<unknown> {
    return this.send("POST", "/api/orders/", buyer, { items: [{ product_id: productId, quantity }] });
  }

  async orders(buyer: Person): Promise<components["schemas"]["Order"][]> {
    const page = await this.send<components["schemas"]["OrderPage"]>("GET", "/api/orders/my-orders", buyer);
    return page.items;
  }

  async send<T>(method: string, path: string, who: Person | null = null, data?: object): Promise<T> {
    const headers: Record<string, string> = who === null ? {} : { authorization: `Bearer ${who.token}` };
    const response = await this.request.fetch(path, { method, headers, ...(data === undefined ? {} : { data }) });
    const text = await response.text();
    expect(response.ok(), `${method} ${path}: ${response.status()} ${text}`).toBe(true);
    return (text === "" ? undefined : JSON.parse(text)) as T;
  }
}

let last = 0;
export function newEmail(): string {
  last += 1;
  return `e2e-${Date.now().toString(36)}-${process.pid}-${last}@example.com`;
}

export async function signIn(page: Page, person: Pick<Person, "email"> & { password?: string }): Promise<void> {
  await page.goto("/sign-in");
  await page.getByLabel("E-mail").fill(person.email);
  await page.getByLabel("Password").fill(person.password ?? "demo123");
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("button", { name: /Account of/ })).toBeVisible();
}

export async function addToCart(page: Page, productId: string): Promise<void> {
  await page.goto(`/products/${productId}`);
  await page.getByRole("button", { name: "Add to cart" }).click();
  await expect(page.getByRole("dialog", { name: "Cart" })).toBeVisible();
}
