// Keystroke to hits in the panel, and activation: run by tests/benchmarks/vscode.py, which makes a table of it.
// `node bench.mjs FOLDER` prints JSON, in milliseconds and bytes; the data folder has a `queries.json`.
import { cpSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { Editor, makeWorld, openPanel, palette, root, until, vsix } from "./harness.mjs";

const KEY_MS = 200;
const filled = process.argv[2];
const world = makeWorld();
cpSync(join(filled, "conversations.db"), join(world.home, "conversations.db"));
const queries = JSON.parse(readFileSync(join(filled, "queries.json"), "utf8"));
const editor = new Editor(world);

/** Runs in the panel: from each keystroke to the frame that has its hits in the document, and until it is painted. */
function watch() {
  const input = document.querySelector("#query");
  window.rendered = [];
  window.painted = [];
  window.keys = 0;
  let pressed;
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = ({ data }) => window.painted.push(performance.now() - data);
  input.addEventListener(
    "input",
    () => {
      window.keys++;
      pressed = performance.now();
    },
    true,
  );
  window.addEventListener("message", ({ data }) => {
    if (data.type === "results" && pressed !== undefined) {
      const since = pressed;
      pressed = undefined;
      requestAnimationFrame(() => {
        window.rendered.push(performance.now() - since);
        port2.postMessage(since);
      });
    }
  });
}

/** What VS Code itself counts: loading the code and activating, without what its window is busy with. */
async function activationTime(page) {
  await palette(page, "Developer: Show Running Extensions");
  await page.setViewportSize({ width: 1280, height: 3000 }); // All rows, without scrolling.
  const row = page.locator(".runtime-extensions-editor .monaco-list-row", { hasText: "Aiana: memory" });
  const text = await row.locator(".activation-time").textContent();
  return Number(/(\d+)\s*ms/.exec(text)[1]);
}

try {
  await editor.start();
  const page = await editor.browse();
  const { ms: awaited } = await editor.ask("activation", {}, 60_000);
  const panel = await openPanel(page);
  await panel.click("button[aria-controls=filters]");
  await panel.selectOption("select[aria-label=Project]", "all");
  const settled = () =>
    until(
      () => panel.$eval("#results", (list) => list.getAttribute("aria-busy") === "false"),
      60_000,
      "the search ends",
    );
  for (const warmUp of ["warm up", "again"]) {
    await panel.fill("#query", warmUp);
    await settled();
  }
  await panel.evaluate(watch);
  for (const query of queries) {
    await panel.focus("#query");
    await page.keyboard.press("Control+A");
    await page.keyboard.type(query, { delay: KEY_MS });
  }
  await settled();
  const latencies = await panel.evaluate(() => ({
    rendered: window.rendered,
    painted: window.painted,
    keys: window.keys,
  }));
  const activation = await activationTime(page);
  const size = (file) => statSync(file).size;
  const bundle = size(join(root, "vscode-extension", "dist", "extension.js"));
  console.log(JSON.stringify({ keyMs: KEY_MS, activation, awaited, ...latencies, bundle, vsix: size(vsix) }));
} finally {
  await editor.stop();
}
