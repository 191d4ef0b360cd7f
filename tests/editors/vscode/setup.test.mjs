// `Aiana: Set Up Assistants…`: chosen, shown, written and undone, in the real VS Code.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Editor, makeWorld, palette, shareWindow, until } from "./harness.mjs";

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
