// The tree of what is remembered, and the page of the archive, in the real VS Code with the real server.
import assert from "node:assert/strict";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { writeAgents, writeConversations } from "./conversations.mjs";
import {
  chooseFromMenu,
  Editor,
  makeWorld,
  palette,
  pickFrom,
  programs,
  shareWindow,
  stored,
  until,
} from "./harness.mjs";
import { StandIn } from "./standin.mjs";

const SIGNED_OUT = "Fix users being signed out after a deploy";
const ROUNDING = "Find every place that rounds a price";
const LOST = "Rename the cart to basket";
const NOTE = "Integration tests need make services before they run.";

const world = makeWorld();
const claude = new StandIn(world);
const editor = new Editor(world, {}, [claude.bin, programs]);
let page;

shareWindow(editor, {
  first() {
    claude.write();
    writeAgents(world);
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
    writeFileSync(join(folder, "lost.jsonl"), line("lost", "l1", LOST));
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
    // What a row tells when it is pointed at lies over those below it.
    await page.mouse.move(0, 0);
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

/** The document that is open, once it is the one that is meant. */
function opened(check, what) {
  const look = async () => {
    const now = await editor.ask("editor");
    return now && check(now) && now;
  };
  return until(look, 60_000, what);
}

const clipboard = (check) =>
  until(async () => check(await editor.ask("clipboard")), 60_000, "it is in the clipboard");

/** Choose Resume where that cannot be: what is said of it. */
async function refused(text, reason) {
  await choose(text, "Resume");
  const said = page.locator(".notification-toast", { hasText: reason });
  await said.waitFor();
  return said;
}

async function dismiss(said) {
  await editor.ask("command", { command: "notifications.clearAll" });
  await said.waitFor({ state: "detached" });
}

test("a conversation is resumed from its row, by menu, button and keyboard", async () => {
  await choose(SIGNED_OUT, "Resume");
  const call = await claude.lastCall();
  assert.match(call.args.join(" "), /^--resume [0-9a-f-]{36}$/);
  assert.equal(call.cwd, world.shop);
  await page.waitForSelector(".terminal-wrapper.active");
  await row(SIGNED_OUT).hover();
  await row(SIGNED_OUT).getByRole("button", { name: "Resume", exact: true }).click();
  assert.deepEqual(await claude.lastCall(), call);
  await row(SIGNED_OUT).click();
  await page.keyboard.press("Shift+F10");
  const focused = page.locator(".monaco-menu .action-item.focused");
  await page.locator(".monaco-menu .action-item").first().waitFor();
  const isAt = async () => {
    if ((await focused.count()) && (await focused.innerText()).trim() === "Resume") {
      return true;
    }
    await page.keyboard.press("ArrowDown");
    return false;
  };
  await until(isAt, 60_000, "the arrows have reached it");
  await page.keyboard.press("Enter");
  assert.deepEqual(await claude.lastCall(), call);
  await editor.ask("command", { command: "workbench.action.closePanel" });
});

test("a row whose folder, transcript or assistant is gone says so, and goes on in a new session", async () => {
  const infra = join(world.folder, "infra");
  await unfold(/^infra/);
  const uv = row("CI spends three minutes").or(row(/uv/)).first();
  await uv.waitFor();
  const title = (await uv.locator(".monaco-icon-label .label-name").innerText()).trim();
  await row(title).hover();
  await page
    .locator(".monaco-hover", { hasText: `Cannot be resumed: The folder ${infra} is gone.` })
    .waitFor();
  await dismiss(await refused(title, `The folder ${infra} is gone.`));
  await row(/^infra/).click();

  const lost = join(world.claude, "projects", "sample", "lost.jsonl");
  rmSync(lost);
  const said = await refused(LOST, `Claude Code has not kept it: ${lost} is gone.`);
  await said.locator(".monaco-button >> text=Continue in a New Session…").click();
  await editor.ask("clipboard", { text: "" });
  await pickFrom(page, "New session in Claude Code");
  const call = await claude.lastCall();
  assert.deepEqual(call, { args: [], cwd: world.shop });
  await clipboard((text) => text.startsWith("<aiana-context") && text.includes(LOST));

  claude.remove();
  await dismiss(await refused(SIGNED_OUT, "`claude` is not on the PATH."));
  claude.write();
  await editor.ask("command", { command: "workbench.action.closePanel" });
});

test("a conversation is handed over and shared from its row", async () => {
  await editor.ask("clipboard", { text: "" });
  await choose(SIGNED_OUT, "Hand Over…");
  await pickFrom(page, "Clipboard");
  await clipboard((text) => text.includes("Since yesterday's deploy customers"));
  await choose(SIGNED_OUT, "Share…");
  await pickFrom(page, "Markdown");
  const shared = ({ uri, text }) => uri.startsWith("aiana:/share/") && text.includes(`# ${SIGNED_OUT}`);
  await opened(shared, "the preview is open");
  await editor.ask("command", { command: "workbench.action.closeActiveEditor" });
});

test("sub-agents stand under their conversation, and open as documents of their own", async () => {
  await unfold(/^Feb 3, 2026/);
  await row(ROUNDING).waitFor();
  await row(ROUNDING).click();
  await page.keyboard.press("ArrowRight");
  const agents = ["cart", "invoice"].map((place) => `Look for rounding in the ${place}`);
  for (const text of agents) {
    await row(text).waitFor();
    const level = async (of) => Number(await row(of).getAttribute("aria-level"));
    assert.equal(await level(text), (await level(ROUNDING)) + 1);
  }
  await row(agents[1]).click();
  await page.keyboard.press("Enter");
  const own = ({ uri, text }) => uri.includes("/agent-b2/") && text.startsWith(`# ${agents[1]}`);
  const { text } = await opened(own, "the sub-agent's document is open");
  assert.ok(text.includes("The invoice rounds half up."));
  assert.ok(!text.includes("Two agents have looked"));
  await dismiss(await refused(agents[1], "It is a sub-agent's: resume its session"));
  await row(/^Feb 3, 2026/).click();
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
  await palette(page, "Aiana: Show Archive");
  const frame = await archive("a.recovered");
  const cells = await frame.$$eval("tbody tr:first-child > *", (all) => all.map((cell) => cell.textContent));
  const files = readdirSync(folder, { recursive: true }).filter((name) => name.endsWith(".jsonl")).length;
  assert.deepEqual(cells.slice(0, 3), ["Claude Code", String(files), String(files + 1)]);
  assert.deepEqual(cells.slice(3, 7), ["0", cells[4], "1", "1"]);
  if (process.env.AIANA_TEST_PICTURES) {
    for (const theme of ["Default Light Modern", "Default Dark Modern"]) {
      await editor.ask("setting", { key: "workbench.colorTheme", value: theme });
      await page.waitForTimeout(1_500);
      await page.screenshot({ path: join(process.env.AIANA_TEST_PICTURES, `archive-${theme}.png`) });
    }
  }
  const size = page.viewportSize();
  await page.setViewportSize({ width: 1060, height: size.height });
  const fits = () => frame.$eval(".wide", ({ scrollWidth, clientWidth }) => scrollWidth <= clientWidth);
  await until(fits, 60_000, "all its columns are seen in a narrow window");
  await page.setViewportSize(size);
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

test("a list is read on by its last row, from the keyboard", async () => {
  const many = 60;
  writeConversations(world, many, 1);
  await row(/^shop/).click();
  await unfold(/^elsewhere/);
  const day = row(/^Feb 3, 2026/);
  const conversations = (count) =>
    until(
      async () => (await row(/^many/).first().getAttribute("aria-setsize")) === String(count),
      60_000,
      `${count} conversations stand under their day`,
    );
  await until(
    () => stored(world, "SELECT count(*) FROM sessions WHERE id LIKE '00000000-%'")[0][0] === many,
    60_000,
    "they are captured",
  );
  await unfold(/^Feb 3, 2026/);
  await conversations(50);
  await day.click();
  await row("More…").waitFor();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await row("More…").waitFor({ state: "detached" });
  await unfold(/^Feb 3, 2026/);
  await conversations(many);
});
