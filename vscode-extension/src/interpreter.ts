/** The Python of the workspace, from whichever Python extension is there; none is needed. */

import type { PythonEnvironmentApi } from "@vscode/python-environments";
import type { PythonExtension } from "@vscode/python-extension";
import * as vscode from "vscode";

/** Path of the active interpreter; undefined without an extension, or if it fails to say. */
export async function activeInterpreter(log: vscode.LogOutputChannel): Promise<string | undefined> {
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
  try {
    const environments = await api<PythonEnvironmentApi>("ms-python.vscode-python-envs");
    const environment = await environments?.getEnvironment(folder);
    if (environment?.execInfo?.run?.executable) {
      return environment.execInfo.run.executable;
    }
    const python = await api<PythonExtension>("ms-python.python");
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
