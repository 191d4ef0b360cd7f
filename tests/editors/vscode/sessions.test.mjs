// The way back into a session, handing it over, sharing it, and what it changed, in the real VS Code with the real server.
import assert from "node:assert/strict";
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { writeEdits, writeLong } from "./conversations.mjs";
import {
  chooseFromMenu,
  Editor,
  found,
  makeWorld,
  openPanel,
  palette,
  pickFrom,
  programs,
  shareWindow,
  stored,
  until,
} from "./harness.mjs";
import { StandIn } from "./standin.mjs";

const PRICES = "Give every price a currency";
const SIGNED_OUT = "Fix users being signed out after a deploy";

const world = makeWorld();
const claude = new StandIn(world);
const editor = new Editor(world, {}, [claude.bin, programs]);
let page;
let panel;

shareWindow(editor, {
  first() {
    writeEdits(world, 60);
    claude.write();
  },
  async then(window) {
    page = window;
    panel = await openPanel(page);
    await found(panel, SIGNED_OUT);
  },
});

const row = (text) => panel.locator("li.row", { hasText: text });
const lens = (text) => page.locator(".codelens-decoration > *", { hasText: text });

async function choose(text, action) {
  await row(text).click({ button: "right" });
  await chooseFromMenu(page, action);
}

const lastCall = () => claude.lastCall();
const pick = (label) => pickFrom(page, label);

function active(check, what) {
  const look = async () => {
    const now = await editor.ask("editor");
    return check(now) && now;
  };
  return until(look, 60_000, what);
}

const clipboard = (check) =>
  until(async () => check(await editor.ask("clipboard")), 60_000, "it is in the clipboard");

test("a session is resumed in a terminal, by its own program and in its own folder", async () => {
  await choose(SIGNED_OUT, "Resume");
  const call = await lastCall();
  assert.match(call.args.join(" "), /^--resume [0-9a-f-]{36}$/);
  assert.equal(call.cwd, world.shop);
  await page.waitForSelector(".terminal-wrapper.active");
});

test("an open session offers the same above its text and in its title", async () => {
  await row(SIGNED_OUT).locator("button.main").click();
  await active(({ uri }) => uri.startsWith("aiana:/session/"), "the session is open");
  await lens("Resume in Claude Code").click();
  const first = await lastCall();
  await editor.ask("command", { command: "workbench.action.focusActiveEditorGroup" });
  const button = page.locator(".editor-actions").getByRole("button", { name: "Resume", exact: true });
  await until(async () => (await button.getAttribute("aria-disabled")) !== "true", 60_000, "it is enabled");
  await button.click();
  assert.deepEqual(await lastCall(), first);
});

