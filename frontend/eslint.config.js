import { readdirSync } from "node:fs";

import js from "@eslint/js";
import hooks from "eslint-plugin-react-hooks";
import tseslint from "typescript-eslint";

// What a folder of src may not import. Features know nothing of each other; `app` puts them together.
const closedTo = {
  "src/types": ["lib", "components", "contexts", "features", "app"],
  "src/lib": ["components", "contexts", "features", "app"],
  "src/components": ["contexts", "features", "app"],
  "src/contexts": ["features", "app"],
};
const features = readdirSync(new URL("./src/features", import.meta.url), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name);
for (const feature of features) {
  const others = features.filter((other) => other !== feature).map((other) => `features/${other}`);
  closedTo[`src/features/${feature}`] = [...others, "app"];
}

const boundaries = Object.entries(closedTo).map(([folder, closed]) => ({
  files: [`${folder}/**/*.{ts,tsx}`],
  rules: {
    "no-restricted-imports": [
      "error",
      {
        patterns: [
          {
            group: closed.flatMap((name) => [`@/${name}`, `@/${name}/**`]),
            message: `${folder} must not depend on this: see "Boundaries" in frontend/README.md.`,
          },
          { group: ["../../**"], message: "Reach other folders by @/, so that the boundaries can be checked." },
        ],
      },
    ],
  },
}));

export default tseslint.config(
  { ignores: ["dist", "public", "src/types/api.ts", "test-results", "playwright-report"] },
  js.configs.recommended,
  ...tseslint.configs.strict,
  {
    files: ["src/**/*.{ts,tsx}"],
    plugins: { "react-hooks": hooks },
    rules: {
      "react-hooks/rules-of-hooks": "error",
      "react-hooks/exhaustive-deps": "error",
      "@typescript-eslint/no-non-null-assertion": "error",
      "max-lines": ["error", { max: 250, skipBlankLines: true, skipComments: true }],
      "no-console": "error",
      eqeqeq: "error",
    },
  },
  {
    files: ["src/**/*.{ts,tsx}"],
    rules: {
      "no-restricted-syntax": [
        "error",
        {
          selector: "JSXAttribute[name.name='dangerouslySetInnerHTML']",
          message: "Text from people is shown as text.",
        },
      ],
    },
  },
  {
    files: ["*.js", "lighthouse/*.mjs"],
    languageOptions: { globals: { process: "readonly", URL: "readonly", console: "readonly" } },
    rules: { "no-console": "off" },
  },
  ...boundaries,
);
