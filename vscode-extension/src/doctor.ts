/** `Aiana: Doctor`: what was checked, as a page whose buttons fix; also what a bug report needs. */

import { execFile } from "node:child_process";
import * as vscode from "vscode";
import { messageOf, type Server } from "./server";

const LIMIT_MS = 60_000;
const MARKS = { ok: "pass-filled", warning: "warning", error: "error" };

interface Finding {
  subject: string;
  state: keyof typeof MARKS;
  detail: string;
  fix: string | null;
}

interface Report {
  command: string;
  findings: Finding[];
  /** Why nothing could be checked. */
  problem: string;
}

export class Doctor {
  private panel: vscode.WebviewPanel | undefined;
  private report: Report = { command: "", findings: [], problem: "" };

  constructor(
    private readonly extension: vscode.Uri,
    private readonly server: Server,
    private readonly version: string,
  ) {}

  /** Check everything anew, and show the page. */
  async open(): Promise<void> {
    const title = vscode.l10n.t("Checking…");
    const location = vscode.ProgressLocation.Window;
    this.report = await vscode.window.withProgress({ location, title }, () => this.check());
    this.panel ??= this.create();
    // Once only: of two pages that follow each other closely VS Code may keep the first.
    this.panel.webview.html = this.page(this.body());
    this.panel.reveal();
  }

  /** Run the command that fixes a finding where the user sees it, and check again. */
  async fix(index: unknown): Promise<void> {
    const finding = this.report.findings[Number(index)];
    const words = finding && fixingWords(finding);
    if (!words) {
      return;
    }
    const { command, args } = await this.server.locate();
    const execution = new vscode.ProcessExecution(command, [...args, ...words], {
      env: strings(this.server.environment()),
    });
    const name = vscode.l10n.t("Fix: {0}", finding.subject);
    const task = new vscode.Task({ type: "aiana" }, vscode.TaskScope.Workspace, name, "Aiana", execution);
    const ended = new Promise<void>((resolve) => {
      const listener = vscode.tasks.onDidEndTaskProcess(({ execution: { task: of } }) => {
        if (of.name === name) {
          listener.dispose();
          resolve();
        }
      });
    });
    await vscode.tasks.executeTask(task);
    await ended;
    await this.open();
  }

  /** The report as text, for a bug report. */
  async copy(): Promise<void> {
    const { command, findings, problem } = this.report;
    const lines = [
      `\`${command}\``,
      ...(problem ? [problem] : []),
      ...findings.map(({ subject, state, detail, fix }) =>
        [`- ${state}: ${subject}: ${detail}`, ...(fix ? [`  - ${fix}`] : [])].join("\n"),
      ),
      ...this.facts().map((fact) => `- ${fact}`),
    ];
    await vscode.env.clipboard.writeText(`${lines.join("\n")}\n`);
    vscode.window.setStatusBarMessage(`$(check) ${vscode.l10n.t("Copied")}`, 3_000);
  }

  private create(): vscode.WebviewPanel {
    const panel = vscode.window.createWebviewPanel("aiana.doctor", "Aiana Doctor", vscode.ViewColumn.Active, {
      enableCommandUris: [
        "aiana.doctor",
        "aiana.doctor.fix",
        "aiana.doctor.copy",
        "aiana.showLogs",
        "aiana.openServerSetting",
        "aiana.installServer",
      ],
      localResourceRoots: [vscode.Uri.joinPath(this.extension, "dist", "webview")],
    });
    panel.iconPath = vscode.Uri.joinPath(this.extension, "media", "aiana.svg");
    panel.onDidDispose(() => (this.panel = undefined));
    return panel;
  }

  /** Asked as a program of its own, so that there is an answer when the server does not start. */
  private async check(): Promise<Report> {
    let command = "";
    try {
      const found = await this.server.locate();
      const called = [found.command, ...found.args, "doctor"];
      command = called.join(" ");
      const answer = await output(called[0]!, [...called.slice(1), "--json"], this.server.environment());
      return { command, ...(JSON.parse(answer) as { findings: Finding[] }), problem: "" };
    } catch (error) {
      return { command, findings: [], problem: messageOf(error) };
    }
  }

