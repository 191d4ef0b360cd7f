/** Which project is meant: the folder of the active editor, or the first one. */

import * as vscode from "vscode";

export interface Project {
  path: string;
  name: string;
}

export function currentProject(): Project | undefined {
  const active = vscode.window.activeTextEditor?.document.uri;
  const folder = (active && vscode.workspace.getWorkspaceFolder(active)) ?? vscode.workspace.workspaceFolders?.[0];
  return folder?.uri.scheme === "file" ? { path: folder.uri.fsPath, name: folder.name } : undefined;
}
