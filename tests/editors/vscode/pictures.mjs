// Takes the pictures of the READMEs, the documentation and the walkthrough: `node pictures.mjs [NAME...]`, all or those.
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { writeAgents } from "./conversations.mjs";
import { Editor, makeWorld, openPanel, palette, programs, root, settled } from "./harness.mjs";
import { StandIn } from "./standin.mjs";

const THEMES = {
  light: "Default Light Modern",
  dark: "Default Dark Modern",
  "high-contrast": "Default High Contrast",
  "high-contrast-light": "Default High Contrast Light",
};
const documentation = join(root, "docs", "images");
const media = join(root, "vscode-extension", "media");

const names = process.argv.slice(2);
const isWanted = (name) => !names.length || names.includes(name);

/** The side bar of a window alone, for the walkthrough. */
async function viewOf(page, name, height) {
  if (!isWanted(name)) {
    return;
  }
  const box = await page.locator(".part.sidebar").boundingBox();
  await page.screenshot({ path: join(media, "walkthrough", `${name}.png`), clip: { ...box, height } });
}

/** The first and the last step of the walkthrough: no server is there yet, and a memory is kept. */
async function firstAndLastStep(page, editor, name) {
  await editor.ask("setting", { key: "workbench.colorTheme", value: THEMES[name] });
  await page.waitForTimeout(1_500);
  await viewOf(page, `server-${name}`, 300);
  await palette(page, "Aiana: Remember…");
  await page.fill(".quick-input-widget input.input", "Integration tests need make services before they run");
  await page.keyboard.press("Enter");
  await page.waitForSelector(".quick-input-titlebar >> text=Remember (2/3)");
  const clip = await page.locator(".quick-input-widget").boundingBox();
  if (isWanted(`remember-${name}`)) {
    await page.screenshot({ path: join(media, "walkthrough", `remember-${name}.png`), clip });
  }
  await page.keyboard.press("Escape");
}

/** Draw the side bar as wide as that. */
async function widen(page, width) {
  const sash = await page.locator(".monaco-sash.vertical:not(.disabled)").first().boundingBox();
  const bar = await page.locator(".part.sidebar").boundingBox();
  await page.mouse.move(sash.x + 2, sash.y + 300);
  await page.mouse.down();
  await page.mouse.move(bar.x + width, sash.y + 300, { steps: 8 });
  await page.mouse.up();
}

/** The tree, unfolded to a conversation and its menu, and to one with sub-agents. */
async function theTree(page, editor, picture) {
  writeAgents(editor.world);
  await widen(page, 370);
  const row = (text) => page.locator(".pane-body .monaco-list-row[role=treeitem]").filter({ hasText: text });
  const unfold = async (text) => {
    await row(text).first().waitFor();
    if ((await row(text).first().getAttribute("aria-expanded")) === "false") {
      await page.mouse.move(0, 0);
      await row(text).first().click();
      await page.locator(".monaco-list-row[aria-expanded=true]").filter({ hasText: text }).first().waitFor();
    }
  };
  await palette(page, "Aiana: Focus on Library View");
  await page.locator(".pane-header[aria-expanded=true]", { hasText: "Memories" }).click();
  for (const text of [/^Memories/, /^Insight/, /^shop/, /^Feb 3, 2026/]) {
    await unfold(text);
  }
  await row("rounds a price").waitFor();
  await row("rounds a price").click();
  await page.keyboard.press("ArrowRight");
  await unfold(/^Jan 12, 2026/);
  await row("Fix users being signed out").click();
  await page.waitForSelector(".tab.active >> text=Fix users being signed out");
  await row("Fix users being signed out").click({ button: "right" });
  await page.locator(".monaco-menu .action-item", { hasText: "Resume" }).waitFor();
  await picture("tree", { clip: { x: 46, y: 30, width: 930, height: 640 } });
  await page.keyboard.press("Escape");
}

const bare = new Editor(makeWorld(), { "window.commandCenter": false }, []);
try {
  await bare.start();
  const page = await bare.browse({ width: 1180, height: 720 });
  await palette(page, "Aiana: Search in Side Panel");
  await page.waitForSelector(".welcome-view .monaco-button >> text=Install Aiana", { timeout: 60_000 });
  await firstAndLastStep(page, bare, "dark");
  await firstAndLastStep(page, bare, "light");
} finally {
  await bare.stop();
}

const world = makeWorld();
const claude = new StandIn(world);
claude.write();
const settings = {
  "workbench.colorTheme": THEMES.dark,
  "editor.minimap.enabled": false,
  "window.commandCenter": false,
};
const editor = new Editor(world, settings, [claude.bin, programs]);

try {
  await editor.start();
  const page = await editor.browse({ width: 1180, height: 720 });
  const picture = async (name, options) => {
    if (!isWanted(name)) {
      return;
    }
    await page.waitForTimeout(1_500);
    await page.screenshot({ path: join(documentation, `vscode-${name}.png`), ...options });
  };
  /** The side bar alone. */
  const view = (name, height = 480) => viewOf(page, name, height);
  const panel = await openPanel(page);
  await panel.waitForSelector("h2 >> text=Recent Conversations", { timeout: 30_000 });
  for (const name of ["light", "dark"]) {
    await editor.ask("setting", { key: "workbench.colorTheme", value: THEMES[name] });
    await page.waitForTimeout(1_500);
    await view(`import-${name}`, 420);
  }
  await editor.ask("select", {
    file: `${world.shop}/notes.md`,
    needle: "Integration tests need make services before they run.",
  });
  await editor.ask("command", { command: "aiana.rememberSelection" });
  await panel.waitForSelector("h2 >> text=Memories", { timeout: 20_000 });
  await picture("panel-home");
  await panel.fill("#query", "why did people get logged out");
  await panel.waitForSelector("li.row .lane", { timeout: 20_000 });
  await settled(panel);
  await panel.press("#query", "Enter");
  await page.waitForSelector(".tab.active >> text=Fix users being signed out");
  await panel.hover("li.row >> nth=1");
  await picture("panel-dark");
  await view("panel-dark");
  for (const name of ["light", "high-contrast", "high-contrast-light"]) {
    await editor.ask("setting", { key: "workbench.colorTheme", value: THEMES[name] });
    await picture(`panel-${name}`);
    await view(`panel-${name}`);
  }
  await editor.ask("setting", { key: "workbench.colorTheme", value: THEMES.dark });
  await panel.click("button[aria-controls=filters]");
  await panel.click("button[aria-label='Group by Conversation']");
  await panel.focus("button.main");
  await widen(page, 170);
  await picture("panel-narrow");
  await palette(page, "Aiana: Search Memories");
  await page.waitForSelector(".quick-input-titlebar >> text=Search memories of shop");
  await page.keyboard.type("redis client", { delay: 30 });
  await picture("quick-search");
  await page.keyboard.press("Escape");
  await theTree(page, editor, picture);
  await editor.ask("models");
  await editor.ask("command", {
    command: "workbench.action.chat.open",
    args: [{ mode: "ask", query: "@aiana /recall why did we pin the redis client?" }],
  });
  await page.waitForSelector(".interactive-response", { timeout: 20_000 });
  await picture("chat");
  for (const name of ["chat", "panel-dark", "tree"]) {
    copyFileSync(join(documentation, `vscode-${name}.png`), join(media, `${name}.png`));
  }
} finally {
  await editor.stop();
}
