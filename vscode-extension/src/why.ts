/** `Aiana: Why Is This Line So?`: the turns whose edits stand at the cursor, in a quick pick. */

import * as vscode from "vscode";
import type { Documents } from "./documents";
import { age, pickLine } from "./labels";
import * as wire from "./protocol";
import type { Server } from "./server";

interface ReasonItem extends vscode.QuickPickItem {
  uri: string;
}

/** Ask about the selected lines of the active file, and open the turn that is picked. */
export async function showWhy(server: Server, documents: Documents): Promise<void> {
  const editor = vscode.window.activeTextEditor;
  if (editor?.document.uri.scheme !== "file") {
    void vscode.window.showInformationMessage(vscode.l10n.t("Open a file to ask about its lines."));
    return;
  }
  const params = { textDocument: { uri: editor.document.uri.toString() }, range: editor.selection };
  const why = await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Window, title: vscode.l10n.t("Looking why this is so") },
    () => server.request(wire.why, params),
  );
  if (!why.reasons.length) {
    const nothing = vscode.l10n.t("No session is surely known to have written this.");
    void vscode.window.showInformationMessage([nothing, ...why.notes].join(" "));
    return;
  }
  const picked = await vscode.window.showQuickPick(why.reasons.map(itemOf), {
    title: vscode.l10n.t("Why is this line so?"),
    placeHolder: why.notes.join(" ") || vscode.l10n.t("The newest turn first; Enter opens it"),
    matchOnDescription: true,
    matchOnDetail: true,
  });
  if (picked) {
    await documents.open(picked.uri, { preview: false, preserveFocus: false });
  }
}

function itemOf(reason: wire.Reason): ReasonItem {
  const asked = reason.asked?.text ?? reason.sessionTitle ?? reason.path;
  const rejected = reason.rejected.length
    ? vscode.l10n.t("{0} refused before", reason.rejected.length)
    : undefined;
  const facts = [
    reason.how,
    rejected,
    reason.sessionTitle,
    age(reason.timestamp, Date.now(), vscode.env.language),
  ];
  return { uri: reason.uri, label: pickLine(asked), detail: pickLine(facts.filter(Boolean).join(" · ")) };
}
