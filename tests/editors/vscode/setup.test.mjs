// How assistants come to Aiana from the real VS Code: its MCP server in VS Code's own list, and `Aiana: Set Up Assistants…`.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Editor, makeWorld, palette, pickFrom, shareWindow, until } from "./harness.mjs";

const SETTINGS = '{\n  // mine\n  "theme": "dark"\n}\n';

const world = makeWorld();
const editor = new Editor(world);
const file = join(world.folder, ".gemini", "settings.json");
let page;

shareWindow(editor, {
  first() {
    mkdirSync(join(world.folder, ".gemini"));
    writeFileSync(file, SETTINGS);
  },
  async then(window) {
    page = window;
    await until(() => editor.ask("models"), 90_000, "the window is there");
  },
});

/** Aiana's row in VS Code's own list of MCP servers, once it says this. */
async function listed(state) {
  await palette(page, "MCP: List Servers");
  await page
    .locator(".quick-input-list .monaco-list-row", { hasText: "Aiana" })
    .filter({ hasText: state })
    .waitFor();
}

test("VS Code has Aiana in its list of MCP servers, starts it, calls its tools and stops it", async () => {
  await listed("Stopped");
  await pickFrom(page, "Aiana");
  await pickFrom(page, "Start Server");
  const isTool = (name) => /^mcp_aiana_/.test(name);
  const tools = async () => (await editor.ask("tools")).filter(isTool);
  await until(async () => (await tools()).length === 11, 60_000, "its tools are there");
  await listed("Running");
  await page.keyboard.press("Escape");
  const name = (await tools()).find((each) => each.endsWith("memory_search"));
  const search = () => editor.ask("tool", { name, input: { query: "signed out after a deploy" } });
  // VS Code asks once whether it may call tools without asking, as the settings of the tests say.
  const first = search();
  await page.locator(".monaco-dialog-box .monaco-button", { hasText: "Enable" }).click();
  await first;
  // It captures what there is, and looks into the project of the window.
  const found = async () => {
    const answer = await search();
    return answer.includes(`Quoted history of ${world.shop}, kept by Aiana`) && answer;
  };
  const answer = await until(found, 60_000, "the conversations are captured and found");
  assert.match(answer, /aiana:\/\/\/session\/[0-9a-f-]{36}\/claude-code#/);
  await listed("Running");
  await pickFrom(page, "Aiana");
  await pickFrom(page, "Stop Server");
  await listed("Stopped");
  await page.keyboard.press("Escape");
});

test("an assistant that is chosen is shown what would be written, written to, and undone", async () => {
  await palette(page, "Aiana: Set Up Assistants…");
  const row = (text) => page.locator(".quick-input-list .monaco-list-row", { hasText: text });
  await row("Gemini CLI").waitFor({ timeout: 60_000 });
  // Others of this machine may be offered, too: they have files in this home alone.
  await page.keyboard.press("Enter");
  const shown = async () => {
    const now = await editor.ask("editor");
    return now?.language === "diff" && now;
  };
  const { text } = await until(shown, 60_000, "the difference is shown");
  assert.match(text, /^\+ {2}"mcpServers"/m);
  assert.ok(text.includes(`+++ ${file}`));
  assert.equal(readFileSync(file, "utf8"), SETTINGS);
  await page.click(".notification-toast .monaco-button >> text=Write");
  await until(() => readFileSync(file, "utf8").includes('"aiana"'), 60_000, "it is written");
  assert.ok(readFileSync(file, "utf8").includes('// mine\n  "theme": "dark"'));
  await page.click(".notification-toast .monaco-button >> text=Undo");
  await until(() => readFileSync(file, "utf8") === SETTINGS, 60_000, "it is as it was");
});
