import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: ["test/unit/*.test.ts"],
          environment: "node",
          testTimeout: 60_000,
        },
        resolve: { alias: { vscode: new URL("./test/vscode.ts", import.meta.url).pathname } },
      },
      {
        test: {
          name: "webview",
          include: ["test/webview/*.test.ts"],
          environment: "jsdom",
          testTimeout: 60_000,
        },
      },
      {
        test: {
          name: "contract",
          include: ["test/contract/*.test.ts"],
          environment: "node",
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