test("a session is handed over to a new chat, the clipboard, a document and a new session", async () => {
  await editor.ask("clipboard", { text: "" });
  await choose(SIGNED_OUT, "Hand Over…");
  await pick("Clipboard");
  await clipboard((text) => text.includes("Since yesterday's deploy customers"));
  const account = await editor.ask("clipboard");
  await choose(SIGNED_OUT, "Hand Over…");
  await pick("New Document");
  const asked = (text) => text.match(/aiana:\/\/\/session\/[^\s"']+/g);
  const { text } = await active(({ uri }) => uri.startsWith("untitled:"), "the document is open");
  // Each account has a fence of its own, and quotes the same.
  assert.deepEqual(asked(text), asked(account));
  await editor.ask("command", { command: "workbench.action.revertAndCloseActiveEditor" });
  await editor.ask("clipboard", { text: "" });
  await choose(SIGNED_OUT, "Hand Over…");
  await pick("New session in Claude Code");
  assert.deepEqual((await lastCall()).args, []);
  await clipboard((copied) => copied.startsWith("<aiana-context"));
  await choose(SIGNED_OUT, "Hand Over…");
  await pick("New Chat");
  await page
    .locator(".chat-attached-context-attachment", { hasText: /aiana-handover-\d+-tokens\.md/ })
    .waitFor();
  await editor.ask("command", { command: "workbench.action.closeAuxiliaryBar" });
});

test("a conversation of 5,000 turns opens at the turn, and keeps its place when it grows", async () => {
  const { file, uri } = writeLong(world, 5_000);
  const turn = (index) => `${uri}#00000003-0000-4000-8000-${String(index).padStart(12, "0")}`;
  const id = "7a1f0c52-0000-4000-8000-000000000003";
  const messages = () =>
    stored(
      world,
      `SELECT count(*) FROM messages m JOIN sessions s ON s.key = m.session_key WHERE s.id = '${id}'`,
    );
  await until(() => messages()[0][0] === 5_000, 60_000, "it is captured");
  await editor.ask("command", { command: "aiana.hit.open", args: [turn(3_210)] });
  const at = ({ text, line }) => text.split("\n")[line].includes("turn 3210");
  const isAtTop = ({ line, top }) => line - top < 10;
  const before = await active((now) => at(now) && isAtTop(now), "it is open at the turn");
  const more = { type: "user", message: { role: "user", content: "and one more" }, cwd: world.shop };
  const grown = { ...more, sessionId: id, uuid: "grown", timestamp: "2026-02-04T10:00:00.000Z" };
  appendFileSync(file, `${JSON.stringify(grown)}\n`);
  const after = await active(({ text }) => text.endsWith("and one more\n"), "it has grown");
  assert.equal(after.line, before.line);
  assert.ok(at(after) && isAtTop(after));
  await editor.ask("command", { command: "aiana.hit.open", args: [turn(12)] });
  await active(({ text, line }) => text.split("\n")[line].includes("turn 12:"), "it goes to another turn");
  await editor.ask("command", { command: "workbench.action.closeActiveEditor" });
});

test("what is shared is seen before it is saved, with what was taken out", async () => {
  await choose(SIGNED_OUT, "Share…");
  await pick("Markdown");
  const { text } = await active(({ uri }) => uri.startsWith("aiana:/share/"), "the preview is open");
  assert.ok(text.includes(`# ${SIGNED_OUT}`));
  await lens("Folders of this machine are left out").waitFor();
  await lens("Save…").click();
  const name = page.locator(".quick-input-widget input.input");
  await until(async () => (await name.inputValue()).endsWith(".md"), 60_000, "a name is proposed");
  const file = await name.inputValue();
  assert.equal(file, join(world.shop, "fix-users-being-signed-out-after-a-deploy.md"));
  await page.locator(".quick-input-widget .monaco-button", { hasText: "OK" }).click();
  await until(() => existsSync(file) && readFileSync(file, "utf8") === text, 60_000, "it is saved");
  await editor.ask("command", { command: "workbench.action.closeActiveEditor" });
});

test("where a session cannot be resumed, its document and its menu say why", async () => {
  claude.remove();
  await editor.ask("command", { command: "workbench.action.closeAllEditors" });
  await row(SIGNED_OUT).locator("button.main").click();
  const reason = "`claude` is not on the PATH.";
  await lens(`Cannot be resumed: ${reason}`).waitFor();
  const button = page.locator(".editor-actions").getByRole("button", { name: "Resume", exact: true });
  await until(async () => (await button.getAttribute("aria-disabled")) === "true", 60_000, "it is disabled");
  await choose(SIGNED_OUT, "Resume");
  await page.locator(".notification-toast", { hasText: reason }).waitFor();
  await page.click(".notification-toast .monaco-button >> text=Continue in a New Session…");
  await page.locator(".quick-input-list .monaco-list-row", { hasText: "Clipboard" }).waitFor();
  // A program that is not there is not offered for a new session either.
  assert.equal(await page.locator(".quick-input-list .monaco-list-row", { hasText: "Claude" }).count(), 0);
  await page.keyboard.press("Escape");
});

test("a file is asked for its history, page after page, and the turn that is picked opens", async () => {
  const file = join(world.shop, "src", "prices.ts");
  mkdirSync(join(world.shop, "src"), { recursive: true });
  writeFileSync(file, "export const price = 60;\n");
  await editor.ask("select", { file, needle: "price" });
  await palette(page, "Aiana: History of This File");
  // By their names: a row that VS Code uses again may still hold the words that it showed before.
  const entry = (text) => page.locator(`.quick-input-list .monaco-list-row[aria-label*="${text}"]`);
  await entry("edited").first().waitFor();
  assert.match(await entry("edited").first().innerText(), new RegExp(PRICES));
  // The oldest of 61 turns is on the second page.
  await page.keyboard.type("created");
  await entry("edited").first().waitFor({ state: "detached" });
  assert.equal(await entry("created").count(), 0);
  await page.keyboard.press("Enter");
  await entry("created").waitFor();
  await pick("created");
  const open = ({ uri, text }) => uri.startsWith("aiana:/session/") && text.startsWith(`# ${PRICES}`);
  const { text, line } = await active(open, "the conversation is open");
  assert.ok(text.split("\n").slice(line).join("\n").includes("export const price = 0;"));
});

test("what a session changed opens in a diff editor, and stays open when the window is loaded again", async () => {
  const tab = (title) => page.locator(".tab", { hasText: title });
  await page.locator(".editor-actions").getByRole("button", { name: "Show Changes", exact: true }).click();
  await tab(`Changes: ${PRICES}`).waitFor();
  const header = (text) => page.locator(".multiDiffEntry .header", { hasText: text });
  await header("prices.ts").waitFor();
  await header("CHANGES.md (not known what stood there before)").waitFor();
  for (const name of [
    "logo.png (no text, not shown)",
    "py.typed",
    "cents.ts (not known what stood there before)",
    "new.ts (not known what stands there after)",
  ]) {
    await page.mouse.wheel(0, 400);
    await header(name).first().waitFor();
  }
  await page.locator(".multiDiffEntry .view-line", { hasText: "export const price = 60;" }).waitFor();
  await editor.ask("command", { command: "workbench.action.closeAllEditors" });

  await choose(SIGNED_OUT, "Show Changes");
  const title = "session.ts: before ↔ after · only the parts that calls show";
  await tab(title).waitFor();
  const after = await active(({ uri }) => uri.startsWith("aiana-changes:/"), "the diff is open");
  assert.equal(after.language, "typescript");
  assert.equal(after.text, "await store.supersede(current.id, { graceSeconds: 30 })");
  const line = (side, words) =>
    page.locator(`.monaco-diff-editor .editor.${side} .view-line`, { hasText: words });
  await line("original", "store.delete").waitFor();
  const loaded = page.waitForEvent("domcontentloaded");
  await palette(page, "Developer: Reload Window");
  await loaded;
  await tab(title).waitFor();
  await line("original", "store.delete").waitFor();
  await line("modified", "store.supersede").waitFor();
});
