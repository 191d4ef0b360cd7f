// Keeping texts and giving them to chats, in the real VS Code with the packed extension and the real server.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import * as chats from "./chats.mjs";
import { writeConversations } from "./conversations.mjs";
import {
  chooseFromMenu,
  Editor,
  makeWorld,
  openPanel,
  palette,
  root,
  settled,
  shareWindow,
  stored,
  until,
} from "./harness.mjs";
import { serverPids } from "./processes.mjs";

const SECRET = `ghp_${"abcdefghijklmnopqrstuvwxyz0123456789"}`;
const NOTES = {
  services: "Integration tests need make services before they run.",
  token: "The token is unrelated.",
  deploy: `The deploy robot logs in with ${SECRET} at night.`,
  cache: "Deploys need a warm cache.",
  late: "The nightly build starts at two.",
  refused: "The staging cluster has three nodes.",
};
const QUESTION = "why did we pin the redis client?";
const ANSWER = "ECHO: the test model has answered.";

const world = makeWorld();
const editor = new Editor(world);
const python = join(root, ".venv", "bin", "python");
let page;
let holder;

shareWindow(editor, {
  async first() {
    writeFileSync(join(world.shop, "notes.md"), `# Notes\n\n${Object.values(NOTES).join("\n")}\n`);
    // What these tests store is theirs alone: the server's own import and embedding wait for its lock, which is held.
    execFileSync(join(root, ".venv", "bin", "aiana"), ["import"], { env: editor.env, stdio: "ignore" });
    const hold =
      "import sys; from filelock import FileLock; FileLock(sys.argv[1]).acquire(); print(flush=True); sys.stdin.read()";
    holder = spawn(python, ["-c", hold, join(world.home, "indexer.lock")], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    await once(holder.stdout, "data");
  },
  async then(window) {
    page = window;
    await editor.ask("models", {}, 90_000);
  },
});

// The editor is stopped before.
after(() => {
  // One that a failed test has left stopped hears nothing else.
  serverPids(world).forEach((pid) => process.kill(Number(pid), "SIGKILL"));
  holder?.stdin.end();
});

const rows = (query) => stored(world, query);

/** The memories with this text: their type, project and metadata. */
function memories(content) {
  const query = `SELECT content, memory_type, p.id, metadata FROM memories m
    JOIN projects p ON p.key = m.project_key WHERE content = '${content}'`;
  return rows(query).map(([, type, project, metadata]) => ({ type, project, ...JSON.parse(metadata) }));
}

async function kept(content) {
  await until(() => memories(content).length > 0, 60_000, `“${content}” is stored`);
  return memories(content);
}

const command = (id, ...args) => editor.ask("command", { command: id, args });
const select = (needle) => editor.ask("select", { file: join(world.shop, "notes.md"), needle });
const toast = (text, timeout = 60_000) =>
  page.waitForSelector(`.notification-toast >> text=${text}`, { timeout });
const toastButton = (label) => page.click(`.notification-toast .monaco-button >> text=${label}`);
const clearToasts = () => command("notifications.clearAll");

/** The document that comes up, once it is the one that is meant. */
function opens(isMeant) {
  const look = async () => {
    const active = await editor.ask("editor");
    return active && isMeant(active) && active;
  };
  return until(look, 60_000, "the document opens");
}

const newChat = () => chats.newChat(editor, page);
const ask = (query) => chats.ask(editor, page, query);

test("Remember Selection keeps an editor's selection with its file and lines", async () => {
  await select(NOTES.services);
  await palette(page, "Aiana: Remember Selection");
  await page.waitForSelector(`.statusbar-item >> text=Remembered: ${NOTES.services}`, { timeout: 60_000 });
  const origin = { uri: `file://${world.shop}/notes.md`, lines: [2, 2] };
  assert.deepEqual(memories(NOTES.services), [{ type: "insight", project: world.shop, origin }]);
});

test("a duplicate is stored once, said so, and opened", async () => {
  await select(NOTES.services);
  await palette(page, "Aiana: Remember Selection");
  await toast("This is remembered already.");
  await toastButton("Open");
  const opened = await opens(({ uri }) => uri.startsWith("aiana:/memory/"));
  assert.match(
    opened.text,
    new RegExp(`\n- From: file://${world.shop}/notes.md#L3\n[^]*\n\n${NOTES.services}\n$`),
  );
  assert.equal(memories(NOTES.services).length, 1);
});

test("a secret is taken out, and that is said", async () => {
  await select(NOTES.deploy);
  await palette(page, "Aiana: Remember Selection");
  await toast("Remembered. One secret was taken out before it was stored.");
  assert.equal(rows(`SELECT count(*) FROM memories WHERE content LIKE '%${SECRET}%'`)[0][0], 0);
  assert.equal(
    rows(
      "SELECT count(*) FROM memories WHERE content LIKE 'The deploy robot logs in with %REDACTED% at night.'",
    )[0][0],
    1,
  );
  await clearToasts();
});

test("the editor's context menu keeps the selection", async () => {
  await select(NOTES.token);
  await page.click(".view-line >> text=token", { button: "right" });
  await chooseFromMenu(page, "Remember Selection");
  assert.deepEqual((await kept(NOTES.token))[0].origin, {
    uri: `file://${world.shop}/notes.md`,
    lines: [3, 3],
  });
});

test("a terminal's selection is kept: by its menu, and from the palette after asking which is meant", async () => {
  await select(NOTES.cache);
  await command("workbench.action.terminal.new");
  await page.waitForSelector(".terminal-wrapper.active .xterm-screen");
  await page.keyboard.type("clear; printf '%s\\n' heartbeat checksum");
  await page.keyboard.press("Enter");
  const place = async (text) => {
    const line = page.locator(".terminal-wrapper.active .xterm-rows > div", { hasText: text }).last();
    const { x, y, height } = await line.boundingBox({ timeout: 2_000 });
    return [x + 12, y + height / 2];
  };
  /** A double click selects a word, once the terminal has it. */
  const selectWord = (text) =>
    until(
      async () => {
        await page.mouse.dblclick(...(await place(text)));
        await command("workbench.action.terminal.copySelection");
        return (await editor.ask("clipboard")) === text;
      },
      60_000,
      `“${text}” is selected`,
    );
  await selectWord("heartbeat");
  await editor.ask("clipboard", { text: "mine" });
  await page.mouse.click(...(await place("heartbeat")), { button: "right" });
  await chooseFromMenu(page, "Remember Terminal Selection");
  assert.deepEqual(await kept("heartbeat"), [
    { type: "insight", project: world.shop, origin: { terminal: "bash" } },
  ]);
  await selectWord("checksum");
  await editor.ask("clipboard", { text: "mine" });
  await page.keyboard.press("Control+k");
  await page.keyboard.press("Alt+r");
  assert.deepEqual(await kept("checksum"), [
    { type: "insight", project: world.shop, origin: { terminal: "bash" } },
  ]);
  await palette(page, "Aiana: Remember Terminal Selection");
  await page.click(".quick-input-list .monaco-list-row >> text=in the editor");
  await kept(NOTES.cache);
  assert.equal(await editor.ask("clipboard"), "mine");
  await command("workbench.action.terminal.kill");
});

test("with nothing selected, what was copied is kept after a yes", async () => {
  await select("");
  await editor.ask("clipboard", { text: "The chat said: use port 4711.\nAnd TLS." });
  await palette(page, "Aiana: Remember Selection");
  await toast("Nothing is selected. Remember what was copied? “The chat said: use port 4711.”");
  await toastButton("Remember");
  await kept("The chat said: use port 4711.\nAnd TLS.");
});

test("Remember… asks for the text, its kind and its place, and each step can be gone back to", async () => {
  const step = (number) => page.waitForSelector(`.quick-input-titlebar >> text=Remember (${number}/3)`);
  const choose = (text) => page.click(`.quick-input-list .monaco-list-row >> text=${text}`);
  await select("");
  await palette(page, "Aiana: Remember…");
  await step(1);
  await page.fill(".quick-input-widget input.input", "tabs, because the linter says so");
  await page.keyboard.press("Enter");
  await step(2);
  await page.click(".quick-input-titlebar [aria-label^=Back]");
  await step(1);
  assert.equal(await page.inputValue(".quick-input-widget input.input"), "tabs, because the linter says so");
  await page.keyboard.press("Enter");
  await step(2);
  await choose("what was chosen, and why");
  await step(3);
  await choose("In all projects");
  assert.deepEqual(await kept("Decided: tabs, because the linter says so"), [
    { type: "insight", project: "" },
  ]);
  await select(NOTES.cache);
  await palette(page, "Aiana: Remember…");
  await step(1);
  assert.equal(await page.inputValue(".quick-input-widget input.input"), NOTES.cache);
  await page.fill(".quick-input-widget input.input", "Every table has a key column");
  await page.keyboard.press("Enter");
  await step(2);
  await choose("how things are done here");
  await step(3);
  await choose("In shop");
  assert.deepEqual(await kept("Every table has a key column"), [{ type: "pattern", project: world.shop }]);
});

test("preferences are added, changed and removed", async () => {
  const preferences = () => rows("SELECT text FROM preferences").flat();
  const write = async (text, title) => {
    await page.waitForSelector(`.quick-input-titlebar >> text=${title}`);
    await page.fill(".quick-input-widget input.input", text);
    await page.keyboard.press("Enter");
  };
  for (const text of ["Uses uv", "Likes short answers"]) {
    await palette(page, "Aiana: Add Preference");
    await write(text, "Add Preference");
    await until(() => preferences().includes(text), 60_000, `“${text}” is stored`);
  }
  await palette(page, "Aiana: Add Preference");
  await write("Uses uv", "Add Preference");
  await toast("This preference is kept already.");
  await clearToasts();
  await palette(page, "Aiana: Add Preference");
  await write(`Pushes with ${SECRET}`, "Add Preference");
  await toast("Preference kept. A secret was taken out before it was stored.");
  await clearToasts();
  assert.equal(preferences().length, 3);
  assert.ok(!preferences().join().includes(SECRET));
  await palette(page, "Aiana: Manage Preferences");
  const row = (text) => `.quick-input-list .monaco-list-row >> text=${text}`;
  await page.hover(row("Pushes with"));
  await page.click(".quick-input-list .monaco-list-row:has-text('Pushes with') .action-label");
  await until(() => preferences().length === 2, 60_000, "the preference is gone");
  await page.waitForSelector(row("Pushes with"), { state: "detached" });
  await page.click(row("Likes short answers"));
  await write("Likes long answers", "Change Preference");
  await until(
    () => preferences().includes("Likes long answers") && !preferences().includes("Likes short answers"),
    60_000,
    "it is changed",
  );
  assert.deepEqual(preferences().sort(), ["Likes long answers", "Uses uv"]);
});

test("@aiana answers with the user's model; its references open the exact turn", async () => {
  await newChat();
  const response = await ask(`@aiana ${QUESTION}`);
  await response.getByText(ANSWER).waitFor();
  const [memory, ...others] = await editor.prompt();
  assert.match(memory, /<aiana-context[^]*RESP3[^]*<\/aiana-context>$/);
  assert.doesNotMatch(memory, /uv sync|\/dev\/tcp/);
  assert.ok(memory.slice(memory.indexOf("<aiana-context nonce")).length / 4 <= 1000);
  assert.equal(others.length, 1);
  assert.ok(others[0].endsWith(QUESTION));
  await response.getByText(/^Completed \d+ steps?/).click();
  await response.getByText(/^Used \d+ references?/).click();
  const turn = memory
    .split("\n> ")
    .find((quote) => quote.includes("speaks RESP3"))
    .split("\n")[0];
  const cited = response.locator(".chat-used-context-list .monaco-list-row");
  const index = [...memory.matchAll(/^\[(\d+)\] .*\n> (.*)$/gm)].findIndex(([, , quote]) => quote === turn);
  await cited.nth(index).click();
  const opened = await opens(({ uri }) => uri.startsWith("aiana:/session/"));
  assert.ok(
    opened.text
      .split("\n")
      .slice(opened.line, opened.line + 4)
      .join("\n")
      .includes(turn),
  );
});

test("a selection in the chat and the whole conversation are kept", async () => {
  await command("workbench.action.chat.open", { mode: "ask" });
  await chats.lastResponse(page).getByText(ANSWER).click({ clickCount: 3 });
  await page.keyboard.press("Control+k");
  await page.keyboard.press("Alt+r");
  assert.deepEqual(await kept(ANSWER), [
    { type: "insight", project: world.shop, origin: { chat: "code-server" } },
  ]);
  await palette(page, "Aiana: Remember This Conversation");
  assert.deepEqual(await kept(`User: @aiana ${QUESTION}\n\nAiana: ${ANSWER}`), [
    { type: "conversation", project: world.shop, origin: { chat: "code-server" } },
  ]);
});

test("/recall, /context and /remember answer without asking the model", async () => {
  const recalled = await ask("@aiana /recall redis client RESP3");
  await recalled.getByText("Version 5 of the redis client speaks RESP3").waitFor();
  assert.doesNotMatch(await recalled.textContent(), /uv sync|\/dev\/tcp/);
  await recalled.locator(".chat-inline-anchor-widget").last().click();
  const cited = await recalled.locator(".chat-inline-anchor-widget").last().getAttribute("data-href");
  const [, document, line] = decodeURI(cited).match(/^(.*)#(\d+)/);
  await opens((active) => active.uri === document && active.line === Number(line) - 1);
  await (await ask("@aiana /recall")).getByText("Say what to look for").waitFor();
  const context = await ask("@aiana /context redis client");
  await context.getByText("</aiana-context>").waitFor();
  assert.match(
    (await context.textContent()).replace(/\s/g, " "),
    /This is what an assistant would be told, \d+ tokens:/,
  );
  const remembered = await ask("@aiana /remember The cart moves in March.");
  await remembered.getByText("Remembered.").waitFor();
  await kept("The cart moves in March.");
  await (
    await ask("@aiana /remember The cart moves in March.")
  )
    .getByText("This is remembered already.")
    .waitFor();
  assert.equal(memories("The cart moves in March.").length, 1);
  assert.equal(existsSync(join(editor.user, "prompt.json")), false, "the model was asked");
});

test("a model that refuses, or breaks off, leaves the plain results", async () => {
  for (const [behaviour, reason] of [
    ["refuses", "quota exceeded"],
    ["breaks", "connection reset"],
  ]) {
    await editor.ask("model", behaviour);
    const response = await ask(`@aiana ${QUESTION}`);
    await response.getByText(`(${reason})`).waitFor({ timeout: 60_000 });
    await response.getByText("Version 5 of the redis client speaks RESP3").waitFor();
  }
  await editor.ask("model", "answers");
  await editor.prompt();
});

test("Add to Chat attaches the chosen hits as one file, which the next question carries", async () => {
  await newChat();
  const panel = await openPanel(page);
  await panel.fill("#query", "redis client RESP3");
  await panel.waitForSelector("li.row mark", { timeout: 60_000 });
  await settled(panel);
  await panel.press("#query", "ArrowDown");
  await page.keyboard.press("Shift+ArrowDown");
  await page.keyboard.press("Control+Enter");
  const chip = await page.waitForSelector(
    ".chat-attached-context-attachment >> text=/aiana-2-memories-\\d+-tokens\\.md/",
    { timeout: 60_000 },
  );
  const name = (await chip.textContent()).match(/aiana-2-memories-(\d+)-tokens\.md/);
  const storage = join(editor.user, "User", "workspaceStorage");
  const file = join(
    storage,
    readdirSync(storage, { recursive: true }).find((path) => path.endsWith(name[0])),
  );
  const text = readFileSync(file, "utf8");
  assert.ok(Number(name[1]) > 20 && Number(name[1]) <= 1000, name[1]);
  assert.equal(text.match(/^## /gm).length, 2);
  assert.match(text, / · shop · 2026-02-03 · aiana:\/\/\/session\/18a0a8ac\S+#\S+\n\n> /);
  assert.equal(statSync(file).mode & 0o077, 0);
  const response = await ask(`@aiana ${QUESTION}`);
  await response.getByText(ANSWER).waitFor();
  const asked = (await editor.prompt()).at(-1);
  assert.ok(asked.includes(`<attachment name="${name[0]}">\n${text}\n</attachment>`));
});

test("Add Project Context to Chat attaches the block, with its size in the name", async () => {
  await newChat();
  await palette(page, "Aiana: Add Project Context to Chat");
  const chip = await page.waitForSelector(
    ".chat-attached-context-attachment >> text=/aiana-context-\\d+-tokens\\.md/",
    { timeout: 60_000 },
  );
  assert.ok(Number((await chip.textContent()).match(/(\d+)-tokens/)[1]) <= 1000);
  await page.waitForSelector(".statusbar-item >> text=/Attached to the chat: about \\d+ tokens/");
});

test("the recall tool keeps to the caller's budget, and names what is wrong with its input", async () => {
  const recall = (input, options) => editor.ask("tool", { name: "aiana_recall", input, ...options });
  const whole = await recall({ query: QUESTION });
  const short = await recall({ query: QUESTION }, { tokenBudget: 700 });
  assert.match(whole, /RESP3/);
  assert.ok(whole.length > 700 && short.length <= 700, `${whole.length}, ${short.length}`);
  assert.match(short, /^<aiana-context/);
  assert.equal(await recall({ query: QUESTION }, { tokenBudget: 20 }), "Nothing relevant is known.");
  await assert.rejects(recall({}), /`query` is missing: give a short question/);
  await assert.rejects(recall({ query: QUESTION, scope: "planet" }), /`scope` must be one of project, all\./);
  await assert.rejects(
    recall({ query: QUESTION, maxTokens: -1 }),
    /`maxTokens` must be a whole number above 0\./,
  );
  await assert.rejects(recall({ query: QUESTION }, { cancel: true }), /Cancel/);
});

test("the remember tool stores after a yes, and nothing after a no", async () => {
  const remember = (content) =>
    editor.ask("tool", { name: "aiana_remember", input: { content, memoryType: "pattern" } });
  const refused = assert.rejects(remember("The port is 80."), /Cancel/);
  await page.waitForSelector(".monaco-dialog-box >> text=The port is 80.");
  await page.click(".monaco-dialog-box .monaco-button >> text=Cancel");
  await refused;
  const stored = remember(`The port is 8080, the key ${SECRET}.`);
  await page.click(".monaco-dialog-box .monaco-button >> text=Yes");
  assert.match(
    await stored,
    /^Remembered as aiana:\/\/\/memory\/[\w-]+\. 1 secret was taken out before it was stored\.$/,
  );
  assert.deepEqual(rows("SELECT memory_type FROM memories WHERE content LIKE 'The port is %'"), [
    ["pattern"],
  ]);
  await assert.rejects(remember(" "), /`content` is missing: give one to three sentences\./);
});

test("a server that dies with a memory in its hands stores it once when it is back", async () => {
  const [pid] = serverPids(world);
  process.kill(Number(pid), "SIGSTOP");
  await select(NOTES.late);
  await palette(page, "Aiana: Remember Selection");
  // The palette is closed when the command has been sent; what the server has not read is lost with it.
  await editor.ask("editor");
  process.kill(Number(pid), "SIGKILL");
  await kept(NOTES.late);
  assert.equal(memories(NOTES.late).length, 1);
});

test("while no server can be started the text is kept, and stored when the user tries again", async () => {
  await editor.ask("setting", { key: "aiana.server.command", value: ["/bin/false"] });
  await until(() => serverPids(world).length === 0, 60_000, "the server has stopped");
  await select(NOTES.refused);
  await palette(page, "Aiana: Remember Selection");
  await toast("/^Not stored\\. /");
  assert.deepEqual(memories(NOTES.refused), []);
  await editor.ask("setting", { key: "aiana.server.command", value: undefined });
  await toastButton("Try Again");
  await kept(NOTES.refused);
  assert.equal(memories(NOTES.refused).length, 1);
  await clearToasts();
});

test(
  "an import shows its progress and can be stopped; the next one goes on from there",
  { timeout: 180_000 },
  async () => {
    const total = writeConversations(world, 200, 100);
    await palette(page, "Aiana: Import Sessions");
    const [pid] = serverPids(world);
    // The import is held up on every machine until its progress has been seen.
    const progress = page.locator(".notification-toast", { hasText: /[1-9]\d* %, .*\.jsonl/ });
    await until(
      async () => {
        process.kill(Number(pid), "SIGSTOP");
        if (await progress.isVisible()) {
          return true;
        }
        process.kill(Number(pid), "SIGCONT");
        return false;
      },
      60_000,
      "the progress is shown",
    );
    await toastButton("Cancel");
    process.kill(Number(pid), "SIGCONT");
    await toast("Import stopped. What was read is kept.");
    await clearToasts();
    // The server does one import at a time: the second begins when the first has stopped.
    await palette(page, "Aiana: Import Sessions");
    const outcome = await toast("/\\d+ conversations read, \\d+ new messages\\./", 120_000);
    const added = Number((await outcome.textContent()).match(/(\d+) new messages/)[1]);
    assert.ok(added > 0 && added < total, `${added} of ${total} were left for the second import`);
    assert.deepEqual(rows("SELECT count(*) FROM messages WHERE content LIKE 'many %'"), [[total]]);
    assert.deepEqual(rows("PRAGMA integrity_check"), [["ok"]]);
  },
);
