/** What `aiana doctor` finds, with the facts of this editor: for the user and for bug reports. */

import { execFile } from "node:child_process";
import * as vscode from "vscode";
import { messageOf, type Server } from "./server";

const LIMIT_MS = 60_000;
const MARKS = { ok: "✓", warning: "⚠", error: "✗" };

interface Finding {
  subject: string;
  state: keyof typeof MARKS;
  detail: string;
  mend: string | null;
}

export class Doctor {
  constructor(
    private readonly server: Server,
    private readonly version: string,
  ) {}

  /** Markdown; whatever cannot be asked is said in it, nothing is thrown. */
  async report(): Promise<string> {
    const rows = [
      "# Aiana Doctor",
      "",
      ...(await this.findings().catch((error: unknown) => [
        `✗ ${messageOf(error)}`,
        "",
        "The log says more: “Aiana: Show Logs”.",
      ])),
      "",
      "## Editor",
      "",
      `- ${vscode.env.appName} ${vscode.version}, extension ${this.version}`,
      `- Workspace: ${vscode.workspace.isTrusted ? "trusted" : "restricted"}, remote: ${vscode.env.remoteName ?? "no"}`,
      `- Chat participants: ${yes(vscode.chat?.createChatParticipant)}, tools: ${yes(vscode.lm?.registerTool)}`,
    ];
    return `${rows.join("\n")}\n`;
  }

  /** Asked as a program of its own, so that there is an answer when the server does not start. */
  private async findings(): Promise<string[]> {
    const command = await this.server.locate();
    const called = [command.command, ...command.args, "doctor"];
    const answer = await output(called[0]!, [...called.slice(1), "--json"], this.server.environment());
    const { findings } = JSON.parse(answer) as { findings: Finding[] };
    return [
      `\`${called.join(" ")}\`, found by: ${command.origin}; the server is ${this.server.state}`,
      "",
      ...findings.flatMap(({ subject, state, detail, mend }) => [
        `- ${MARKS[state]} **${subject}**: ${detail}`,
        ...(mend ? [`  - → ${mend}`] : []),
      ]),
    ];
  }
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

function yes(feature: unknown): string {
  return feature ? "yes" : "no";
}
