// Starts VS Code in headless Chromium with the packed extension, a fresh profile and a data folder of its own.
import { execFileSync, spawn } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { once } from "node:events";
import { createRequire } from "node:module";
import { homedir, tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { after, afterEach, before } from "node:test";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
export const root = join(here, "..", "..", "..");
const require = createRequire(join(root, "vscode-extension", "package.json"));
const { chromium } = require("playwright-core");

/** The packed extension under test. */
export const vsix = process.env.AIANA_TEST_VSIX ?? join(root, "vscode-extension", "aiana.vsix");

const cache = process.env.AIANA_DEV_CACHE ?? join(homedir(), ".cache", "aiana-dev");
const nodes = join(cache, "node24", "node_modules", "node", "node_modules");
const node = join(
  nodes,
  readdirSync(nodes).find((name) => name.startsWith("node-linux-")),
  "bin",
  "node",
);
const codeServer = join(cache, "code-server", "node_modules", "code-server", "out", "node", "entry.js");

/** A folder with a workspace `shop`, transcripts of two projects in it, and an empty data folder. */
export function makeWorld() {
  const folder = mkdtempSync(join(tmpdir(), "aiana-vscode-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }));
  const shop = join(folder, "shop");
  mkdirSync(shop);
  writeFileSync(
    join(shop, "notes.md"),
    "# Notes\n\nIntegration tests need make services before they run.\nThe token is unrelated.\n",
  );
  const transcripts = join(folder, "claude", "projects", "sample");
  mkdirSync(transcripts, { recursive: true });
  const samples = join(root, "tests", "fixtures", "sample");
  for (const name of readdirSync(samples)) {
    const text = readFileSync(join(samples, name), "utf8");
    writeFileSync(join(transcripts, name), text.replaceAll("/home/ada/", `${folder}/`));
  }
  const home = join(folder, "aiana");
  mkdirSync(home);
  const models = modelCache();
  if (models) {
    cpSync(models, join(home, "models"), { recursive: true });
  }
  return { folder, shop, home, claude: join(folder, "claude") };
}

/** Folder of a `uv` from PyPI. */
export function uvFolder() {
  const environment = join(cache, "uv");
  const bin = join(environment, "bin");
  if (!existsSync(join(bin, "uv"))) {
    execFileSync("python3", ["-m", "venv", environment]);
    execFileSync(join(bin, "pip"), ["install", "--quiet", "uv"], { stdio: "inherit" });
    const programs = join(environment, "only-uv");
    mkdirSync(programs);
    cpSync(join(bin, "uv"), join(programs, "uv"));
  }
  return join(environment, "only-uv");
}

/** The compiled embedding model, made once; without one the searches are by keyword. */
function modelCache() {
  const home = join(cache, "model-home");
  if (!existsSync(join(home, "models"))) {
    execFileSync(join(root, ".venv", "bin", "aiana"), ["model", "compile"], {
      env: { ...process.env, AIANA_HOME: home },
      stdio: "inherit",
    });
  }
  return join(home, "models");
}

/** Where `aiana` is, for editors that find it on the PATH. */
export const programs = join(root, ".venv", "bin");

/** VS Code's server with the extension in it and `path` on the PATH; `browse` opens a window. */
export class Editor {
  constructor(world, settings = {}, path = [programs]) {
    this.world = world;
    this.user = mkdtempSync(join(world.folder, "profile-"));
    this.extensions = join(this.user, "extensions");
    this.asked = 0;
    mkdirSync(join(this.user, "User"), { recursive: true });
    const defaults = {
      "security.workspace.trust.enabled": false,
      "workbench.startupEditor": "none",
      "workbench.secondarySideBar.defaultVisibility": "hidden",
      "chat.tools.global.autoApprove": true,
      // Rows of a terminal are then elements that can be looked for.
      "terminal.integrated.gpuAcceleration": "off",
      "update.mode": "none",
    };
    writeFileSync(join(this.user, "User", "settings.json"), JSON.stringify({ ...defaults, ...settings }));
    const search = [...path, dirname(node), "/usr/bin", "/bin"].join(delimiter);
    // VS Code asks a login shell for the environment.
    writeFileSync(join(world.folder, ".profile"), `export PATH="${search}"\n`);
    this.env = {
      ...process.env,
      PIP_CACHE_DIR: join(cache, "pip"),
      UV_CACHE_DIR: join(cache, "uv-cache"),
      HOME: world.folder,
      LANG: "C.UTF-8",
      PATH: search,
      AIANA_HOME: world.home,
      CLAUDE_CONFIG_DIR: world.claude,
      CODEX_HOME: `${world.claude}-no-codex`,
      VSCODE_USER_DATA_DIR: `${world.claude}-no-chats`,
      AIANA_TEST_FOLDER: this.user,
      OMP_NUM_THREADS: "1",
    };
  }

  async start() {
    for (const file of [vsix, testModel(this.user)]) {
      execFileSync(node, [codeServer, ...this.folders(), "--install-extension", file], {
        env: this.env,
        stdio: "ignore",
      });
    }
    const said = join(this.user, "code-server.log");
    const log = openSync(said, "a");
    const args = [
      "--auth",
      "none",
      "--bind-addr",
      "127.0.0.1:0",
      "--disable-telemetry",
      "--disable-update-check",
    ];
    this.process = spawn(node, [codeServer, ...this.folders(), ...args], {
      env: this.env,
      stdio: ["ignore", log, log],
      detached: true,
    });
    const address = () => readFileSync(said, "utf8").match(/listening on (http:\/\/127\.0\.0\.1:\d+\/)/);
    [, this.url] = await until(address, 60_000, "code-server listens");
    await until(async () => (await fetch(this.url)).ok, 60_000, "code-server answers");
    this.browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: CHROMIUM });
  }

  /** A window on a folder, or on what else the query of its address names. */
  async browse(viewport = { width: 1280, height: 800 }, query = `folder=${this.world.shop}`) {
    const context = await this.browser.newContext({ viewport });
    await context.grantPermissions(["clipboard-read", "clipboard-write"]).catch(() => undefined);
    context.setDefaultTimeout(60_000);
    const page = await context.newPage();
    await page.goto(`${this.url}?${query}`);
    await page.waitForSelector(".monaco-workbench", { timeout: 60_000 });
    await page.waitForSelector(".activitybar", { timeout: 60_000 });
    return page;
  }

  /** Ask the test extension, in the extension host. */
  async ask(run, input, limit = 60_000) {
    const id = ++this.asked;
    const file = join(this.user, `answer-${id}.json`);
    const ask = join(this.user, "ask.json");
    writeFileSync(`${ask}.part`, JSON.stringify({ id, run, input }));
    renameSync(`${ask}.part`, ask);
    await until(() => existsSync(file), limit, `the test extension answers “${run}”`);
    const { value, error } = JSON.parse(readFileSync(file, "utf8"));
    if (error) {
      throw new Error(error);
    }
    return value;
  }

  /** What the test model was last asked, message by message. */
  async prompt(limit = 60_000) {
    const file = join(this.user, "prompt.json");
    await until(() => existsSync(file), limit, "the model is asked");
    const messages = JSON.parse(readFileSync(file, "utf8"));
    rmSync(file);
    return messages;
  }

  async stop() {
    await this.browser?.close();
    if (this.process?.exitCode === null && this.process.signalCode === null) {
      const ended = once(this.process, "exit");
      process.kill(-this.process.pid, "SIGTERM");
      await ended;
    }
    // What it has started may be at work still, and write into what is removed now.
    try {
      process.kill(-(this.process?.pid ?? NaN), "SIGKILL");
    } catch {
      // All have ended.
    }
  }

  folders() {
    return ["--user-data-dir", this.user, "--extensions-dir", this.extensions];
  }
}

/**
 * One window for all tests of a file: `first` is done before VS Code starts, `then` in its window.
 *
 * For the eye, a picture is taken after each test, if AIANA_TEST_PICTURES names a folder for them.
 */
export function shareWindow(editor, { first, then }) {
  let page;
  const open = async () => {
    await first?.();
    await editor.start();
    page = await editor.browse();
    await then(page);
  };
  before(open, { timeout: 240_000 });
  after(() => editor.stop());
  afterEach(async ({ name }) => {
    const folder = process.env.AIANA_TEST_PICTURES;
    if (folder && page && !page.isClosed()) {
      await page.screenshot({ path: join(folder, `${name.replace(/\W+/g, "-").slice(0, 60)}.png`) });
    }
  });
}

const CHROMIUM = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

function testModel(folder) {
  const vsix = join(folder, "testmodel.vsix");
  const vsce = join(root, "vscode-extension", "node_modules", ".bin", "vsce");
  execFileSync(
    vsce,
    ["package", "--no-dependencies", "--allow-missing-repository", "--skip-license", "--out", vsix],
    {
      cwd: join(here, "testmodel"),
      stdio: "ignore",
    },
  );
  return vsix;
}

/** Rows of the database, which the server has open at the same time. */
export function stored(world, query) {
  const script = [
    "import json, sqlite3, sys",
    "database = sqlite3.connect(f'file:{sys.argv[1]}?mode=ro', uri=True)",
    "print(json.dumps(database.execute(sys.argv[2]).fetchall()))",
  ].join("\n");
  const python = join(root, ".venv", "bin", "python");
  return JSON.parse(execFileSync(python, ["-c", script, join(world.home, "conversations.db"), query]));
}

/** Wait until `check` holds; errors inside it count as not yet. */
export async function until(check, limit, what) {
  const end = Date.now() + limit;
  for (;;) {
    const holds = await Promise.resolve()
      .then(check)
      .catch(() => false);
    if (holds) {
      return holds;
    }
    if (Date.now() > end) {
      throw new Error(`Not within ${limit / 1000} s: ${what}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Show the panel; returns its own document. */
export async function openPanel(page) {
  await palette(page, "Aiana: Search in Side Panel");
  return panelFrame(page);
}

/** The panel's own document, two frames deep. */
export async function panelFrame(page, limit = 60_000) {
  return until(
    async () => {
      for (const frame of page.frames()) {
        if (await frame.$("#query")) {
          return frame;
        }
      }
      return undefined;
    },
    limit,
    "the panel is there",
  );
}

/** The rows of the panel, once the search or the list has been answered in full. */
export async function settled(panel) {
  await until(
    () => panel.$eval("#results", (list) => list.getAttribute("aria-busy") === "false"),
    60_000,
    "the search ends",
  );
  const textOf = (rows) =>
    rows.map((row) => (row.querySelector(".text") ?? row.querySelector(".title")).textContent);
  return panel.$$eval("li.row", textOf);
}

/** Wait for a row with this text. */
export function found(panel, text) {
  return until(
    async () => (await settled(panel)).some((row) => row.includes(text)),
    60_000,
    `“${text}” is found`,
  );
}

/** Choose from the context menu that is opening: VS Code ignores clicks on one that has just come up. */
export async function chooseFromMenu(page, label) {
  const item = page.locator(".monaco-menu .action-item:visible").getByLabel(label, { exact: true });
  await item.first().waitFor();
  const chosen = async () => {
    // A menu that fades is still there for a moment: only one that stays has not heard the click.
    if (await item.first().isVisible()) {
      await item.first().click({ timeout: 1_000 });
      await item.first().waitFor({ state: "hidden", timeout: 1_000 });
    }
    return true;
  };
  await until(chosen, 60_000, `“${label}” is chosen`);
}

/** Choose from the list that is open. */
export async function pickFrom(page, label) {
  const entry = page.locator(".quick-input-list .monaco-list-row", { hasText: label });
  await entry.first().waitFor();
  const chosen = async () => {
    if (await entry.first().isVisible()) {
      await entry.first().click({ timeout: 1_000 });
      await entry.first().waitFor({ state: "hidden", timeout: 1_000 });
    }
    return true;
  };
  await until(chosen, 60_000, `“${label}” is chosen`);
}

/** Run a command from the palette. */
export async function palette(page, title) {
  // A window that is still loading may take the palette away again.
  for (const end = Date.now() + 90_000; ;) {
    await page.keyboard.press("F1");
    try {
      await page.waitForSelector(".quick-input-widget input", { state: "visible", timeout: 5_000 });
      await page.fill(".quick-input-widget input", `>${title}`);
      await page.waitForSelector(`.quick-input-list .monaco-list-row.focused[aria-label^="${title}"]`, {
        timeout: 5_000,
      });
      break;
    } catch (error) {
      if (Date.now() > end) {
        throw error;
      }
      await page.keyboard.press("Escape");
    }
  }
  await page.keyboard.press("Enter");
}
