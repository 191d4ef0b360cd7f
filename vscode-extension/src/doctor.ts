/** `Aiana: Doctor`: what was checked, as a page whose buttons fix; also what a bug report needs. */

import { execFile } from "node:child_process";
import * as vscode from "vscode";
import { messageOf, type Server } from "./server";
import { button, commandUri, escaped, WebPage } from "./webPages";

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
  private readonly page: WebPage;
  private report: Report = { command: "", findings: [], problem: "" };

  constructor(
    extension: vscode.Uri,
    private readonly server: Server,
    private readonly version: string,
  ) {
    this.page = new WebPage(extension, "aiana.doctor", "Aiana Doctor", [
      "aiana.doctor",
      "aiana.doctor.fix",
      "aiana.doctor.copy",
      "aiana.showLogs",
      "aiana.openServerSetting",
      "aiana.installServer",
    ]);
  }

  /** Check everything anew, and show the page. */
  async open(): Promise<void> {
    const title = vscode.l10n.t("Checking…");
    const location = vscode.ProgressLocation.Window;
    this.report = await vscode.window.withProgress({ location, title }, () => this.check());
    this.page.show(this.body());
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
      ? `<p class="problem">${escaped(problem)}</p>${button(commandUri("aiana.openServerSetting"), vscode.l10n.t("Open Settings"))}`
      : "";
    return [
      command && `<p><code>${escaped(command)}</code></p>`,
      failed,
      `<ul>${rows.join("\n")}</ul>`,
      `<p class="buttons">${button(commandUri("aiana.doctor"), vscode.l10n.t("Check Again"))}`,
      button(commandUri("aiana.doctor.copy"), vscode.l10n.t("Copy Report"), "secondary"),
      `${button(commandUri("aiana.showLogs"), vscode.l10n.t("Show Logs"), "secondary")}</p>`,
      `<ul class="facts">${this.facts()
        .map((fact) => `<li>${escaped(fact)}</li>`)
        .join("")}</ul>`,
    ].join("\n");
  }

  private fixing(finding: Finding, index: number): string {
    if (!finding.fix) {
      return "";
    }
    const fix = fixingWords(finding)
      ? button(commandUri("aiana.doctor.fix", index), vscode.l10n.t("Fix"))
      : "";
    return `<p class="fix">${fix} <span>${escaped(finding.fix)}</span></p>`;
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
