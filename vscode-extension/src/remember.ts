/** Keeping texts: from a selection, from an input, from a chat. */

import * as vscode from "vscode";
import { addMemoryOrAsk } from "./keeping";
import type * as wire from "./protocol";
import {
  copied,
  type Selected,
  selectedInChat,
  selectedInEditor,
  selectedInTerminal,
  wholeChat,
} from "./selections";
import type { Server } from "./server";
import { firstLine } from "./labels";
import { currentProject } from "./workspace";

/** Keep `params`, and say what came of it; undefined if it could not be kept. */
export async function storeMemory(
  server: Server,
  params: wire.MemoryAddParams,
): Promise<wire.MemoryAdded | undefined> {
  const result = await addMemoryOrAsk(server, params);
  if (result) {
    announce(result);
  }
  return result;
}

function announce(result: wire.MemoryAdded): void {
  const { memory, duplicateOf, redactions } = result;
  if (!duplicateOf && !redactions) {
    vscode.window.setStatusBarMessage(
      `$(check) ${vscode.l10n.t("Remembered: {0}", firstLine(memory.content))}`,
      6_000,
    );
    return;
  }
  const open = vscode.l10n.t("Open");
  void vscode.window.showInformationMessage(outcomeOf(result), open).then((choice) => {
    if (choice === open) {
      void vscode.commands.executeCommand(
        "aiana.hit.open",
        `aiana:///memory/${encodeURIComponent(memory.id)}`,
      );
    }
  });
}

/** What came of keeping a text, in one or two sentences. */
export function outcomeOf({ duplicateOf, redactions }: wire.MemoryAdded): string {
  if (duplicateOf) {
    return vscode.l10n.t("This is remembered already.");
  }
  if (!redactions) {
    return vscode.l10n.t("Remembered.");
  }
  return redactions === 1
    ? vscode.l10n.t("Remembered. One secret was taken out before it was stored.")
    : vscode.l10n.t("Remembered. {0} secrets were taken out before it was stored.", redactions);
}

/** `Aiana: Remember Selection`; `place` is what the menu or the key that was used knows about where it is. */
export async function rememberSelection(server: Server, place: unknown): Promise<void> {
  const selected = await (place === "chat" ? selectedInChat() : selectedInEditor());
  const params = selected ?? (await offerCopied());
  if (params) {
    await storeMemory(server, params);
  }
}

/** The same while something is selected in a terminal; only from the palette may an editor's selection be meant instead. */
export async function rememberTerminalSelection(server: Server, place: unknown): Promise<void> {
  const inTerminal = await selectedInTerminal();
  const inEditor = place === undefined ? selectedInEditor() : undefined;
  const selected =
    inTerminal && inEditor
      ? await chooseOne(inTerminal, inEditor)
      : (inTerminal ?? inEditor ?? (await offerCopied()));
  if (selected) {
    await storeMemory(server, selected);
  }
}

async function chooseOne(inTerminal: Selected, inEditor: Selected): Promise<Selected | undefined> {
  const choice = await vscode.window.showQuickPick(
    [
      {
        label: firstLine(inTerminal.content),
        description: vscode.l10n.t("in the terminal"),
        iconPath: new vscode.ThemeIcon("terminal"),
        selected: inTerminal,
      },
      {
        label: firstLine(inEditor.content),
        description: vscode.l10n.t("in the editor"),
        iconPath: new vscode.ThemeIcon("file"),
        selected: inEditor,
      },
    ],
    { title: vscode.l10n.t("Remember Selection"), placeHolder: vscode.l10n.t("Which selection?") },
  );
  return choice?.selected;
}

/** With nothing selected, what was copied last may be meant: from a chat, or from anywhere. */
async function offerCopied(): Promise<Selected | undefined> {
  const text = await copied();
  if (!text) {
    void vscode.window.showInformationMessage(
      vscode.l10n.t("Select a text in an editor or a terminal, or copy one, first."),
    );
    return undefined;
  }
  const yes = vscode.l10n.t("Remember");
  const question = vscode.l10n.t(
    "Nothing is selected. Remember what was copied? “{0}”",
    firstLine(text.content),
  );
  return (await vscode.window.showInformationMessage(question, yes)) === yes ? text : undefined;
}

/** `Aiana: Remember This Conversation`: the whole chat that is open. */
export async function rememberConversation(server: Server): Promise<void> {
  const chat = await wholeChat();
  if (chat) {
    await storeMemory(server, { ...chat, memoryType: "conversation" });
  } else {
    void vscode.window.showInformationMessage(vscode.l10n.t("There is no open chat with something in it."));
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
    {
      label: vscode.l10n.t("Insight"),
      description: vscode.l10n.t("something found out"),
      iconPath: new vscode.ThemeIcon("lightbulb"),
      memoryType: "insight",
      text: "",
    },
    {
      label: vscode.l10n.t("Decision"),
      description: vscode.l10n.t("what was chosen, and why"),
      iconPath: new vscode.ThemeIcon("git-merge"),
      memoryType: "insight",
      text: vscode.l10n.t("Decided: "),
    },
    {
      label: vscode.l10n.t("Problem and fix"),
      description: vscode.l10n.t("the cause, and what helped"),
      iconPath: new vscode.ThemeIcon("tools"),
      memoryType: "insight",
      text: vscode.l10n.t("Cause and fix: "),
    },
    {
      label: vscode.l10n.t("Pattern"),
      description: vscode.l10n.t("how things are done here"),
      iconPath: new vscode.ThemeIcon("symbol-structure"),
      memoryType: "pattern",
      text: "",
    },
    {
      label: vscode.l10n.t("Preference"),
      description: vscode.l10n.t("how you like to work"),
      iconPath: new vscode.ThemeIcon("account"),
      memoryType: "preference",
      text: "",
    },
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
      {
        label: vscode.l10n.t("In {0}", project.name),
        iconPath: new vscode.ThemeIcon("folder"),
        project: project.path,
      },
      { label: vscode.l10n.t("In all projects"), iconPath: new vscode.ThemeIcon("globe"), project: "" },
    ],
    { title: vscode.l10n.t("Remember"), placeHolder: vscode.l10n.t("Where does it hold?") },
  );
  return choice?.project;
}
