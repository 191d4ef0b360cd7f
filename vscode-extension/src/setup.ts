/** `Aiana: Set Up Assistants`: shows what would be written into whose files, then writes it. */

import { execFile } from "node:child_process";
import * as vscode from "vscode";
import type { Server } from "./server";

const LIMIT_MS = 60_000;

export async function setUpAssistants(server: Server, log: vscode.LogOutputChannel): Promise<void> {
  const changes = await run(server, ["setup", "--dry-run"]);
  if (!changes.includes("\n@@ ")) {
    void vscode.window.showInformationMessage(changes.trim());
    return;
  }
  const document = await vscode.workspace.openTextDocument({ language: "diff", content: changes });
  await vscode.window.showTextDocument(document, { preview: true });
  const write = vscode.l10n.t("Write");
  const answer = await vscode.window.showInformationMessage(
    vscode.l10n.t("Let the assistants and editors on this machine use Aiana? This is what would be written."),
    write,
  );
  if (answer === write) {
    const said = await run(server, ["setup"]);
    log.info(said);
    void vscode.window.showInformationMessage(
      vscode.l10n.t("Assistants are set up. New sessions of theirs have your memory."),
    );
  }
}

/** What a command says. Throws what it says of a failure, for a person. */
async function run(server: Server, words: string[]): Promise<string> {
  const { command, args } = await server.locate();
  const options = { env: { ...server.environment(), NO_COLOR: "1" }, timeout: LIMIT_MS };
  return new Promise((resolve, reject) => {
    execFile(command, [...args, ...words], options, (error, stdout, stderr) =>
      error ? reject(new Error(stderr.trim() || error.message)) : resolve(stdout),
    );
  });
}