  private body(): string {
    const { command, findings, problem } = this.report;
    const rows = findings.map(
      (finding, index) => `<li class="${finding.state}">
<span class="codicon codicon-${MARKS[finding.state]}" role="img" aria-label="${escaped(stateWord(finding.state))}"></span>
<div><h2>${escaped(finding.subject)}</h2><p>${escaped(finding.detail)}</p>${this.fixing(finding, index)}</div>
</li>`,
    );
    const failed = problem
      ? `<p class="problem">${escaped(problem)}</p>${link("aiana.openServerSetting", vscode.l10n.t("Open Settings"))}`
      : "";
    return [
      command && `<p><code>${escaped(command)}</code></p>`,
      failed,
      `<ul>${rows.join("\n")}</ul>`,
      `<p class="buttons">${link("aiana.doctor", vscode.l10n.t("Check Again"))}`,
      link("aiana.doctor.copy", vscode.l10n.t("Copy Report"), "", "secondary"),
      `${link("aiana.showLogs", vscode.l10n.t("Show Logs"), "", "secondary")}</p>`,
      `<ul class="facts">${this.facts()
        .map((fact) => `<li>${escaped(fact)}</li>`)
        .join("")}</ul>`,
    ].join("\n");
  }

  private fixing(finding: Finding, index: number): string {
    if (!finding.fix) {
      return "";
    }
    const button = fixingWords(finding)
      ? link("aiana.doctor.fix", vscode.l10n.t("Fix"), `?${encodeURIComponent(JSON.stringify([index]))}`)
      : "";
    return `<p class="fix">${button} <span>${escaped(finding.fix)}</span></p>`;
  }

  private facts(): string[] {
    const trust = vscode.workspace.isTrusted ? "trusted" : "restricted";
    const has = (feature: unknown) => (feature ? "yes" : "no");
    return [
      `${vscode.env.appName} ${vscode.version}, extension ${this.version}`,
      `Server: ${this.server.state}`,
      `Workspace: ${trust}, remote: ${vscode.env.remoteName ?? "no"}`,
      `Chat participants: ${has(vscode.chat?.createChatParticipant)}, tools: ${has(vscode.lm?.registerTool)}`,
    ];
  }

  private page(body: string): string {
    const { webview } = this.panel!;
    const style = (name: string) =>
      webview.asWebviewUri(vscode.Uri.joinPath(this.extension, "dist", "webview", name)).toString();
    const policy = `default-src 'none'; style-src ${webview.cspSource}; font-src ${webview.cspSource}`;
    return `<!DOCTYPE html>
<html lang="${vscode.env.language}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<title>Aiana Doctor</title>
<link rel="stylesheet" href="${style("codicon.css")}">
<link rel="stylesheet" href="${style("doctor.css")}">
</head>
<body><main><h1>Aiana Doctor</h1>
${body}
</main></body>
</html>`;
  }
}

/** The arguments of the `aiana` command that fixes a finding; undefined if a person has to do something. */
function fixingWords({ fix }: Finding): string[] | undefined {
  const words = fix?.trim().split(/\s+/) ?? [];
  const isOurs = /(^|[\\/])aiana(\.exe)?$/.test(words[0] ?? "");
  // Whatever a shell would have to read is shown, and not run.
  return isOurs && words.length > 1 && words.every((word) => /^[\w\\/.:=-]+$/.test(word))
    ? words.slice(1)
    : undefined;
}

function stateWord(state: Finding["state"]): string {
  switch (state) {
    case "ok":
      return vscode.l10n.t("Well");
    case "warning":
      return vscode.l10n.t("Could be better");
    case "error":
      return vscode.l10n.t("Wrong");
  }
}

function link(command: string, label: string, argument = "", kind = "primary"): string {
  return `<a class="button ${kind}" role="button" href="command:${command}${argument}">${escaped(label)}</a>`;
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

function strings(environment: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

/** What a program writes; it may end with an error as long as it wrote something. */
function output(program: string, args: string[], env: NodeJS.ProcessEnv): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(program, args, { env, timeout: LIMIT_MS }, (error, stdout, stderr) => {
      if (stdout) {
        resolve(stdout);
      } else {
        reject(
          error
            ? new Error(stderr.trim().split("\n").at(-1) || error.message)
            : new Error(`${program} says nothing.`),
        );
      }
    });
  });
}
