/** The one item in the status bar, shown once the server has been asked for. */

import * as vscode from "vscode";
import type * as wire from "./protocol";
import type { Server } from "./server";

export function createStatusItem(server: Server): vscode.Disposable {
  const item = vscode.window.createStatusBarItem("aiana.status", vscode.StatusBarAlignment.Right, 10);
  item.name = "Aiana";
  item.command = "aiana.doctor";
  const render = () => {
    const { icon, tooltip, color } = describe(server, server.status);
    item.text = `$(${icon}) Aiana`;
    item.tooltip = tooltip;
    item.accessibilityInformation = { label: `Aiana: ${tooltip}` };
    item.backgroundColor = color ? new vscode.ThemeColor(`statusBarItem.${color}Background`) : undefined;
    if (server.state === "idle") {
      item.hide();
    } else {
      item.show();
    }
  };
  return vscode.Disposable.from(item, server.onDidChangeStatus(render), server.onDidChangeState(render));
}

function describe(
  server: Server,
  status: wire.Status | undefined,
): { icon: string; tooltip: string; color?: "error" } {
  switch (server.state) {
    case "starting":
      return { icon: "sync~spin", tooltip: vscode.l10n.t("Starting") };
    case "missing":
      return { icon: "warning", tooltip: vscode.l10n.t("The server was not found") };
    case "failed":
      return { icon: "error", tooltip: server.problem, color: "error" };
    case "idle":
    case "running":
      break;
  }
  if (!status) {
    return { icon: "history", tooltip: vscode.l10n.t("Running") };
  }
  if (status.health === "error") {
    return { icon: "error", tooltip: status.message, color: "error" };
  }
  const icon = status.quiescent ? (status.health === "warning" ? "warning" : "history") : "sync~spin";
  return { icon, tooltip: status.message };
}
