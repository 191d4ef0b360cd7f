// What is asked about a place in a file, an error and a terminal's output, in the real VS Code with the real server.
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { writeFix } from "./conversations.mjs";
import { chooseFromMenu, Editor, makeWorld, openPanel, palette, shareWindow, until } from "./harness.mjs";

const SIGNED_OUT = "Fix users being signed out after a deploy";
const ERROR = "src/cart.ts(41,7): error TS2304: Cannot find name 'sum'.";
const FIXED = "Make the build pass again";

const world = makeWorld();
const editor = new Editor(world);
const written = "await store.supersede(current.id, { graceSeconds: 30 })";
const file = join(world.shop, "src", "auth", "session.ts");
let page;

shareWindow(editor, {
  first() {
    writeFix(world, "npx tsc", ERROR, "src/cart.ts");
    mkdirSync(join(world.shop, "src", "auth"), { recursive: true });
    writeFileSync(file, `export async function refresh() {\n  ${written}\n}\nrefresh(total);\n`);
  },
  async then(window) {
    page = window;
    await openPanel(page);
  },
});

const entry = (text) => page.locator(".quick-input-list .monaco-list-row", { hasText: text });

/** The list that is open has this entry alone; Enter opens it. */
async function opens(text, what, title) {
  await entry(text).waitFor();
  assert.equal(await page.locator(".quick-input-list .monaco-list-row").count(), 1);
  assert.match(await entry(text).innerText(), what);
  await page.keyboard.press("Enter");
  const open = async () => {
    const now = await editor.ask("editor");
    return now?.uri.startsWith("aiana:/session/") && now.text.startsWith(`# ${title}`) && now;
  };
  return until(open, 60_000, "the conversation is open");
}

test("a line is asked why it is so, and the turn that wrote it opens", async () => {
  await editor.ask("select", { file, needle: written });
  await palette(page, "Aiana: Why Is This Line So?");
  await opens("edited here", new RegExp(SIGNED_OUT), SIGNED_OUT);
});

test("a hover tells who wrote the line, once that is turned on", async () => {
  const hover = async (needle) => {
    const told = await editor.ask("hovers", { file, needle });
    return told.filter((text) => text.includes("Aiana:"));
  };
  assert.deepEqual(await hover(written), []);
  await editor.ask("setting", { key: "aiana.hover", value: true });
  await until(async () => (await hover(written)).length === 1, 60_000, "it is told");
  assert.deepEqual(await hover("refresh(total)"), []);
  await editor.ask("select", { file, needle: written });
  await editor.ask("command", { command: "editor.action.showHover" });
  const told = page.locator(".monaco-hover-content", { hasText: /Aiana: edited here · claude-code/ });
  await told.waitFor();
  assert.match(await told.innerText(), /keep the theft detection, but don't kick people out/);
});

/** The answer about the error, and the turn in which it stood. */
async function isTold() {
  const { text, line } = await opens("cart.ts", /Cannot find name 'sum'[^]*npx tsc/, FIXED);
  assert.ok(text.split("\n").slice(line).join("\n").includes(ERROR));
}

test("what fixed the problem at the cursor is told, also as an action on it", async () => {
  const problem = { message: "Cannot find name 'total'.", code: 2304 };
  await editor.ask("select", { file, needle: "" });
  await editor.ask("diagnose", { file, needle: "total", ...problem });
  await editor.ask("select", { file, needle: "total", atStart: true });
  await palette(page, "Aiana: What Fixed This Error?");
  await isTold();
  await editor.ask("select", { file, needle: "total", atStart: true });
  const action = page.locator(".action-widget .action", { hasText: "What fixed this error?" });
  await until(
    async () => {
      await editor.ask("command", { command: "editor.action.quickFix" });
      await action.waitFor({ timeout: 5_000 });
      return true;
    },
    60_000,
    "the action is offered",
  );
  await action.click();
  await isTold();
});

test("what fixed a selected or copied message is told, and nothing that is not sure", async () => {
  const log = join(world.shop, "build.log");
  writeFileSync(log, `${ERROR.replace("'sum'", "'price'")}\nerror TS9999: Nobody ever saw such a thing.\n`);
  await editor.ask("select", { file: log, needle: ERROR.replace("'sum'", "'price'") });
  await palette(page, "Aiana: What Fixed This Error?");
  await isTold();
  await editor.ask("select", { file: log, needle: "error TS9999: Nobody ever saw such a thing." });
  await palette(page, "Aiana: What Fixed This Error?");
  const nothing = "No session is surely known in which this error went away.";
  await page.locator(".notification-toast", { hasText: nothing }).waitFor();
  await editor.ask("command", { command: "notifications.clearAll" });
  await editor.ask("clipboard", { text: `$ npx tsc\n${ERROR}\n` });
  await editor.ask("select", { file: log, needle: "" });
  await palette(page, "Aiana: What Fixed This Error?");
  await page.click(".notification-toast .monaco-button >> text=Look for It");
  await isTold();
});

test("what fixed the error that is selected in the terminal is told", async () => {
  writeFileSync(join(world.shop, "error.txt"), `${ERROR}\n`);
  await editor.ask("command", { command: "workbench.action.terminal.new" });
  await page.waitForSelector(".terminal-wrapper.active .xterm-screen");
  await page.keyboard.type("clear; cat error.txt");
  await page.keyboard.press("Enter");
  const line = page.locator(".terminal-wrapper.active .xterm-rows > div", { hasText: "error TS2304" }).last();
  /** The third click of a row selects it, once the terminal has it. */
  const selected = async () => {
    const { x, y, height } = await line.boundingBox({ timeout: 2_000 });
    await page.mouse.click(x + 12, y + height / 2, { clickCount: 3 });
    await editor.ask("command", { command: "workbench.action.terminal.copySelection" });
    return (await editor.ask("clipboard")).trim() === ERROR && [x + 12, y + height / 2];
  };
  const place = await until(selected, 60_000, "the error is selected");
  await editor.ask("clipboard", { text: "mine" });
  await page.mouse.click(...place, { button: "right" });
  await chooseFromMenu(page, "What Fixed the Error in the Terminal?");
  await isTold();
  assert.equal(await editor.ask("clipboard"), "mine");
  await editor.ask("command", { command: "workbench.action.terminal.kill" });
});
