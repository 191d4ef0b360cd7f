/** Keeping texts: from a selection, from an input, from a chat. */

import * as vscode from "vscode";
import { addMemoryOrAsk } from "./keeping";
import type * as wire from "./protocol";
import {
  offerCopied,
  type Selected,
  selectedInChat,
  selectedInEditor,
  selectedInTerminal,
  wholeChat,
} from "./selections";
import type { Server } from "./server";
import { firstLine } from "./labels";
import { currentProject, type Project } from "./workspace";

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
      void vscode.commands.executeCommand("aiana.hit.open", memory.uri);
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
  const params = selected ?? (await askedOfCopied());
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
      : (inTerminal ?? inEditor ?? (await askedOfCopied()));
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

/** With nothing selected, what was copied last may be meant. */
function askedOfCopied(): Promise<Selected | undefined> {
  return offerCopied(
    (line) => vscode.l10n.t("Nothing is selected. Remember what was copied? “{0}”", line),
    vscode.l10n.t("Remember"),
    vscode.l10n.t("Select a text in an editor or a terminal, or copy one, first."),
  );
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

interface Kind extends vscode.QuickPickItem {
  memoryType: wire.MemoryType;
  /** What the text is given in front, unless it begins so. */
  prefix: string;
}

interface Place extends vscode.QuickPickItem {
  project: string;
}

/** `Aiana: Remember…`: the text, what kind it is, and where it holds; each step can be gone back to. */
export async function remember(server: Server): Promise<void> {
  const places = placesOf(currentProject());
  const steps = places.length > 1 ? 3 : 2;
  let text = textAtCursor();
  let kind: Kind | undefined;
  let place: Place | undefined = places.length > 1 ? undefined : places[0];
  for (let step = 1; step <= steps;) {
    if (step === 1) {
      const given = await askText(text, steps);
      if (given === undefined) {
        return;
      }
      text = given;
      step = 2;
    } else {
      const chosen =
        step === 2
          ? await choose(kinds(), vscode.l10n.t("What kind of memory is it?"), step, steps)
          : await choose(places, vscode.l10n.t("Where does it hold?"), step, steps);
      if (chosen === undefined) {
        return;
      }
      if (chosen === BACK) {
        step -= 1;
      } else if ("memoryType" in chosen) {
        kind = chosen;
        step = 3;
      } else {
        place = chosen;
        step = 4;
      }
    }
  }
  if (kind && place) {
    const { prefix, memoryType } = kind;
    const content = text.startsWith(prefix) ? text : `${prefix}${text}`;
    await storeMemory(server, { content, memoryType, project: place.project });
  }
}

/** What is selected, to begin with; an input has one line. */
function textAtCursor(): string {
  const editor = vscode.window.activeTextEditor;
  const text = editor ? editor.document.getText(editor.selection) : "";
  return text.length <= 400 ? text.trim().replace(/\s+/g, " ") : "";
}

const BACK = Symbol("back");

function askText(value: string, totalSteps: number): Promise<string | undefined> {
  const input = vscode.window.createInputBox();
  input.title = vscode.l10n.t("Remember");
  input.step = 1;
  input.totalSteps = totalSteps;
  input.prompt = vscode.l10n.t("One to three sentences that can be understood next month");
  input.placeholder = vscode.l10n.t("Integration tests need make services before they run");
  input.value = value;
  input.ignoreFocusOut = true;
  return new Promise((resolve) => {
    input.onDidChangeValue(() => (input.validationMessage = undefined));
    input.onDidAccept(() => {
      if (input.value.trim()) {
        resolve(input.value.trim());
        input.hide();
      } else {
        input.validationMessage = vscode.l10n.t("Say what to remember.");
      }
    });
    input.onDidHide(() => {
      resolve(undefined);
      input.dispose();
    });
    input.show();
  });
}

function choose<T extends Kind | Place>(
  items: T[],
  placeholder: string,
  step: number,
  totalSteps: number,
): Promise<T | typeof BACK | undefined> {
  const pick = vscode.window.createQuickPick<T>();
  pick.title = vscode.l10n.t("Remember");
  pick.placeholder = placeholder;
  pick.step = step;
  pick.totalSteps = totalSteps;
  pick.items = items;
  pick.buttons = [vscode.QuickInputButtons.Back];
  pick.ignoreFocusOut = true;
  return new Promise((resolve) => {
    pick.onDidTriggerButton(() => {
      resolve(BACK);
      pick.hide();
    });
    pick.onDidAccept(() => {
      resolve(pick.selectedItems[0]);
      pick.hide();
    });
    pick.onDidHide(() => {
      resolve(undefined);
      pick.dispose();
    });
    pick.show();
  });
}

function kinds(): Kind[] {
  const kind = (
    icon: string,
    memoryType: wire.MemoryType,
    label: string,
    description: string,
    prefix = "",
  ): Kind => ({ label, description, iconPath: new vscode.ThemeIcon(icon), memoryType, prefix });
  const t = vscode.l10n.t;
  return [
    kind("lightbulb", "insight", t("Insight"), t("something found out")),
    kind("git-merge", "insight", t("Decision"), t("what was chosen, and why"), t("Decided: ")),
    kind("tools", "insight", t("Problem and fix"), t("the cause, and what helped"), t("Cause and fix: ")),
    kind("symbol-structure", "pattern", t("Pattern"), t("how things are done here")),
    kind("account", "preference", t("Preference"), t("how you like to work")),
  ];
}

/** A project's folder, and an empty text for everywhere. */
function placesOf(project: Project | undefined): Place[] {
  const everywhere = {
    label: vscode.l10n.t("In all projects"),
    iconPath: new vscode.ThemeIcon("globe"),
    project: "",
  };
  return project
    ? [
        {
          label: vscode.l10n.t("In {0}", project.name),
          iconPath: new vscode.ThemeIcon("folder"),
          project: project.path,
        },
        everywhere,
      ]
    : [everywhere];
}
