/** How the user likes to work: adding, showing, changing, removing. */

import * as vscode from "vscode";
import { sendOrAsk } from "./keeping";
import * as wire from "./protocol";
import { messageOf, type Server } from "./server";

/** `Aiana: Add Preference`. */
export async function addPreference(server: Server): Promise<void> {
  const text = await vscode.window.showInputBox({
    title: vscode.l10n.t("Add Preference"),
    prompt: vscode.l10n.t("How you like to work, for all your assistants"),
    placeHolder: vscode.l10n.t("Uses uv for Python dependencies"),
    ignoreFocusOut: true,
  });
  if (text?.trim()) {
    await keep(server, text);
  }
}

async function keep(server: Server, text: string): Promise<wire.Profile | undefined> {
  const same = ({ text: other }: wire.Preference) => other === text.trim().split(/\s+/).join(" ");
  const outcome = await sendOrAsk(server, text, async () => {
    const known = preferencesOf(await server.request(wire.preferenceList, {})).some(same);
    return { known, profile: await server.request(wire.preferenceAdd, { text }) };
  });
  if (!outcome) {
    return undefined;
  }
  if (outcome.known) {
    void vscode.window.showInformationMessage(vscode.l10n.t("This preference is kept already."));
  } else if (!preferencesOf(outcome.profile).some(same)) {
    void vscode.window.showInformationMessage(
      vscode.l10n.t("Preference kept. A secret was taken out before it was stored."),
    );
  } else {
    vscode.window.setStatusBarMessage(`$(check) ${vscode.l10n.t("Preference kept")}`, 4_000);
  }
  return outcome.profile;
}

function preferencesOf(profile: wire.Profile): wire.Preference[] {
  return [...profile.static, ...profile.dynamic];
}

interface PreferenceItem extends vscode.QuickPickItem {
  preference?: wire.Preference;
}

/** `Aiana: Manage Preferences`: Enter changes one, its button removes it, the last entry adds one. */
export async function managePreferences(server: Server): Promise<void> {
  const profile = await server.request(wire.preferenceList, {});
  const pick = vscode.window.createQuickPick<PreferenceItem>();
  const remove: vscode.QuickInputButton = {
    iconPath: new vscode.ThemeIcon("trash"),
    tooltip: vscode.l10n.t("Remove"),
  };
  const add: PreferenceItem = {
    label: vscode.l10n.t("Add Preference"),
    iconPath: new vscode.ThemeIcon("add"),
    alwaysShow: true,
  };
  const show = (preferences: wire.Preference[]) => {
    pick.items = [
      ...preferences.map((preference) => ({ label: preference.text, preference, buttons: [remove] })),
      add,
    ];
  };
  pick.title = vscode.l10n.t("Preferences");
  pick.placeholder = vscode.l10n.t("How you like to work, for all your assistants. Enter changes one.");
  pick.onDidHide(() => pick.dispose());
  pick.onDidAccept(() => {
    const [chosen] = pick.selectedItems;
    pick.hide();
    void showErrors(chosen?.preference ? change(server, chosen.preference) : addPreference(server));
  });
  pick.onDidTriggerItemButton(({ item: { preference } }) => {
    if (preference) {
      void showErrors(
        server
          .request(wire.preferenceRemove, { id: preference.id })
          .then((left) => show(preferencesOf(left))),
      );
    }
  });
  show(preferencesOf(profile));
  pick.show();
}

async function change(server: Server, preference: wire.Preference): Promise<void> {
  const text = await vscode.window.showInputBox({
    title: vscode.l10n.t("Change Preference"),
    prompt: vscode.l10n.t("Empty the field to remove it."),
    value: preference.text,
    ignoreFocusOut: true,
  });
  if (text === undefined || text.trim() === preference.text) {
    return;
  }
  if (!text.trim() || (await keep(server, text))) {
    await server.request(wire.preferenceRemove, { id: preference.id });
  }
}

async function showErrors(work: Promise<void>): Promise<void> {
  await work.catch((error: unknown) => vscode.window.showErrorMessage(messageOf(error)));
}
