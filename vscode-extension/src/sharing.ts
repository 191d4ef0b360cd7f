/** One conversation or memory as a file for somebody else: seen before it is saved. */

import * as vscode from "vscode";
import type { Documents } from "./documents";
import * as wire from "./protocol";

type Format = wire.Shared["format"];

const SUFFIX: Record<Format, string> = { markdown: "md", json: "jsonl" };

/** Ask for the form, and show what would be given away. */
export async function share(documents: Documents, uri: string): Promise<void> {
  const choice = await vscode.window.showQuickPick(
    [
      { label: "Markdown", detail: vscode.l10n.t("To be read"), format: "markdown" as const },
      { label: "JSON", detail: vscode.l10n.t("Whole, for another Aiana"), format: "json" as const },
    ],
    { title: vscode.l10n.t("Share: what it holds is shown before it is saved") },
  );
  if (choice) {
    await documents.preview(uri, choice.format);
  }
}

/** Save what a preview shows where the user wants to have it. */
export async function saveShared(documents: Documents, editor: vscode.TextEditor): Promise<void> {
  const shared = await documents.sharedIn(editor.document);
  if (!shared) {
    return;
  }
  const name = `${stem(shared.title)}.${SUFFIX[shared.format]}`;
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
  const place = await vscode.window.showSaveDialog({
    title: vscode.l10n.t("Share"),
    defaultUri: folder ? vscode.Uri.joinPath(folder, name) : undefined,
    filters: { [shared.format === "json" ? "JSON" : "Markdown"]: [SUFFIX[shared.format]] },
  });
  if (place) {
    await vscode.workspace.fs.writeFile(place, new TextEncoder().encode(shared.text));
    vscode.window.setStatusBarMessage(`$(check) ${vscode.l10n.t("Saved: {0}", place.fsPath)}`, 6_000);
  }
}

/** A sentence on what is not in a file that is shared. */
export function takenOut(shared: wire.Shared): string {
  const kinds = Object.entries(shared.takenOut).map(([kind, count]) => `${kind} ${count}`);
  return kinds.length
    ? vscode.l10n.t(
        "Folders of this machine are left out of its facts; secrets were taken out: {0}.",
        kinds.join(", "),
      )
    : vscode.l10n.t("Folders of this machine are left out of its facts; no secret was found in it.");
}

/** A title as the name of a file on any system. */
export function stem(title: string): string {
  const words = title.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  return Array.from(words.join("-")).slice(0, 60).join("").replace(/-$/, "") || "aiana";
}
