import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

const manifest = readFileSync("package.json", "utf8");
const { contributes, capabilities } = JSON.parse(manifest);
const strings: Record<string, string> = JSON.parse(readFileSync("package.nls.json", "utf8"));
const sources = ["extension", "server", "panel"].map((name) => readFileSync(`src/${name}.ts`, "utf8")).join();

test("every %key% has its text, and every text its key", () => {
  const keys = [...manifest.matchAll(/"%([^%]+)%"/g)].map(([, key]) => key!);
  expect([...new Set(keys)].sort()).toEqual(Object.keys(strings).sort());
});

test("every command is registered", () => {
  for (const { command } of contributes.commands) {
    const id = command.replace(/^aiana\./, "");
    expect(sources).toContain(id.startsWith("hit.") ? `onHits("${id.slice(4)}"` : `register("${id}"`);
  }
});

test("in Restricted Mode no setting that names a command, folder, model or server is used", () => {
  const settings = Object.keys(contributes.configuration.properties).filter(
    (key) => key !== "aiana.contextMaxTokens",
  );
  expect(capabilities.untrustedWorkspaces.restrictedConfigurations.sort()).toEqual(settings.sort());
});
