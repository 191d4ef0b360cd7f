// The tree of what is remembered, and the page of the archive, in the real VS Code with the real server.
import assert from "node:assert/strict";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { chooseFromMenu, Editor, makeWorld, palette, shareWindow, stored, until } from "./harness.mjs";

const SIGNED_OUT = "Fix users being signed out after a deploy";
const NOTE = "Integration tests need make services before they run.";

const world = makeWorld();
const editor = new Editor(world);
let page;

shareWindow(editor, {
  first() {
    // One transcript has a line that is no record, and one will be gone.
    const folder = join(world.claude, "projects", "sample");
    const line = (session, uuid, content) =>
      `${JSON.stringify({
        type: "user",
        uuid,
        sessionId: session,
        cwd: world.shop,
        timestamp: "2026-02-20T10:00:00.000Z",
        message: { role: "user", content },
      })}\n`;
    writeFileSync(join(folder, "lost.jsonl"), line("lost", "l1", "Rename the cart to basket"));
    writeFileSync(join(folder, "torn.jsonl"), `${line("torn", "t1", "Split the invoice")}{not json\n`);
  },
  async then(window) {
    page = window;
    await palette(page, "Aiana: Focus on Library View");
    await row(/^Conversations/).waitFor({ timeout: 60_000 });
    // Rows that are out of sight are not drawn: the tree gets the room of the search.
    await page.locator(".pane-header[aria-expanded=true]", { hasText: "Memories" }).click();
    await page.locator(".pane-header[aria-expanded=false]", { hasText: "Memories" }).waitFor();
  },
});

const rows = () => page.locator(".pane-body .monaco-list-row[role=treeitem]");
const row = (text) => rows().filter({ hasText: text });

/** Open a row that may be closed. */
async function unfold(text) {
  const unfolded = async () => {
    if ((await row(text).getAttribute("aria-expanded")) === "true") {
      return true;
    }
    await row(text).click({ timeout: 1_000 });
    return (await row(text).getAttribute("aria-expanded")) === "true";
  };
  await until(unfolded, 60_000, `${text} is open`);
}

async function choose(text, action) {
  await row(text).click({ button: "right" });
  await chooseFromMenu(page, action);
}

const remember = async () => {
  await editor.ask("select", { file: `${world.shop}/notes.md`, needle: NOTE });
  await editor.ask("command", { command: "aiana.rememberSelection" });
};

test("conversations stand under their project and day, and open from the keyboard", async () => {
  await unfold(/^shop/);
  await row(SIGNED_OUT)
    .or(row(/^Jan 12, 2026/))
    .first()
    .waitFor();
  await unfold(/^Jan 12, 2026/);
  await row(SIGNED_OUT).waitFor();
  await row(/^Jan 12, 2026/).click();
  await unfold(/^Jan 12, 2026/);
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  const open = async () => {
    const now = await editor.ask("editor");
    return now?.uri.startsWith("aiana:/session/") && now.text.startsWith(`# ${SIGNED_OUT}`);
  };
  await until(open, 60_000, "the conversation is open");
});

test("what is new comes in, and what was open and selected stays so", async () => {
  await row(SIGNED_OUT).click();
  await remember();
  await row(/^Memories/).waitFor();
  assert.equal(await row(SIGNED_OUT).getAttribute("aria-selected"), "true");
  await unfold(/^Memories/);
  await unfold(/^Insight/);
  await row(NOTE).waitFor();
});

test("a memory is pinned, unpinned, forgotten with undo, and forgotten by the Delete key", async () => {
  const tags = () => stored(world, "SELECT tags FROM memories");
  await choose(NOTE, "Pin or Unpin");
  await row(/^Pinned/).waitFor();
  assert.deepEqual(tags(), [['["pinned"]']]);
  await row(NOTE).first().click({ button: "right" });
  await chooseFromMenu(page, "Pin or Unpin");
  await row(/^Pinned/).waitFor({ state: "detached" });
  await choose(NOTE, "Forget");
  await row(NOTE).waitFor({ state: "detached" });
  await page.click(".notification-toast .monaco-button >> text=Undo");
  await unfold(/^Memories/);
  await unfold(/^Insight/);
  await row(NOTE).waitFor();
  await row(NOTE).click();
  await page.keyboard.press("Escape");
  await row(NOTE).click();
  await page.keyboard.press("Delete");
  await until(() => tags().length === 0, 60_000, "it is forgotten");
  await row(NOTE).waitFor({ state: "detached" });
});

/** The frame of the page of the archive. */
function archive(selector) {
  const look = async () => {
    for (const frame of page.frames()) {
      if (await frame.$(selector)) {
        return frame;
      }
    }
    return undefined;
  };
  return until(look, 60_000, `“${selector}” is there`);
}

test("the archive counts what is on disk, stored, lost and not understood, and its numbers open", async () => {
  const folder = join(world.claude, "projects", "sample");
  rmSync(join(folder, "lost.jsonl"));
  await palette(page, "Aiana: Show Archive");
  const frame = await archive("a.recovered");
  const cells = await frame.$$eval("tbody tr:first-child > *", (all) => all.map((cell) => cell.textContent));
  const files = readdirSync(folder).filter((name) => name.endsWith(".jsonl")).length;
  assert.deepEqual(cells.slice(0, 3), ["Claude Code", String(files), String(files + 1)]);
  assert.deepEqual(cells.slice(3, 7), ["0", cells[4], "1", "1"]);
  if (process.env.AIANA_TEST_PICTURES) {
    for (const theme of ["Default Light Modern", "Default Dark Modern"]) {
      await editor.ask("setting", { key: "workbench.colorTheme", value: theme });
      await page.waitForTimeout(1_500);
      await page.screenshot({ path: join(process.env.AIANA_TEST_PICTURES, `archive-${theme}.png`) });
    }
  }
  await frame.click("a.recovered");
  const lost = await archive("main li span");
  assert.equal(await lost.textContent("main li span"), join(folder, "lost.jsonl"));
  await lost.click("text=All Assistants");
  await (await archive("a.lines")).click("a.lines");
  const torn = join(folder, "torn.jsonl");
  const listed = await archive(`main li a:text-is("${torn}")`);
  assert.match(await listed.textContent("main li p"), /^line 2: /);
  await listed.click("main li a");
  const at = async () => {
    const now = await editor.ask("editor");
    return now?.uri === `file://${torn}` && now.line === 1 && now.text === readFileSync(torn, "utf8");
  };
  await until(at, 60_000, "the transcript is open at the line");
});
