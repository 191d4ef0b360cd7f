// The server that the VSIX carries, installed after a yes: with uv, and with Python alone.
import assert from "node:assert/strict";
import { cpSync, existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { ask, newChat } from "./chats.mjs";
import {
  Editor,
  found,
  makeWorld,
  palette,
  panelFrame,
  root,
  settled,
  stored,
  until,
  uvFolder,
} from "./harness.mjs";

const LIMIT = { timeout: 500_000 };
/** Where the extension installs it. */
const environment = (editor) => join(editor.user, "User", "globalStorage", "aiana.aiana", "server");
const INSTALLING =
  ".notification-toast >> text=/Creating a Python environment|Installing the server|search by meaning/";
const dialogButton = (label) => `.monaco-dialog-box .monaco-button >> text=${label}`;

async function browse(programs) {
  const editor = new Editor(makeWorld(), {}, programs);
  editor.env.CODEX_HOME = join(editor.world.folder, "codex");
  const sessions = join(root, "tests", "fixtures", "transcripts", "codex-0.171.0");
  cpSync(sessions, join(editor.env.CODEX_HOME, "sessions", "2026", "11", "26"), { recursive: true });
  after(() => editor.stop());
  await editor.start();
  return { editor, page: await editor.browse() };
}

/** Note every dialog and every progress bar of a notification that comes up from now on; returns what tells them. */
async function noting(page) {
  await page.evaluate(() => {
    const seen = { dialogs: new Set(), bars: new Set() };
    const look = () => {
      document.querySelectorAll(".monaco-dialog-box").forEach((box) => seen.dialogs.add(box));
      document
        .querySelectorAll(".notification-toast .monaco-progress-container.active")
        .forEach((bar) => seen.bars.add(bar.closest(".notification-toast")));
    };
    new MutationObserver(look).observe(document.body, { subtree: true, childList: true, attributes: true });
    globalThis.aianaSeen = seen;
  });
  return () =>
    page.evaluate(() => ({
      dialogs: [...globalThis.aianaSeen.dialogs].map(
        (box) => box.getAttribute("aria-label") ?? box.textContent,
      ),
      bars: globalThis.aianaSeen.bars.size,
    }));
}

async function findsByMeaning(editor, page) {
  const panel = await panelFrame(page, 400_000);
  await found(panel, "Fix users being signed out after a deploy");
  // The texts are embedded meanwhile; the sign stands at what only their meaning has found.
  const byMeaning = async () => {
    await panel.fill("#query", "");
    await panel.fill("#query", "why did people get logged out");
    await settled(panel);
    return (await panel.locator("li.row .lane").count()) > 0;
  };
  await until(byMeaning, 60_000, "something is found by its meaning");
  const files = readdirSync(environment(editor), { recursive: true });
  assert.deepEqual(
    files.filter((file) => /site-packages\/(torch|transformers)$/.test(file)),
    [],
  );
}

test(
  "without a server the view offers to install it with uv: one question, one progress bar, and all assistants are read",
  LIMIT,
  async () => {
    const { editor, page } = await browse([uvFolder()]);
    const seen = await noting(page);
    await palette(page, "Aiana: Search in Side Panel");
    await page.click(".welcome-view .monaco-button >> text=Install Aiana", { timeout: 60_000 });
    await page.click(dialogButton("Install"));
    // A second call while the first is at it installs nothing.
    await page.waitForSelector(INSTALLING, { timeout: 60_000 });
    await editor.ask("command", { command: "aiana.installServer" });
    await page.waitForSelector(".notification-toast >> text=Aiana's server is being installed already.");
    await findsByMeaning(editor, page);
    const sources = () => stored(editor.world, "SELECT DISTINCT source FROM sessions ORDER BY source").flat();
    await until(() => sources().join() === "claude-code,codex", 60_000, "both assistants are read");
    const { dialogs, bars } = await seen();
    assert.deepEqual([dialogs.length, bars], [1, 1], dialogs.join());
    assert.match(dialogs[0], /Install Aiana's server\?/);
  },
);

test(
  "without a server @aiana offers to install it with venv and pip: nothing after a no, after a yes all of it",
  LIMIT,
  async () => {
    const { editor, page } = await browse([]);
    await until(() => editor.ask("models").then(([name]) => name === "Echo"), 90_000, "the model is there");
    await newChat(editor, page);
    const response = await ask(editor, page, "@aiana why did we pin the redis client?");
    await response.getByText("Aiana's server was not found on this machine.").waitFor();
    const install = response.locator(".monaco-button", { hasText: "Install Server" });
    await install.click();
    await page.click(dialogButton("Cancel"));
    assert.equal(existsSync(environment(editor)), false);
    await install.click();
    await page.click(dialogButton("Install"));
    await palette(page, "Aiana: Search in Side Panel");
    await findsByMeaning(editor, page);
    assert.equal(existsSync(environment(editor)), true);
  },
);
