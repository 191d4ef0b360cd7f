/** How the user likes to work: adding, showing, removing. */

import * as vscode from "vscode";
import * as wire from "./protocol";
import type { Server } from "./server";

export async function addPreference(server: Server): Promise<void> {
  const text = await vscode.window.showInputBox({
    title: vscode.l10n.t("Add Preference"),
    prompt: vscode.l10n.t("How you like to work, for all your assistants"),
    placeHolder: vscode.l10n.t("Uses uv for Python dependencies"),
    ignoreFocusOut: true,
  });
  if (text?.trim()) {
    await server.request(wire.preferenceAdd, { text: text.trim() });
    vscode.window.setStatusBarMessage(`$(check) ${vscode.l10n.t("Preference kept")}`, 4_000);
  }
}

interface PreferenceItem extends vscode.QuickPickItem {
  preference?: wire.Preference;
}

/** A list with a button to remove each, and one to add. */
export async function managePreferences(server: Server): Promise<void> {
  const pick = vscode.window.createQuickPick<PreferenceItem>();
  const remove: vscode.QuickInputButton = { iconPath: new vscode.ThemeIcon("trash"), tooltip: vscode.l10n.t("Remove") };
  const add: PreferenceItem = { label: `$(add) ${vscode.l10n.t("Add Preference")}`, alwaysShow: true };
  const show = (profile: wire.Profile) => {
    const preferences = [...profile.static, ...profile.dynamic];
    pick.items = [...preferences.map((preference) => ({ label: preference.text, preference, buttons: [remove] })), add];
  };
  pick.title = vscode.l10n.t("Preferences");
  pick.onDidHide(() => pick.dispose());
  pick.onDidAccept(() => {
    if (pick.selectedItems[0] === add) {
      pick.hide();
      void vscode.commands.executeCommand("aiana.addPreference");
    }
  });
  pick.onDidTriggerItemButton(async ({ item }) => {
    if (item.preference) {
      show(await server.request(wire.preferenceRemove, { id: item.preference.id }));
    }
  });
  show(await server.request(wire.preferenceList, {}));
  pick.show();
}
