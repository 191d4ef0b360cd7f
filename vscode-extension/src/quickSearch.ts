/** `Aiana: Search Memories`: live hits in a quick pick. */

import * as vscode from "vscode";
import type { HitActions } from "./hitActions";
import { age, linesOf, pickLine } from "./labels";
import { itemOfHit } from "./panelItems";
import type { Action, PanelItem } from "./panelMessages";
import { overlaid } from "./partialResults";
import * as wire from "./protocol";
import { messageOf, type Server } from "./server";
import { currentProject } from "./workspace";

const DEBOUNCE_MS = 40;
const LIMIT = 30;
/** Characters that stand in one line of a quick pick. */
const LINE = 80;

interface HitItem extends vscode.QuickPickItem {
  uri?: string;
}

interface ActionButton extends vscode.QuickInputButton {
  action: Action;
}

export function quickSearch(server: Server, actions: HitActions): void {
  const pick = inGivenOrder(vscode.window.createQuickPick<HitItem>());
  const toggle = vscode.l10n.t("All projects");
  const project = currentProject();
  let all = project === undefined;
  let timer: NodeJS.Timeout | undefined;
  let searching: vscode.CancellationTokenSource | undefined;
  /** What was asked, and the row that was made the active one. */
  let shown: { query: string; active: string | undefined } = { query: "", active: undefined };

  /** The best is active, until the user goes to another while hits of the same words join. */
  const show = (query: string, { hits, nextCursor }: wire.SearchResult, partial: boolean) => {
    const active = pick.activeItems[0]?.uri;
    const chosen = query === shown.query && active !== shown.active ? active : undefined;
    const found = hits.map(itemOfHit);
    actions.noteShown(found);
    const items = found.map(hitItem);
    pick.items = partial && nextCursor ? overlaid(items, pick.items) : items;
    const next = pick.items.find(({ uri }) => uri === chosen) ?? pick.items[0];
    pick.activeItems = next ? [next] : [];
    shown = { query, active: chosen ? shown.active : next?.uri };
  };
  const search = async () => {
    searching?.cancel();
    const query = pick.value.trim();
    if (!query) {
      pick.items = [];
      pick.busy = false;
      return;
    }
    const source = new vscode.CancellationTokenSource();
    searching = source;
    pick.busy = true;
    try {
      const textDocument = project && { uri: project.uri };
      const params: wire.SearchParams = { query, limit: LIMIT, scope: all ? "all" : "project", textDocument };
      const partial = (result: wire.SearchResult) =>
        !source.token.isCancellationRequested && show(query, result, true);
      const result = await server.requestWithProgress(
        wire.search,
        params,
        "partialResultToken",
        partial,
        source.token,
      );
      if (!source.token.isCancellationRequested) {
        show(query, result, false);
        pick.busy = false;
        if (!result.hits.length) {
          pick.items = nothingFound(result.notes);
        }
      }
    } catch (error) {
      if (!source.token.isCancellationRequested) {
        pick.items = [{ label: `$(error) ${messageOf(error)}`, alwaysShow: true }];
        pick.busy = false;
      }
    } finally {
      source.dispose();
    }
  };
  const retitle = () => {
    pick.title = all
      ? vscode.l10n.t("Search memories of all projects")
      : vscode.l10n.t("Search memories of {0}", project!.name);
  };

  pick.placeholder = vscode.l10n.t("Words or a question; after:30d, role:user, -without");
  pick.buttons = project ? [{ iconPath: new vscode.ThemeIcon("globe"), tooltip: toggle }] : [];
  retitle();
  pick.onDidTriggerButton(() => {
    all = !all;
    retitle();
    void search();
  });
  pick.onDidChangeValue(() => {
    clearTimeout(timer);
    timer = setTimeout(() => void search(), pick.busy ? DEBOUNCE_MS : 0);
  });
  pick.onDidTriggerItemButton(({ item, button }) => {
    if (item.uri) {
      pick.hide();
      void actions.run((button as ActionButton).action, [item.uri]);
    }
  });
  pick.onDidAccept(() => {
    const uri = pick.selectedItems[0]?.uri;
    if (uri) {
      pick.hide();
      void actions.run("open", [uri]);
    }
  });
  pick.onDidHide(() => {
    clearTimeout(timer);
    searching?.cancel();
    pick.dispose();
  });
  pick.show();
  void server.ensureStarted();
}

function nothingFound(notes: string[]): HitItem[] {
  const lines = [vscode.l10n.t("Nothing found"), ...notes.flatMap((note) => linesOf(pickLine(note), LINE))];
  return lines.map((label) => ({ label, alwaysShow: true }));
}

/** Hits come best first: VS Code is not to sort them by where the words stand in their labels. */
function inGivenOrder<T extends vscode.QuickPick<HitItem>>(pick: T): T {
  // Not among the types that extensions are given, but there since 2019; what lacks it sorts.
  (pick as T & { sortByLabel: boolean }).sortByLabel = false;
  pick.matchOnDescription = false;
  pick.matchOnDetail = false;
  return pick;
}

function hitItem(item: PanelItem): HitItem {
  const buttons: ActionButton[] = [
    {
      action: "addToChat",
      iconPath: new vscode.ThemeIcon("comment-discussion"),
      tooltip: vscode.l10n.t("Add to Chat"),
    },
    {
      action: "insert",
      iconPath: new vscode.ThemeIcon("insert"),
      tooltip: vscode.l10n.t("Insert at Cursor"),
    },
    { action: "copy", iconPath: new vscode.ThemeIcon("copy"), tooltip: vscode.l10n.t("Copy Text") },
  ];
  const facts = [item.title, item.detail, item.project, age(item.timestamp, Date.now(), vscode.env.language)];
  return {
    uri: item.uri,
    label: pickLine(item.text),
    detail: pickLine(facts.filter(Boolean).join(" · ")),
    iconPath: new vscode.ThemeIcon(item.icon),
    alwaysShow: true,
    buttons,
  };
}
