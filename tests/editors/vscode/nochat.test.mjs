// The extension where VS Code's chat is switched off.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { Editor, makeWorld, palette, root, shareWindow } from "./harness.mjs";

const editor = new Editor(makeWorld(), { "chat.disableAIFeatures": true });
let page;

shareWindow(editor, {
  first() {
    execFileSync(join(root, ".venv", "bin", "aiana"), ["import"], { env: editor.env, stdio: "ignore" });
  },
  async then(window) {
    page = window;
    await editor.ask("editor", {}, 90_000);
  },
});

test("Add Project Context to Chat goes to the clipboard", async () => {
  await palette(page, "Aiana: Add Project Context to Chat");
  const copied = "Copied about \\d+ tokens to the clipboard: paste them into the chat\\.";
  await page.waitForSelector(`.notification-toast >> text=/${copied}/`, { timeout: 60_000 });
  assert.match(await editor.ask("clipboard"), /^<aiana-context[^]*<\/aiana-context>\s*$/);
});

test("Remember This Conversation says that there is none", async () => {
  await palette(page, "Aiana: Remember This Conversation");
  await page.waitForSelector(".notification-toast >> text=There is no open chat with something in it.");
});
