/** Installs the server that this extension carries into a private environment, after a yes. */

import { spawn } from "node:child_process";
import { mkdir, readdir } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { pathToFileURL } from "node:url";
import * as vscode from "vscode";
import { firstExecutable, scripts } from "./locator";

const MINIMUM_PYTHON = "3.11";

interface Step {
  title: string;
  command: string;
  args: string[];
  /** A step without which Aiana still works. */
  optional?: boolean;
}

let underWay: Promise<boolean> | undefined;

/** Ask, then install with visible progress. True if the server is there afterwards; false too for a second call. */
export async function installServer(
  extension: vscode.Uri,
  environment: string,
  log: vscode.LogOutputChannel,
): Promise<boolean> {
  if (underWay) {
    void vscode.window.showInformationMessage(vscode.l10n.t("Aiana's server is being installed already."));
    return false;
  }
  underWay = install(extension, environment, log).finally(() => (underWay = undefined));
  return underWay;
}

async function install(
  extension: vscode.Uri,
  environment: string,
  log: vscode.LogOutputChannel,
): Promise<boolean> {
  const wheel = await bundledWheel(extension);
  if (!wheel) {
    void vscode.window.showErrorMessage(
      vscode.l10n.t(
        "This build of the extension carries no server. Install Aiana with pip or uv, and put `aiana` on the PATH.",
      ),
    );
    return false;
  }
  const plan = await installPlan(wheel, environment, process.env.PATH ?? "", process.platform);
  if (!plan) {
    const get = vscode.l10n.t("Get Python");
    const choice = await vscode.window.showErrorMessage(
      vscode.l10n.t("Neither uv nor Python {0} or newer was found on the PATH.", MINIMUM_PYTHON),
      get,
    );
    if (choice === get) {
      void vscode.env.openExternal(vscode.Uri.parse("https://www.python.org/downloads/"));
    }
    return false;
  }
  const yes = vscode.l10n.t("Install");
  const choice = await vscode.window.showInformationMessage(
    vscode.l10n.t("Install Aiana's server?"),
    {
      modal: true,
      detail: vscode.l10n.t(
        "It goes into {0}, with its Python dependencies and a model for search by meaning (about 250 MB). Needs the network; nothing else on this machine is changed.",
        environment,
      ),
    },
    yes,
  );
  if (choice !== yes) {
    return false;
  }
  await mkdir(environment, { recursive: true });
  return vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title: "Aiana", cancellable: true },
    (progress, token) => runPlan(plan, log, progress, token),
  );
}

async function bundledWheel(extension: vscode.Uri): Promise<string | undefined> {
  const folder = join(extension.fsPath, "dist", "server");
  const files = await readdir(folder).catch(() => []);
  const wheel = files.find((file) => file.endsWith(".whl"));
  return wheel && join(folder, wheel);
}

/** The commands that install `wheel`; undefined when the machine has neither uv nor Python. */
export async function installPlan(
  wheel: string,
  environment: string,
  path: string,
  platform: NodeJS.Platform,
): Promise<Step[] | undefined> {
  const folders = path.split(delimiter).filter(Boolean);
  const find = (name: string) => firstExecutable(name, folders, platform);
  const bin = scripts(environment, platform);
  const python = join(bin, platform === "win32" ? "python.exe" : "python");
  const steps = (create: [string, ...string[]], install: [string, ...string[]]): Step[] => [
    step(vscode.l10n.t("Creating a Python environment"), create),
    step(vscode.l10n.t("Installing the server"), [...install, wheel]),
    // Not every system has what search by meaning needs; all else works without.
    {
      ...step(vscode.l10n.t("Adding search by meaning"), [
        ...install,
        `aiana[semantic] @ ${pathToFileURL(wheel).href}`,
      ]),
      optional: true,
    },
    {
      ...step(vscode.l10n.t("Preparing the model for search by meaning"), [
        join(bin, platform === "win32" ? "aiana.exe" : "aiana"),
        "model",
        "compile",
      ]),
      optional: true,
    },
  ];
  const uv = await find("uv");
  if (uv) {
    return steps(
      [uv, "venv", "--allow-existing", "--python", `>=${MINIMUM_PYTHON}`, environment],
      [uv, "pip", "install", "--python", python, "--reinstall-package", "aiana"],
    );
  }
  for (const name of ["python3.14", "python3.13", "python3.12", "python3.11", "python3", "python"]) {
    const base = await find(name);
    if (base && (await isRecent(base))) {
      return steps(
        [base, "-m", "venv", environment],
        [python, "-m", "pip", "install", "--disable-pip-version-check", "--upgrade"],
      );
    }
  }
  return undefined;
}

function step(title: string, [command, ...args]: [string, ...string[]]): Step {
  return { title, command, args };
}

function isRecent(python: string): Promise<boolean> {
  const check = `import sys; sys.exit(sys.version_info < (${MINIMUM_PYTHON.replace(".", ", ")}))`;
  return new Promise((resolve) => {
    const child = spawn(python, ["-c", check], { stdio: "ignore", timeout: 10_000 });
    child.on("error", () => resolve(false));
    child.on("close", (code) => resolve(code === 0));
  });
}

async function runPlan(
  plan: Step[],
  log: vscode.LogOutputChannel,
  progress: vscode.Progress<{ message: string }>,
  token: vscode.CancellationToken,
): Promise<boolean> {
  for (const step of plan) {
    if (token.isCancellationRequested) {
      return false;
    }
    const ok = await run(step, log, (line) => progress.report({ message: `${step.title}: ${line}` }), token);
    if (!ok && !step.optional && !token.isCancellationRequested) {
      const logs = vscode.l10n.t("Show Logs");
      const message = vscode.l10n.t("{0} failed. The log says why.", step.title);
      void vscode.window.showErrorMessage(message, logs).then((choice) => choice && log.show());
    }
    if (!ok && !step.optional) {
      return false;
    }
  }
  return true;
}

function run(
  step: Step,
  log: vscode.LogOutputChannel,
  report: (line: string) => void,
  token: vscode.CancellationToken,
): Promise<boolean> {
  log.info(`${step.title}: ${step.command} ${step.args.join(" ")}`);
  report("");
  return new Promise((resolve) => {
    const child = spawn(step.command, step.args, { stdio: ["ignore", "pipe", "pipe"] });
    const cancelled = token.onCancellationRequested(() => child.kill());
    const show = (data: Buffer) => {
      for (const line of data.toString().split(/\r?\n/).filter(Boolean)) {
        log.info(line);
        report(line.slice(0, 80));
      }
    };
    child.stdout.on("data", show);
    child.stderr.on("data", show);
    const finish = (ok: boolean) => {
      cancelled.dispose();
      resolve(ok);
    };
    child.on("error", (error) => {
      log.error(error);
      finish(false);
    });
    child.on("close", (code) => finish(code === 0));
  });
}
