/** A report on the extension, the server and the stored sessions, for the user and for bug reports. */

import * as vscode from "vscode";
import * as wire from "./protocol";
import { messageOf, type Server } from "./server";

export class Doctor {
  constructor(
    private readonly server: Server,
    private readonly version: string,
  ) {}

  /** Markdown; whatever cannot be asked is said in it, nothing is thrown. */
  async report(): Promise<string> {
    const rows = ["# Aiana Doctor", "", ...(await this.serverRows()), "", "## Editor", ""];
    rows.push(
      `- ${vscode.env.appName} ${vscode.version}, extension ${this.version}`,
      `- Workspace: ${vscode.workspace.isTrusted ? "trusted" : "restricted"}, remote: ${vscode.env.remoteName ?? "no"}`,
      `- Chat participants: ${yes(vscode.chat?.createChatParticipant)}, tools: ${yes(vscode.lm?.registerTool)}`,
    );
    return `${rows.join("\n")}\n`;
  }

  private async serverRows(): Promise<string[]> {
    try {
      const status = await this.server.request(wire.status, {});
      const { sources } = await this.server.request(wire.captureSources, {});
      const command = this.server.command;
      return [
        `**${status.health}**: ${status.message}`,
        "",
        "## Server",
        "",
        `- Version ${status.version}, data in ${status.dataDir}`,
        `- Command: ${command?.command} ${command?.args.join(" ")} (found by: ${command?.origin})`,
        ...Object.entries(status.tiers).map(([name, tier]) => `- ${name}: ${tier.state}${tier.detail ? `, ${tier.detail}` : ""}`),
        `- ${status.indexing.pending} texts wait for a vector`,
        "",
        "## Stored",
        "",
        ...Object.entries(status.counts).map(([name, count]) => `- ${name}: ${count}`),
        "",
        "## Assistants",
        "",
        ...sources.map(
          (source) =>
            `- ${source.title}: ${source.onDisk} transcripts on disk, ${source.stored} stored, ${source.missing} not read to their end` +
            (source.expiringSoon ? `, ${source.expiringSoon} will soon be deleted by the assistant` : ""),
        ),
      ];
    } catch (error) {
      return [`**error**: ${messageOf(error)}`, "", "The log says more: run the command “Aiana: Show Logs”."];
    }
  }
}

function yes(feature: unknown): string {
  return feature ? "yes" : "no";
}
