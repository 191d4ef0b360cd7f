/** Which project is meant: the folder that was last worked in, or the first one. */

import * as vscode from "vscode";

export interface Project {
  path: string;
  name: string;
  uri: string;
}

let worked: vscode.WorkspaceFolder | undefined;

/** Undefined without a folder, and where folders are not on a disk. */
export function currentProject(): Project | undefined {
  const folders = vscode.workspace.workspaceFolders ?? [];
  const active = vscode.window.activeTextEditor?.document.uri;
  // Our own documents, settings and output belong to no folder: the one before them is still meant.
  worked =
    (active && vscode.workspace.getWorkspaceFolder(active)) ??
    folders.find(({ uri }) => uri.toString() === worked?.uri.toString());
  const folder = worked ?? folders[0];
  return folder?.uri.scheme === "file"
    ? { path: folder.uri.fsPath, name: folder.name, uri: folder.uri.toString() }
    : undefined;
}

/** Tells when another project is meant. */
export function onDidChangeProject(listener: () => void): vscode.Disposable {
  let known = currentProject()?.uri;
  const look = () => {
    const now = currentProject()?.uri;
    if (now !== known) {
      known = now;
      listener();
    }
  };
  return vscode.Disposable.from(
    vscode.window.onDidChangeActiveTextEditor(look),
    vscode.workspace.onDidChangeWorkspaceFolders(look),
  );
}
