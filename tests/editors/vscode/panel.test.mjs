// The packed extension in the real VS Code, with the real server on imported sample sessions.
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Editor, found, makeWorld, openPanel, palette, settled, shareWindow, until } from "./harness.mjs";
import { serverPids } from "./processes.mjs";

const QUESTION = "why did people get logged out";
const RIGHT_SESSION = "Fix users being signed out after a deploy";

const world = makeWorld();
const editor = new Editor(world);
let page;
let panel;

shareWindow(editor, {
  then(window) {
    page = window;
  },
});

async function type(text, frame = panel) {
  await frame.fill("#query", text);
}

test("nothing runs before it is asked for", async () => {
  const { wasActive } = await editor.ask("activation", {}, 60_000);
  assert.equal(wasActive, false);
  assert.deepEqual(serverPids(world), []);
});

test("conversations on this machine appear by themselves, and an import shows its outcome", async () => {
  panel = await openPanel(page);
  await panel.waitForSelector("h2 >> text=Recent Conversations", { timeout: 60_000 });
  await palette(page, "Aiana: Import Sessions");
  await page.waitForSelector(".notification-toast >> text=/\\d conversations read, \\d+ new messages\\./", {
    timeout: 60_000,
  });
});

test("typing shows the right hit first, and Enter opens the session at that turn", async () => {
  await type(QUESTION);
  await panel.waitForSelector("li.row mark", { timeout: 60_000 });
  const [first] = await settled(panel);
  await panel.press("#query", "Enter");
  const opened = await until(
    async () => {
      const active = await editor.ask("editor");
      return active?.uri.startsWith("aiana:/session/") && active.line > 0 && active;
    },
    60_000,
    "the session opens at a turn",
  );
  assert.match(opened.uri, new RegExp(RIGHT_SESSION));
  const turn = opened.text.split("\n").slice(opened.line).join("\n");
  assert.match(turn.split("\n")[0], /^## (User|Assistant) · 2026-01-12 /);
  assert.ok(turn.split("\n## ")[0].includes(first.slice(0, 40)));
});

test("only the open project is searched, until all are asked for", async () => {
  await type("uv lock python packages");
  assert.ok(!(await settled(panel)).some((row) => row.includes("uv sync")));
  await panel.click("button[aria-controls=filters]");
  await panel.selectOption("select[aria-label=Project]", "all");
  await found(panel, "uv sync");
  await panel.selectOption("select[aria-label=Project]", "project");
  await panel.click("button[aria-controls=filters]");
});

test("in a side bar of 200 pixels nothing is cut off, and what has the focus shows it below the pointer too", async () => {
  const sash = await page.locator(".monaco-sash.vertical:not(.disabled)").first().boundingBox();
  const bar = await page.locator(".part.sidebar").boundingBox();
  await page.mouse.move(sash.x + 2, 300);
  await page.mouse.down();
  await page.mouse.move(bar.x + 200, 300, { steps: 10 });
  await page.mouse.up();
  await until(() => panel.evaluate(() => innerWidth < 230), 60_000, "the side bar is narrow");
  await type(QUESTION);
  await settled(panel);
  await panel.click("button[aria-controls=filters]");
  assert.ok(await panel.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
  await panel.focus("#query");
  const names = [];
  // As many as there are before those of the second hit.
  for (let step = 0; step < 12; step++) {
    await page.keyboard.press("Tab");
    await panel.locator(":focus").hover();
    const { name, outline } = await panel.locator(":focus").evaluate((control) => {
      const { outlineStyle, outlineWidth, outlineColor } = getComputedStyle(control);
      const label = control.getAttribute("aria-label") ?? control.className;
      return { name: label, outline: [outlineStyle, parseFloat(outlineWidth) > 0, outlineColor] };
    });
    names.push(name);
    assert.deepEqual(outline.slice(0, 2), ["solid", true], name);
    assert.doesNotMatch(outline[2], /, 0\)$/, name);
  }
  assert.deepEqual(names.slice(0, 7), [
    "Clear",
    "Group by Conversation",
    "Filters",
    "Project",
    "Assistant",
    "Type",
    "Time",
  ]);
  await panel.click("button[aria-controls=filters]");
});

test("a server that is killed under load, and again while it starts, comes back", async () => {
  const [pid] = serverPids(world);
  assert.ok(pid);
  const typing = (async () => {
    for (const word of QUESTION.split(" ")) {
      await type(word);
    }
  })();
  process.kill(Number(pid), "SIGKILL");
  await typing;
  const next = await until(() => serverPids(world).find((each) => each !== pid), 60_000, "a new server runs");
  process.kill(Number(next), "SIGKILL");
  const isNew = (each) => each !== pid && each !== next;
  await until(() => serverPids(world).some(isNew), 60_000, "another server runs");
  await type(QUESTION);
  await found(panel, "customers are signed out");
});

test("two windows work on the same memory", async () => {
  const second = await editor.browse();
  const other = await openPanel(second);
  await type("unrelated type:memory", other);
  assert.deepEqual(await settled(other), []);
  await editor.ask("select", { file: `${world.shop}/notes.md`, needle: "The token is unrelated." });
  await editor.ask("command", { command: "aiana.rememberSelection" });
  await found(other, "The token is unrelated.");
  await until(() => serverPids(world).length === 2, 60_000, "each window has a server");
  await second.context().close();
});

test("a folder that is on no disk has all projects searched", async () => {
  const workspace = join(world.folder, "virtual.code-workspace");
  writeFileSync(workspace, JSON.stringify({ folders: [{ uri: "virtual:/" }] }));
  const window = await editor.browse(undefined, `workspace=${workspace}`);
  await window.waitForSelector(".explorer-folders-view >> text=read.me", { timeout: 60_000 });
  const frame = await openPanel(window);
  await frame.waitForSelector('#query[placeholder="Search all projects"]', { timeout: 60_000 });
  await type("uv lock python packages", frame);
  await found(frame, "uv sync");
  await window.context().close();
});

test("in Restricted Mode searching works", async () => {
  const restricted = new Editor(world, {
    "security.workspace.trust.enabled": true,
    "security.workspace.trust.startupPrompt": "never",
  });
  try {
    await restricted.start();
    const window = await restricted.browse();
    await window.waitForSelector(".statusbar-item >> text=Restricted Mode");
    const frame = await openPanel(window);
    await type(QUESTION, frame);
    await found(frame, "customers are signed out");
  } finally {
    await restricted.stop();
  }
});

test("of several folders the one that is worked in is searched", async () => {
  const infra = join(world.folder, "infra");
  mkdirSync(infra, { recursive: true });
  writeFileSync(join(infra, "deploy.sh"), "echo deploy\n");
  const workspace = join(world.folder, "both.code-workspace");
  writeFileSync(workspace, JSON.stringify({ folders: [{ path: world.shop }, { path: infra }] }));
  const several = new Editor(world);
  try {
    await several.start();
    const window = await several.browse(undefined, `workspace=${workspace}`);
    const frame = await openPanel(window);
    const placeholder = (project) =>
      frame.waitForSelector(`#query[placeholder="Search ${project}"]`, { timeout: 60_000 });
    await placeholder("shop");
    await type("uv lock python packages", frame);
    assert.ok(!(await settled(frame)).some((row) => row.includes("uv sync")));
    await several.ask("select", { file: join(infra, "deploy.sh"), needle: "deploy" });
    await placeholder("infra");
    await found(frame, "uv sync");
    await type(QUESTION, frame);
    assert.ok(!(await settled(frame)).some((row) => row.includes("customers are signed out")));
    await type("uv lock python packages", frame);
    await found(frame, "uv sync");
    await frame.press("#query", "Enter");
    await until(
      async () => (await several.ask("editor")).uri.startsWith("aiana:/session/"),
      60_000,
      "the session opens",
    );
    await placeholder("infra");
    await several.ask("select", { file: join(world.shop, "notes.md"), needle: "token" });
    await placeholder("shop");
  } finally {
    await several.stop();
  }
});
