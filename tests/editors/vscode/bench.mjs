// Keystroke to rendered hits in the panel, and activation: `node bench.mjs FOLDER`, a data folder by fill_store.py.
// Prints one line of JSON, in milliseconds and bytes; tests/benchmarks/vscode.py makes a table of it.
import { cpSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { Editor, makeWorld, palette, panelFrame, root, until, vsix } from "./harness.mjs";

const KEY_MS = 200;
const QUERIES = 12;
const filled = process.argv[2];
const world = makeWorld();
cpSync(join(filled, "conversations.db"), join(world.home, "conversations.db"));
const queries = JSON.parse(readFileSync(join(filled, "queries.json"), "utf8")).slice(0, QUERIES);
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
  }).observe(document.querySelector("#status"), { childList: true, characterData: true, subtree: true });
}

try {
  await editor.start();
  const page = await editor.browse();
  const { ms: activation } = await editor.ask("activation", {}, 60_000);
  await palette(page, "Aiana: Search in Side Panel");
  const panel = await panelFrame(page);
  await panel.click("button[aria-label=Filters]");
  await panel.selectOption("select[aria-label=Project]", "all");
  const settled = () =>
    until(() => panel.$eval("#results", (list) => list.getAttribute("aria-busy") === "false"), 60_000, "the search ends");
  for (const warmUp of ["warm up", "again"]) {
    await panel.fill("#query", warmUp);
    await settled();
  }
  await panel.evaluate(watch);
  for (const query of queries) {
    await panel.focus("#query");
    await page.keyboard.press("Control+A");
    await page.keyboard.type(query.slice(0, 30), { delay: KEY_MS });
  }
  await settled();
  const { latencies, keys } = await panel.evaluate(() => ({ latencies: window.latencies, keys: window.keys }));
  const size = (file) => statSync(file).size;
  const bundle = size(join(root, "vscode-extension", "dist", "extension.js"));
  console.log(JSON.stringify({ activation, latencies, keys, bundle, vsix: size(vsix) }));
} finally {
  await editor.stop();
}
