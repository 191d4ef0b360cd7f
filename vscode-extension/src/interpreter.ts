/** The Python of the workspace, from whichever Python extension is there; none is needed. */

import * as vscode from "vscode";

interface Environments {
  getEnvironment(
    scope: vscode.Uri | undefined,
  ): Promise<{ execInfo?: { run?: { executable?: string } } } | undefined>;
}

interface Python {
  environments: {
    getActiveEnvironmentPath(resource?: vscode.Uri): { path: string };
    resolveEnvironment(path: { path: string }): Promise<{ executable: { uri?: vscode.Uri } } | undefined>;
  };
}

/** Path of the active interpreter; undefined without an extension, or if it fails to say. */
export async function activeInterpreter(log: vscode.LogOutputChannel): Promise<string | undefined> {
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
  try {
    const environments = await api<Environments>("ms-python.vscode-python-envs");
    const environment = await environments?.getEnvironment(folder);
    if (environment?.execInfo?.run?.executable) {
      return environment.execInfo.run.executable;
    }
    const python = await api<Python>("ms-python.python");
    const resolved = await python?.environments.resolveEnvironment(
      python.environments.getActiveEnvironmentPath(folder),
    );
    return resolved?.executable.uri?.fsPath;
  } catch (error) {
    log.warn("The Python extension did not name an interpreter.", error);
    return undefined;
  }
}

async function api<T>(id: string): Promise<T | undefined> {
  const extension = vscode.extensions.getExtension<T>(id);
  return extension && (extension.isActive ? extension.exports : await extension.activate());
}
