/** What the user attached to a question in the chat. */

import { basename } from "node:path";
import * as vscode from "vscode";

/** Of what is kept of a text that is too long: the model may count more tokens in one part than in another. */
const MARGIN = 0.9;

/**
 * The attached texts, each in a block of its own, within `maxTokens` in all as `count` counts them; what cannot be
 * read is left out.
 */
export async function attachedTexts(
  references: readonly vscode.ChatPromptReference[],
  maxTokens: number,
  count: (text: string) => Thenable<number>,
): Promise<string> {
  const blocks: string[] = [];
  let left = maxTokens;
  for (const { value } of references) {
    const [name, text] = await read(value).catch(() => ["", ""]);
    const part = await beginning(text, left, count);
    if (part) {
      blocks.push(`<attachment name=${JSON.stringify(name)}>\n${part}\n</attachment>`);
      left -= await count(part);
    }
  }
  return blocks.join("\n\n");
}

/** As much of `text` as fits into `maxTokens`. */
async function beginning(
  text: string,
  maxTokens: number,
  count: (text: string) => Thenable<number>,
): Promise<string> {
  let part = maxTokens > 0 ? text : "";
  for (let tokens = await count(part); part && tokens > maxTokens; tokens = await count(part)) {
    part = part.slice(0, Math.floor(((part.length * maxTokens) / tokens) * MARGIN));
  }
  return part;
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
