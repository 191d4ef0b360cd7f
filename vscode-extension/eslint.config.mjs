import tseslint from "typescript-eslint";

export default tseslint.config(
  ...tseslint.configs.strictTypeChecked,
  { languageOptions: { parserOptions: { project: ["tsconfig.json", "webview/tsconfig.json"] } } },
  {
    rules: {
      "@typescript-eslint/switch-exhaustiveness-check": [
        "error",
        { considerDefaultExhaustiveForUnions: false },
      ],
      // With `noUncheckedIndexedAccess`, what is known to be there has to be said.
      "@typescript-eslint/no-non-null-assertion": "off",
      "@typescript-eslint/restrict-template-expressions": "off",
      "@typescript-eslint/no-confusing-void-expression": "off",
      // The interfaces of VS Code do not use `this`.
      "@typescript-eslint/unbound-method": "off",
      "@typescript-eslint/no-unsafe-class-instance-assignment": "off",
      // A type parameter names what the caller expects on the wire.
      "@typescript-eslint/no-unnecessary-type-parameters": "off",
      // VS Code's interfaces are wider than its types: forks leave things out.
      "@typescript-eslint/no-unnecessary-condition": "off",
    },
  },
);
