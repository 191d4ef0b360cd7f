// What VS Code itself keeps of its chats, in the real VS Code: imported, it is what the chat view shows.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ask, newChat } from "./chats.mjs";
import { Editor, makeWorld, programs, shareWindow, stored, until } from "./harness.mjs";

const ANSWER = "ECHO: the test model has answered.";

const world = makeWorld();
const editor = new Editor(world);
let page;

shareWindow(editor, {
  async then(window) {
    page = window;
    await page.setViewportSize({ width: 1280, height: 1600 });
    await until(() => editor.ask("models").then(([name]) => name === "Echo"), 90_000, "the model is there");
  },
});

/** What the chat view shows, from top to bottom: what was asked, and below it the answer. */
async function shown() {
  const rows = await page.$$eval(".interactive-session .interactive-list .monaco-list-row", (all) =>
    all
      .sort((a, b) => Number(a.dataset.index) - Number(b.dataset.index))
      .map((row) =>
        row.querySelector(".interactive-request")
          ? row.querySelector(".interactive-request .rendered-markdown")?.textContent
          : [...row.querySelectorAll(".interactive-response .rendered-markdown")].at(-1)?.textContent,
      ),
  );
  return rows.filter((text) => text !== undefined).map((text) => text.replace(/\s+/g, " ").trim());
}

/** The same of all chats, as they are imported by an Aiana that has not seen them before. */
async function imported() {
  const home = mkdtempSync(join(world.folder, "home-"));
  const env = { ...editor.env, AIANA_HOME: home, VSCODE_USER_DATA_DIR: editor.user };
  execFileSync(join(programs, "aiana"), ["import", "vscode-chat"], { env, stdio: "ignore" });
  const texts = `SELECT content FROM messages WHERE type IN ('user', 'assistant') ORDER BY session_key, position, key`;
  return stored({ home }, texts).map(([text]) => text.replace(/\s+/g, " ").trim());
}

/** Wait until the chat view shows these questions, each answered, and what is imported is the same. */
async function same(...questions) {
  const expected = questions.flatMap((question) => [`@aiana ${question} question`, ANSWER]);
  for (const [what, texts] of [
    ["the view shows it", shown],
    // VS Code writes a moment later than it shows.
    ["it is imported", imported],
  ]) {
    let last;
    await until(
      async () => JSON.stringify((last = await texts())) === JSON.stringify(expected),
      60_000,
      what,
    ).catch((error) => assert.deepEqual(last, expected, error.message));
  }
}

const request = (text) => page.locator(".interactive-request", { hasText: text });

/** Do what has the model asked once more. */
async function asking(act) {
  await editor.prompt();
  await act();
  await until(() => existsSync(join(editor.user, "prompt.json")), 60_000, "the model is asked");
}

test("a chat is imported as the view shows it: answered again, with another question, and taken back", async () => {
  await newChat(editor, page);
  for (const word of ["first", "second", "third"]) {
    await ask(editor, page, `@aiana ${word} question`);
  }
  await same("first", "second", "third");

  await asking(async () => {
    await page.locator(".interactive-response").last().hover();
    await page.locator(".interactive-session .codicon-refresh").last().click();
  });
  await same("first", "second", "third");

  await asking(async () => {
    await request("third").locator(".value").click();
    await page
      .locator(".interactive-request.editing-input, .interactive-request .interactive-input-part")
      .first()
      .waitFor();
    await page.keyboard.press("Control+a");
    await page.keyboard.type("@aiana changed question");
    await page.keyboard.press("Enter");
  });
  await same("first", "second", "changed");

  await request("second").hover();
  const row = page.locator(".interactive-list .monaco-list-row", { has: request("second") });
  await row.getByText("Restore Checkpoint").click();
  await until(async () => (await request("second").count()) === 0, 60_000, "it is taken back");
  await ask(editor, page, "@aiana last question");
  await same("first", "last");
});
