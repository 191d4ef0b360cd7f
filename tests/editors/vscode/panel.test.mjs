// The packed extension in the real VS Code, with the real server on imported sample sessions.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { Editor, found, makeWorld, palette, panelFrame, settled, until } from "./harness.mjs";

const QUESTION = "why did people get logged out";
const RIGHT_SESSION = "Fix users being signed out after a deploy";
const MEMORY = "Integration tests need make services before they run.";

const world = makeWorld();
const editor = new Editor(world);
let page;
let panel;

before(async () => {
  await editor.start();
  page = await editor.browse();
}, { timeout: 180_000 });

after(() => editor.stop());

async function type(text, frame = panel) {
  await frame.fill("#query", text);
}

function serverPids() {
  return readdirSync("/proc").filter((pid) => {
    try {
      const words = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
      return words.includes("lsp") && readFileSync(`/proc/${pid}/environ`, "utf8").includes(`AIANA_HOME=${world.home}\0`);
    } catch {
      return false;
    }
  });
}

test("nothing runs before it is asked for", async () => {
  const { wasActive } = await editor.ask("activation", {}, 60_000);
  assert.equal(wasActive, false);
  assert.deepEqual(serverPids(), []);
});

test("conversations on this machine appear by themselves, and an import shows its outcome", async () => {
  await palette(page, "Aiana: Search in Side Panel");
  panel = await panelFrame(page);
  await panel.waitForSelector("h2 >> text=Recent Conversations", { timeout: 30_000 });
  await palette(page, "Aiana: Import Sessions");
  await page.waitForSelector(".notification-toast >> text=/\\d conversations read, \\d+ new messages\\./", { timeout: 60_000 });
});

