import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

const manifest = readFileSync("package.json", "utf8");
const { contributes, capabilities } = JSON.parse(manifest);
const strings: Record<string, string> = JSON.parse(readFileSync("package.nls.json", "utf8"));

test("every %key% has its text, and every text its key", () => {
  const keys = [...manifest.matchAll(/"%([^%]+)%"/g)].map(([, key]) => key!);
  expect([...new Set(keys)].sort()).toEqual(Object.keys(strings).sort());
});

test("in Restricted Mode no setting that names a command, folder, model or server is used", () => {
  const settings = Object.keys(contributes.configuration.properties).filter(
    (key) => !["aiana.contextMaxTokens", "aiana.hover"].includes(key),
  );
  expect(capabilities.untrustedWorkspaces.restrictedConfigurations.sort()).toEqual(settings.sort());
});

test("no two commands of the palette and no two settings have one title", () => {
  const hidden = new Set(
    contributes.menus.commandPalette
      .filter(({ when }: { when: string }) => when === "false")
      .map(({ command }: { command: string }) => command),
  );
  const titles = contributes.commands
    .filter(({ command }: { command: string }) => !hidden.has(command))
    .map(({ title }: { title: string }) => strings[title.slice(1, -1)]);
  expect(new Set(titles).size).toBe(titles.length);
});

test("settings stand in the order that is meant", () => {
  const properties: Record<string, { order: number }> = contributes.configuration.properties;
  const orders = Object.values(properties).map(({ order }) => order);
  expect(orders).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
});

test("the palette has Remember Selection whatever VS Code says of a terminal that may be closed by now", () => {
  const clauses: { command: string; when: string }[] = contributes.menus.commandPalette;
  const clause = (id: string) => clauses.find(({ command }) => command === id)?.when;
  expect(clause("aiana.rememberSelection")).toBeUndefined();
  expect(clause("aiana.rememberTerminalSelection")).toBe("terminalTextSelected && terminalCount > 0");
});
