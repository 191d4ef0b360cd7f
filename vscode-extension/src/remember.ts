/** Keeping texts: from a selection, from an input, from a chat. */

import * as vscode from "vscode";
import * as wire from "./protocol";
import type { Server } from "./server";
import { currentProject } from "./workspace";

/** Keep `params`, and say what came of it. */
export async function storeMemory(server: Server, params: wire.MemoryAddParams): Promise<wire.MemoryAdded> {
  const project = params.project ?? currentProject()?.path ?? "";
  const idempotencyKey = crypto.randomUUID();
  const result = await server.request(wire.memoryAdd, { ...params, project, idempotencyKey });
  announce(result);
  return result;
}

function announce({ memory, duplicateOf, redactions }: wire.MemoryAdded): void {
  const open = vscode.l10n.t("Open");
  const show = (message: string) =>
    void vscode.window.showInformationMessage(message, open).then((choice) => {
      if (choice === open) {
        void vscode.commands.executeCommand("aiana.hit.open", `aiana:///memory/${encodeURIComponent(memory.id)}`);
      }
    });
  if (duplicateOf) {
    show(vscode.l10n.t("This is remembered already."));
  } else if (redactions) {
    show(
      redactions === 1
        ? vscode.l10n.t("Remembered. One secret was taken out before it was stored.")
        : vscode.l10n.t("Remembered. {0} secrets were taken out before it was stored.", redactions),
    );
  } else {
    vscode.window.setStatusBarMessage(`$(check) ${vscode.l10n.t("Remembered")}`, 4_000);
  }
}

/** `Aiana: Remember Selection`: of the editor, else of the terminal. */
export async function rememberSelection(server: Server): Promise<void> {
  const editor = vscode.window.activeTextEditor;
  const content = editor?.document.getText(editor.selection) ?? "";
  if (editor && content.trim()) {
    const { uri } = editor.document;
    await storeMemory(server, { content, origin: { uri: uri.toString(), range: editor.selection } });
    return;
  }
  const copied = await copiedBy("workbench.action.terminal.copySelection");
  if (copied.trim()) {
    await storeMemory(server, { content: copied, metadata: { origin: { terminal: vscode.window.activeTerminal?.name } } });
    return;
  }
  void vscode.window.showInformationMessage(vscode.l10n.t("Select a text in an editor or a terminal first."));
}

/** `Aiana: Remember This Conversation`: the whole chat that is open. */
export async function rememberConversation(server: Server): Promise<void> {
  const content = await copiedBy("workbench.action.chat.copyAll");
  if (!content.trim()) {
    void vscode.window.showInformationMessage(vscode.l10n.t("There is no open chat with something in it."));
    return;
  }
  await storeMemory(server, { content, memoryType: "conversation" });
}

/** What a command puts on the clipboard, which is as before afterwards; empty if the command does nothing. */
async function copiedBy(command: string): Promise<string> {
  const before = await vscode.env.clipboard.readText();
  const marker = `aiana-${crypto.randomUUID()}`;
  await vscode.env.clipboard.writeText(marker);
  try {
    await vscode.commands.executeCommand(command);
    const copied = await vscode.env.clipboard.readText();
    return copied === marker ? "" : copied;
  } catch {
    return ""; // The command does not exist in this editor, or has nothing to work on.
  } finally {
    await vscode.env.clipboard.writeText(before);
  }
}

interface Template extends vscode.QuickPickItem {
  memoryType: wire.MemoryType;
  /** What the input begins with. */
  text: string;
}

/** `Aiana: Remember…`: what kind, for where, and the text. */
export async function remember(server: Server): Promise<void> {
  const template = await vscode.window.showQuickPick(templates(), {
    title: vscode.l10n.t("Remember"),
    placeHolder: vscode.l10n.t("What kind of memory is it?"),
  });
  const project = template && (await chooseScope());
  if (!template || project === undefined) {
    return;
  }
  const content = await vscode.window.showInputBox({
    title: template.label,
    prompt: vscode.l10n.t("One to three sentences that can be understood next month"),
    value: template.text,
    valueSelection: [template.text.length, template.text.length],
    ignoreFocusOut: true,
    validateInput: (value) => (value.trim() ? undefined : vscode.l10n.t("Say what to remember.")),
  });
  if (content) {
    await storeMemory(server, { content, memoryType: template.memoryType, project });
  }
}

function templates(): Template[] {
  return [
    { label: vscode.l10n.t("Insight"), description: vscode.l10n.t("something found out"), iconPath: new vscode.ThemeIcon("lightbulb"), memoryType: "insight", text: "" },
    { label: vscode.l10n.t("Decision"), description: vscode.l10n.t("what was chosen, and why"), iconPath: new vscode.ThemeIcon("git-merge"), memoryType: "insight", text: vscode.l10n.t("Decided: ") },
    { label: vscode.l10n.t("Problem and fix"), description: vscode.l10n.t("the cause, and what helped"), iconPath: new vscode.ThemeIcon("tools"), memoryType: "insight", text: vscode.l10n.t("Cause and fix: ") },
    { label: vscode.l10n.t("Pattern"), description: vscode.l10n.t("how things are done here"), iconPath: new vscode.ThemeIcon("symbol-structure"), memoryType: "pattern", text: "" },
    { label: vscode.l10n.t("Preference"), description: vscode.l10n.t("how you like to work"), iconPath: new vscode.ThemeIcon("account"), memoryType: "preference", text: "" },
  ];
}

/** A project's folder, an empty text for everywhere, undefined when the user gave up. */
async function chooseScope(): Promise<string | undefined> {
  const project = currentProject();
  if (!project) {
    return "";
  }
  const choice = await vscode.window.showQuickPick(
    [
      { label: vscode.l10n.t("In {0}", project.name), iconPath: new vscode.ThemeIcon("folder"), project: project.path },
      { label: vscode.l10n.t("In all projects"), iconPath: new vscode.ThemeIcon("globe"), project: "" },
    ],
    { title: vscode.l10n.t("Remember"), placeHolder: vscode.l10n.t("Where does it hold?") },
  );
  return choice?.project;
}
