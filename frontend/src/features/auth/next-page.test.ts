import { expect, test } from "vitest";

import { nextPage } from "./next-page";

test.each(["/checkout", "/products?q=a"])("%s is a page of this shop", (page) => {
  expect(nextPage(page)).toBe(page);
});

test.each(["//evil.example", "/\\evil.example", "https://evil.example", "javascript:alert(1)", "", null])(
  "%s is no page to go to after signing in",
  (page) => {
    expect(nextPage(page)).toBeNull();
  },
);
