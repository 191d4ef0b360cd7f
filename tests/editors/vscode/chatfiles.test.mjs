// What VS Code itself keeps of its chats, in the real VS Code: imported, it is what the chat view shows.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { appendFileSync, existsSync, mkdtempSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { ask, newChat } from "./chats.mjs";
import { Editor, makeWorld, pickFrom, programs, shareWindow, stored, until } from "./harness.mjs";

const ANSWER = "ECHO: the test model has answered.";

const world = makeWorld();
const editor = new Editor(world);
let page;

/** The data folder of an Aiana that looks on from the beginning. */
const watching = mkdtempSync(join(world.folder, "watching-"));
let watch;

shareWindow(editor, {
  first() {
    watch = spawn(join(programs, "aiana"), ["watch"], { env: withChats(watching), stdio: "ignore" });
  },
  async then(window) {
    page = window;
    await page.setViewportSize({ width: 1280, height: 1600 });
    await until(() => editor.ask("models").then(([name]) => name === "Echo"), 90_000, "the model is there");
  },
});

after(() => watch?.kill());

/** The environment of an Aiana that keeps what it captures in `home`. */
function withChats(home) {
  return { ...editor.env, AIANA_HOME: home, VSCODE_USER_DATA_DIR: editor.user };
}

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

/** What is stored of all chats. */
function storedIn(home) {
  const texts = `SELECT m.content FROM messages m JOIN sessions s ON s.key = m.session_key
    WHERE s.source = 'vscode-chat' AND m.type IN ('user', 'assistant') ORDER BY s.key, m.position, m.key`;
  return stored({ home }, texts).map(([text]) => text.replace(/\s+/g, " ").trim());
}

/** What is stored by an Aiana that has not seen the chats before. */
function imported() {
  const home = mkdtempSync(join(world.folder, "home-"));
  execFileSync(join(programs, "aiana"), ["import", "vscode-chat"], { env: withChats(home), stdio: "ignore" });
  return storedIn(home);
}

/** Wait until there are these questions, each answered. */
async function become(texts, what, questions) {
  const expected = questions.flatMap((question) => [`@aiana ${question} question`, ANSWER]);
  let last;
  await until(
    async () => JSON.stringify((last = await texts())) === JSON.stringify(expected),
    60_000,
    what,
  ).catch((error) => assert.deepEqual(last, expected, error.message));
}

/** Wait until the chat view shows these questions, and what is imported is the same. */
async function same(...questions) {
  await become(shown, "the view shows it", questions);
  // VS Code writes a moment later than it shows.
  await become(imported, "it is imported", questions);
}

/** Wait until the Aiana that looks on has all that it had, and then these questions, each answered. */
async function keeps(...questions) {
  seen.push(...questions);
  await become(() => storedIn(watching), "it is kept", seen);
}

const seen = [];

const request = (text) => page.locator(".interactive-request", { hasText: text });

/** Do what has the model asked once more. */
async function asking(act) {
  await editor.prompt();
  await act();
  await until(() => existsSync(join(editor.user, "prompt.json")), 60_000, "the model is asked");
}

/** The file of the chat, if there is one. */
function log() {
  const folder = join(editor.user, "User", "workspaceStorage");
  const files = readdirSync(folder, { recursive: true }).map((file) => join(folder, file));
  const holds = (file) => readFileSync(file, "utf8").includes("first question");
  return files.find((file) => /chatSessions.*\.jsonl$/.test(file) && holds(file));
}

/** How many turns its first line holds: one at most, before it is compacted. */
const turnsAtFirst = () => JSON.parse(readFileSync(log(), "utf8").split("\n", 1)[0]).v.requests.length;

/** Open a chat from the list of all. */
async function reopen(title) {
  await editor.ask("command", { command: "workbench.action.chat.pickAgentSession" });
  await pickFrom(page, title);
  await request(title).waitFor();
}

test("a chat is imported as the view shows it: answered again, with another question, and taken back", async () => {
  await newChat(editor, page);
  for (const word of ["first", "second", "third"]) {
    await ask(editor, page, `@aiana ${word} question`);
  }
  await same("first", "second", "third");
  await keeps("first", "second", "third");

  await asking(async () => {
    await page.locator(".interactive-response").last().hover();
    await page.locator(".interactive-session .codicon-refresh").last().click();
  });
  await same("first", "second", "third");
  await keeps("third");

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
  await keeps("changed");

  await request("second").hover();
  const row = page.locator(".interactive-list .monaco-list-row", { has: request("second") });
  await row.getByText("Restore Checkpoint").click();
  await until(async () => (await request("second").count()) === 0, 60_000, "it is taken back");
  await ask(editor, page, "@aiana last question");
  await same("first", "last");
  await keeps("last");
});

test("questions that are removed are kept, in front of what came instead", async () => {
  for (const word of ["removed", "next"]) {
    await ask(editor, page, `@aiana ${word} question`);
  }
  await same("first", "last", "removed", "next");
  await keeps("removed", "next");

  // Without checkpoints, a question has this in their place; it takes those after it, too.
  await editor.ask("setting", { key: "chat.checkpoints.enabled", value: false });
  await request("removed").hover();
  const row = page.locator(".interactive-list .monaco-list-row", { has: request("removed") });
  await row.getByRole("button", { name: "Undo Requests" }).click();
  await until(async () => (await request("removed").count()) === 0, 60_000, "it is removed");
  // VS Code's file has them until something else is asked.
  await ask(editor, page, "@aiana better question");
  await same("first", "last", "better");
  await keeps("better");
});

test("a log that VS Code compacts is the same chat", async () => {
  await newChat(editor, page);
  // A chat of hours: drafts that came and went.
  const draft = (text) => `${JSON.stringify({ kind: 1, k: ["inputState", "inputText"], v: text })}\n`;
  const drafts = Array.from({ length: 1024 }, (_, number) => draft(`draft ${number}`));
  assert.ok(turnsAtFirst() < 2);
  appendFileSync(log(), `${drafts.join("")}${draft("the last draft")}`);
  // VS Code keeps a chat that has just been left for a moment, and does not read it then.
  await until(
    async () => {
      await newChat(editor, page);
      await reopen("first question");
      const input = page.locator(".interactive-input-part", { hasText: "the last draft" });
      await input.waitFor({ timeout: 5_000 });
      return true;
    },
    180_000,
    "the chat is read from its log",
  );
  await ask(editor, page, "@aiana compacted question");
  await same("first", "last", "better", "compacted");
  await until(() => turnsAtFirst() > 1, 60_000, "it is compacted");
  await keeps("compacted");
});

test("a chat that is deleted is kept", async () => {
  await editor.ask("command", { command: "workbench.action.chat.pickAgentSession" });
  const entry = page.locator(".quick-input-list .monaco-list-row", { hasText: "first question" });
  await entry.hover();
  await entry.locator(".codicon-trash").click();
  await page.click(".monaco-dialog-box .monaco-button >> text=Delete");
  await until(() => log() === undefined, 60_000, "the log is deleted");
  await become(imported, "it is imported", []);
  await keeps();
});
