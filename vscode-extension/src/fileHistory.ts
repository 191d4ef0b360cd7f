/** `Aiana: History of This File`: the turns that edited, read or named a file, in a quick pick. */

import { basename } from "node:path";
import * as vscode from "vscode";
import type { Documents } from "./documents";
import { age, assistantIcon, assistantTitle, pickLine } from "./labels";
import * as wire from "./protocol";
import { messageOf, type Server } from "./server";

const PAGE = 50;

interface EntryItem extends vscode.QuickPickItem {
  /** Of the turn; the row that fetches the next page has none. */
  uri?: string;
}

/** Ask about a file, or else the active one, and open the turn that is picked. */
export async function showFileHistory(
  server: Server,
  documents: Documents,
  file: vscode.Uri | undefined = vscode.window.activeTextEditor?.document.uri,
): Promise<void> {
  if (file?.scheme !== "file") {
    void vscode.window.showInformationMessage(vscode.l10n.t("Open a file to see its history."));
    return;
  }
  const textDocument = { uri: file.toString() };
  const ask = (cursor?: string) => server.request(wire.fileHistory, { textDocument, limit: PAGE, cursor });
  const first = await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Window, title: vscode.l10n.t("Looking for the history of the file") },
    () => ask(),
  );
  if (!first.entries.length) {
    const nothing = vscode.l10n.t("No session had to do with this file.");
    void vscode.window.showInformationMessage([nothing, ...first.notes].join(" "));
    return;
  }
  pickEntry(basename(file.fsPath), first, ask, (uri) =>
    documents.open(uri, { preview: false, preserveFocus: false }),
  );
}

/** Show page after page; `open` is called with the URI of the turn that is chosen. */
function pickEntry(
  name: string,
  first: wire.FileHistory,
  ask: (cursor: string) => Promise<wire.FileHistory>,
  open: (uri: string) => Promise<void>,
): void {
  const pick = vscode.window.createQuickPick<EntryItem>();
  const more: EntryItem = { label: `$(ellipsis) ${vscode.l10n.t("More…")}`, alwaysShow: true };
  let items: EntryItem[] = [];
  let cursor: string | null = null;
  const show = (page: wire.FileHistory) => {
    const fresh = page.entries.map((entry) => itemOf(entry, name));
    items = [...items, ...fresh];
    cursor = page.nextCursor;
    pick.keepScrollPosition = true;
    pick.items = cursor === null ? items : [...items, more];
    pick.activeItems = fresh.slice(0, 1);
  };
  const goOn = async (from: string) => {
    pick.busy = true;
    show(await ask(from));
    pick.busy = false;
  };
  const accept = async () => {
    const [chosen] = pick.selectedItems;
    if (chosen?.uri !== undefined) {
      pick.hide();
      await open(chosen.uri);
    } else if (chosen && cursor !== null && !pick.busy) {
      await goOn(cursor);
    }
  };
  pick.title = vscode.l10n.t("History of {0}", name);
  pick.placeholder = first.notes.join(" ") || vscode.l10n.t("The newest turn first; Enter opens it");
  pick.matchOnDescription = true;
  pick.matchOnDetail = true;
  show(first);
  pick.onDidAccept(() => {
    accept().catch((error: unknown) => {
      pick.hide();
      void vscode.window.showErrorMessage(messageOf(error));
    });
  });
  pick.onDidHide(() => pick.dispose());
  pick.show();
}

function itemOf(entry: wire.FileEntry, name: string): EntryItem {
  const facts = [
    touchWord(entry.touch),
    entry.lines && vscode.l10n.t("lines {0} to {1}", ...entry.lines),
    age(entry.timestamp, Date.now(), vscode.env.language),
    assistantTitle(entry.source),
    // A file that was moved since is found under the name that it had.
    basename(entry.path) === name ? undefined : entry.path,
  ];
  return {
    uri: entry.uri,
    label: pickLine(entry.sessionTitle || entry.sessionId),
    detail: pickLine(facts.filter(Boolean).join(" · ")),
    iconPath: new vscode.ThemeIcon(assistantIcon(entry.source)),
  };
}

function touchWord(touch: wire.FileEntry["touch"]): string {
  return {
    created: vscode.l10n.t("created"),
    deleted: vscode.l10n.t("deleted"),
    edited: vscode.l10n.t("edited"),
    named: vscode.l10n.t("named"),
    read: vscode.l10n.t("read"),
  }[touch];
}
