/** What the user attached to a question in the chat. */

import { basename } from "node:path";
import * as vscode from "vscode";
import { estimateTokens } from "./quotes";

/** The attached texts, each in a block of its own, cut to about `maxTokens` in all; what cannot be read is left out. */
export async function attachedTexts(
  references: readonly vscode.ChatPromptReference[],
  maxTokens: number,
): Promise<string> {
  const blocks: string[] = [];
  let left = maxTokens;
  for (const { value } of references) {
    const [name, text] = await read(value).catch(() => ["", ""]);
    const part = text.slice(0, Math.max(0, left) * 4);
    if (part) {
      blocks.push(`<attachment name=${JSON.stringify(name)}>\n${part}\n</attachment>`);
      left -= estimateTokens(part);
    }
  }
  return blocks.join("\n\n");
}

async function read(value: unknown): Promise<[name: string, text: string]> {
  if (typeof value === "string") {
    return ["text", value];
  }
  const uri = value instanceof vscode.Location ? value.uri : value;
  if (!(uri instanceof vscode.Uri)) {
    return ["", ""];
  }
  const document = await vscode.workspace.openTextDocument(uri);
  return [basename(uri.path), document.getText(value instanceof vscode.Location ? value.range : undefined)];
}

/** The first attached file of the open folders. */
export function attachedFile(references: readonly vscode.ChatPromptReference[]): vscode.Uri | undefined {
  for (const { value } of references) {
    const uri = value instanceof vscode.Location ? value.uri : value;
    if (uri instanceof vscode.Uri && uri.scheme === "file" && vscode.workspace.getWorkspaceFolder(uri)) {
      return uri;
    }
  }
  return undefined;
}
