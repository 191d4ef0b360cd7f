// Keystroke to rendered hits in the panel, and activation: `node bench.mjs FOLDER`, a data folder by fill_store.py.
import { cpSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { Editor, makeWorld, palette, panelFrame, root } from "./harness.mjs";

const KEY_MS = 200;
const filled = process.argv[2];
const world = makeWorld();
cpSync(join(filled, "conversations.db"), join(world.home, "conversations.db"));
const queries = JSON.parse(readFileSync(join(filled, "queries.json"), "utf8")).slice(0, 12);
const editor = new Editor(world);

/** Runs in the panel: the time of each keystroke, and of the first frame with its hits. */
function watch() {
  const input = document.querySelector("#query");
  window.latencies = [];
  window.keys = 0;
  let pressed;
  input.addEventListener("input", () => {
    window.keys++;
    pressed = performance.now();
  }, true);
  new MutationObserver(() => {
    const since = pressed;
    pressed = undefined;
    if (since !== undefined) {
      requestAnimationFrame(() => window.latencies.push(performance.now() - since));
    }
  }).observe(document.querySelector("#results"), { childList: true });
}

const at = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];

try {
  await editor.start();
  const page = await editor.browse();
  await editor.ask("activation", {}, 60_000);
  await palette(page, "Developer: Show Running Extensions");
  const row = ".runtime-extensions-editor .extension:has(.name:text-is('Aiana: memory for your coding assistants'))";
  const activation = await page.locator(`${row} .activation-time`).first().textContent({ timeout: 20_000 });
  await palette(page, "Aiana: Search in Side Panel");
  const panel = await panelFrame(page);
  await panel.click("button[aria-label=Filters]");
  await panel.selectOption("select[aria-label=Project]", "all");
  await panel.fill("#query", "warm up");
  await panel.waitForSelector("li.row", { timeout: 60_000 });
  await page.waitForTimeout(5_000);
  await panel.evaluate(watch);
  await panel.fill("#query", "");
  for (const query of queries) {
    await panel.focus("#query");
    await page.keyboard.press("Control+A");
    await page.keyboard.type(query.slice(0, 30), { delay: KEY_MS });
  }
  await page.waitForTimeout(1_000);
  const { latencies, keys } = await panel.evaluate(() => ({ latencies: window.latencies, keys: window.keys }));
  latencies.sort((a, b) => a - b);
  const bundle = statSync(join(root, "vscode-extension", "dist", "extension.js")).size;
  const vsix = statSync(join(root, "vscode-extension", "aiana.vsix")).size;
  console.log(`keystroke to rendered hits, a key every ${KEY_MS} ms: p50 ${at(latencies, 0.5).toFixed(0)} ms, p95 ${at(latencies, 0.95).toFixed(0)} ms (${latencies.length} of ${keys} keystrokes shown before the next)`);
  console.log(`activation, by VS Code's own count: ${activation}`);
  console.log(`bundle ${(bundle / 1000).toFixed(0)} kB, VSIX ${(vsix / 1000).toFixed(0)} kB`);
} finally {
  await editor.stop();
}
