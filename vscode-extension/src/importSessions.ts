/** `Aiana: Import Sessions`, with progress and a way to stop. */

import { basename } from "node:path";
import * as vscode from "vscode";
import * as wire from "./protocol";
import type { Server } from "./server";

interface WorkDoneProgress {
  percentage?: number;
  message?: string;
}

export async function importSessions(server: Server, log: vscode.LogOutputChannel): Promise<void> {
  const result = await vscode.window.withProgress(
    {
      location: vscode.ProgressLocation.Notification,
      title: vscode.l10n.t("Importing sessions"),
      cancellable: true,
    },
    async (progress, token) => {
      let done = 0;
      const onProgress = ({ percentage = done, message }: WorkDoneProgress) => {
        progress.report({
          increment: percentage - done,
          message: message && `${percentage} %, ${basename(message)}`,
        });
        done = percentage;
      };
      try {
        return await server.requestWithProgress(wire.captureImport, {}, "workDoneToken", onProgress, token);
      } catch (error) {
        if (token.isCancellationRequested) {
          return undefined;
        }
        throw error;
      }
    },
  );
  if (result) {
    report(Object.values(result.sources), log);
  } else {
    void vscode.window.showInformationMessage(vscode.l10n.t("Import stopped. What was read is kept."));
  }
}

function report(counts: wire.ImportCounts[], log: vscode.LogOutputChannel): void {
  const sum = (of: (count: wire.ImportCounts) => number) =>
    counts.reduce((total, count) => total + of(count), 0);
  const failed = counts.flatMap((count) => count.failed);
  const found = sum((count) => count.found);
  const parts = found
    ? [
        vscode.l10n.t(
          "{0}, {1}.",
          conversationsRead(sum((c) => c.imported + c.updated)),
          newMessages(sum((c) => c.messages)),
        ),
      ]
    : [vscode.l10n.t("No conversations of assistants were found on this machine.")];
  const redactions = sum((c) => c.redactions);
  if (redactions) {
    parts.push(
      redactions === 1
        ? vscode.l10n.t("1 secret was taken out.")
        : vscode.l10n.t("{0} secrets were taken out.", redactions),
    );
  }
  if (failed.length) {
    failed.forEach(({ path, reason }) => log.warn(`${path}: ${reason}`));
    parts.push(
      failed.length === 1
        ? vscode.l10n.t("1 file could not be read.")
        : vscode.l10n.t("{0} files could not be read.", failed.length),
    );
  }
  const logs = vscode.l10n.t("Show Logs");
  const buttons = failed.length ? [logs] : [];
  void vscode.window
    .showInformationMessage(parts.join(" "), ...buttons)
    .then((choice) => choice && log.show());
}

function conversationsRead(count: number): string {
  return count === 1 ? vscode.l10n.t("1 conversation read") : vscode.l10n.t("{0} conversations read", count);
}

function newMessages(count: number): string {
  return count === 1 ? vscode.l10n.t("1 new message") : vscode.l10n.t("{0} new messages", count);
}