test("typing shows the right hit first, and Enter opens the session at that turn", async () => {
  await type(QUESTION);
  await panel.waitForSelector("li.row mark", { timeout: 20_000 });
  const [first] = await settled(panel);
  await panel.press("#query", "Enter");
  const opened = await until(async () => {
    const active = await editor.ask("editor");
    return active?.uri.startsWith("aiana:/session/") && active;
  }, 20_000, "the session opens");
  assert.match(opened.uri, new RegExp(RIGHT_SESSION));
  assert.ok(opened.line > 0);
  const turn = opened.text.split("\n").slice(opened.line).join("\n");
  assert.match(turn.split("\n")[0], /^## (User|Assistant) \(2026-01-12T/);
  assert.ok(turn.split("\n## ")[0].includes(first.slice(0, 40)));
});

test("only the open project is searched, until all are asked for", async () => {
  await type("uv lock python packages");
  assert.ok(!(await settled(panel)).some((row) => row.includes("uv sync")));
  await panel.click("button[aria-label=Filters]");
  await panel.selectOption("select[aria-label=Project]", "all");
  await found(panel, "uv sync");
  await panel.selectOption("select[aria-label=Project]", "project");
  await panel.click("button[aria-label=Filters]");
});

test("a selection is remembered and found", async () => {
  await editor.ask("select", { file: `${world.shop}/notes.md`, needle: MEMORY });
  await editor.ask("command", { command: "aiana.rememberSelection" });
  await type("make services type:memory");
  await found(panel, MEMORY);
});

test("a duplicate is not stored twice, and that is said", async () => {
  await editor.ask("select", { file: `${world.shop}/notes.md`, needle: MEMORY });
  await editor.ask("command", { command: "aiana.rememberSelection" });
  await page.waitForSelector(".notification-toast >> text=This is remembered already.");
  await editor.ask("command", { command: "notifications.clearAll" });
});

test("forgetting removes it, and undo brings it back", async () => {
  await type("make services type:memory");
  await found(panel, MEMORY);
  await panel.press("#query", "ArrowDown");
  await page.keyboard.press("Delete");
  await until(async () => (await settled(panel)).length === 0, 20_000, "the memory is gone");
  await page.click(".notification-toast .monaco-button >> text=Undo");
  await found(panel, MEMORY);
});

test("a recall tool answers with the open project's memory alone", async () => {
  const answer = await editor.ask("tool", { name: "aiana_recall", input: { query: "why was the redis client pinned" } });
  assert.match(answer, /<aiana-context/);
  assert.match(answer, /RESP3/);
  assert.doesNotMatch(answer, /uv sync|\/dev\/tcp/);
});

test("a remember tool stores after a yes", async () => {
  const asked = editor.ask("tool", { name: "aiana_remember", input: { content: "The cart migration happens in March.", memoryType: "insight" } });
  await page.click(".monaco-dialog-box .monaco-button >> text=Yes");
  const answer = await asked;
  assert.match(answer, /^Remembered as aiana:\/\/\/memory\//);
  await type("cart migration type:memory");
  await found(panel, "The cart migration happens in March.");
});

test("Add to Chat attaches a file whose name says its size", async () => {
  await type(QUESTION);
  await settled(panel);
  await panel.press("#query", "ArrowDown");
  await page.keyboard.press("Control+Enter");
  await page.waitForSelector(".chat-attached-context-attachment >> text=/aiana-memory-\\d+-tokens\\.md/", { timeout: 30_000 });
});

test("@aiana asks the user's model with the fenced context, and answers", async () => {
  const open = (input) => editor.ask("command", { command: "workbench.action.chat.open", args: [{ mode: "ask", ...input }] });
  await editor.ask("command", { command: "workbench.action.chat.newChat" });
  await open({ query: "", isPartialQuery: true });
  // A question that comes before the model is in the picker is refused by VS Code itself.
  assert.deepEqual(await editor.ask("models"), ["Echo"]);
  await page.waitForSelector(".interactive-session .interactive-input-part >> text=Echo", { timeout: 30_000 });
  await open({ query: "@aiana why did we pin the redis client?" });
  const prompt = (await editor.prompt()).join("\n");
  assert.match(prompt, /<aiana-context/);
  assert.match(prompt, /RESP3/);
  assert.match(prompt, /why did we pin the redis client\?/);
  assert.doesNotMatch(prompt, /uv sync|\/dev\/tcp/);
  await page.waitForSelector(".interactive-response >> text=ECHO: the test model has answered.", { timeout: 30_000 });
});

test("a server that is killed under load comes back, and the panel recovers", async () => {
  const [pid] = serverPids();
  assert.ok(pid);
  const typing = (async () => {
    for (const word of QUESTION.split(" ")) {
      await type(word);
    }
  })();
  process.kill(Number(pid), "SIGKILL");
  await typing;
  await until(() => serverPids().some((other) => other !== pid), 20_000, "a new server runs");
  await type(QUESTION);
  await found(panel, "customers are signed out");
});

test("two windows work on the same memory", async () => {
  const second = await editor.browse();
  await palette(second, "Aiana: Search in Side Panel");
  const other = await panelFrame(second);
  await type("unrelated type:memory", other);
  assert.deepEqual(await settled(other), []);
  await editor.ask("select", { file: `${world.shop}/notes.md`, needle: "The token is unrelated." });
  await editor.ask("command", { command: "aiana.rememberSelection" });
  await found(other, "The token is unrelated.");
  assert.equal(serverPids().length, 2);
  await second.context().close();
});

test("without a server the view offers to install it, and after a yes the panel works", { timeout: 400_000 }, async () => {
  const bare = new Editor(makeWorld(), {}, false);
  try {
    await bare.start();
    const window = await bare.browse();
    await palette(window, "Aiana: Search in Side Panel");
    await window.click(".welcome-view .monaco-button >> text=Install Aiana", { timeout: 30_000 });
    await window.click(".monaco-dialog-box .monaco-button >> text=Install");
    const frame = await panelFrame(window, 360_000);
    await frame.waitForSelector("h2 >> text=Recent Conversations", { timeout: 60_000 });
  } finally {
    await bare.stop();
  }
});

test("in Restricted Mode searching works", async () => {
  const restricted = new Editor(world, { "security.workspace.trust.enabled": true, "security.workspace.trust.startupPrompt": "never" });
  try {
    await restricted.start();
    const window = await restricted.browse();
    await window.waitForSelector(".statusbar-item >> text=Restricted Mode");
    await palette(window, "Aiana: Search in Side Panel");
    const frame = await panelFrame(window);
    await type(QUESTION, frame);
    await found(frame, "customers are signed out");
  } finally {
    await restricted.stop();
  }
});
