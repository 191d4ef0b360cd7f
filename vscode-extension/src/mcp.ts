/** Tells VS Code's agent of Aiana's MCP server, so that no file has to be edited for it. */

import * as vscode from "vscode";
import type { ServerCommand } from "./locator";
import { currentProject } from "./workspace";

/** As `package.json` names it. */
export const PROVIDER = "aiana";

/** Nothing where Aiana is not installed: the panel says how to, and nobody wants to be told twice. */
export function registerMcpServer(locate: () => Promise<ServerCommand>, version: string): vscode.Disposable {
  const changed = new vscode.EventEmitter<void>();
  return vscode.Disposable.from(
    changed,
    vscode.workspace.onDidChangeConfiguration(
      (event) => event.affectsConfiguration("aiana.server") && changed.fire(),
    ),
    vscode.workspace.onDidChangeWorkspaceFolders(() => changed.fire()),
    vscode.lm.registerMcpServerDefinitionProvider(PROVIDER, {
      onDidChangeMcpServerDefinitions: changed.event,
      provideMcpServerDefinitions: async () => {
        const found = await locate().catch(() => undefined);
        return found ? [definition(found, version)] : [];
      },
    }),
  );
}

function definition({ command, args }: ServerCommand, version: string): vscode.McpStdioServerDefinition {
  const server = new vscode.McpStdioServerDefinition("Aiana", command, [...args, "mcp"], {}, version);
  const project = currentProject();
  if (project) {
    server.cwd = vscode.Uri.file(project.path);
  }
  return server;
}
