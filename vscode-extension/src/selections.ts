/** What is selected: in an editor, in a terminal, in the chat, or what was copied last. */

import * as vscode from "vscode";
import { firstLine } from "./labels";
import type { MemoryAddParams } from "./protocol";

/** A text and where it comes from. */
export type Selected = Pick<MemoryAddParams, "content" | "origin" | "metadata">;

/** The selections of the active editor, with their file and lines. */
export function selectedInEditor(): Selected | undefined {
  const editor = vscode.window.activeTextEditor;
  const selections = editor?.selections.filter(({ isEmpty }) => !isEmpty) ?? [];
  const content = selections.map((selection) => editor!.document.getText(selection)).join("\n");
  if (!editor || !content.trim()) {
    return undefined;
  }
  const range = selections.reduce<vscode.Range>((all, selection) => all.union(selection), selections[0]!);
  return { content, origin: { uri: editor.document.uri.toString(), range } };
}

export async function selectedInTerminal(): Promise<Selected | undefined> {
  const content = (await copiedBy("workbench.action.terminal.copySelection")).trimEnd();
  return content
    ? { content, metadata: { origin: { terminal: vscode.window.activeTerminal?.name } } }
    : undefined;
}

/** What is marked in the chat while it has the focus. */
export async function selectedInChat(): Promise<Selected | undefined> {
  return fromChat(await copiedBy("editor.action.clipboardCopyAction"));
}

/** All turns of the chat that was used last. */
export async function wholeChat(): Promise<Selected | undefined> {
  return fromChat(await copiedBy("workbench.action.chat.copyAll"));
}

/** What was copied last, from a chat or from anywhere, if the answer to `question` is `yes`. */
export async function offerCopied(
  question: (line: string) => string,
  yes: string,
  nothing: string,
): Promise<Selected | undefined> {
  const content = await vscode.env.clipboard.readText();
  if (!content.trim()) {
    void vscode.window.showInformationMessage(nothing);
    return undefined;
  }
  const answer = await vscode.window.showInformationMessage(question(firstLine(content)), yes);
  return answer === yes ? { content } : undefined;
}

function fromChat(text: string): Selected | undefined {
  const content = text.trim();
  return content ? { content, metadata: { origin: { chat: vscode.env.appName } } } : undefined;
}

/** What a command puts on the clipboard, which is as before afterwards; empty if the command does nothing. */
async function copiedBy(command: string): Promise<string> {
  const before = await vscode.env.clipboard.readText();
  const marker = `aiana-${crypto.randomUUID()}`;
  await vscode.env.clipboard.writeText(marker);
  try {
    await vscode.commands.executeCommand(command);
    const text = await vscode.env.clipboard.readText();
    return text === marker ? "" : text;
  } catch {
    return ""; // The command does not exist in this editor, or has nothing to work on.
  } finally {
    await vscode.env.clipboard.writeText(before);
  }
}
