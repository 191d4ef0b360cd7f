/** The side panel: answers its webview's questions with the server's results. */

import * as vscode from "vscode";
import type { HitActions } from "./hitActions";
import { itemOfHit, itemOfMemory, itemOfSession, searchFilter } from "./panelItems";
import { assistantTitle } from "./labels";
import type { Filters, HomeRows, PanelItem, Part, ToExtension, ToPanel } from "./panelMessages";
import * as wire from "./protocol";
import { messageOf, type Server } from "./server";
import { currentProject, onDidChangeProject } from "./workspace";

export const VIEW = "aiana.memories";
const PAGE = 20;
/** The protocol's limit of one answer. */
const MOST_ROWS = 1000;

export class Panel implements vscode.WebviewViewProvider {
  private view: vscode.WebviewView | undefined;
  private searching: vscode.CancellationTokenSource | undefined;
  private wantsFocus = false;
  /** URIs of the selected rows; the context menu's commands work on all of them. */
  private selection: string[] = [];

  constructor(
    private readonly extensionUri: vscode.Uri,
    private readonly server: Server,
    private readonly actions: HitActions,
  ) {}

  register(): vscode.Disposable {
    return vscode.Disposable.from(
      vscode.window.registerWebviewViewProvider(VIEW, this),
      this.server.onDidChangeState(() => this.postServer()),
      this.server.onDidChangeStatus(() => this.postUnavailable()),
      this.server.onDidChangeStore(() => this.post({ type: "changed" })),
      onDidChangeProject(() => void this.postSetup()),
    );
  }

  async focus(): Promise<void> {
    this.wantsFocus = true;
    await this.server.ensureStarted();
    await vscode.commands.executeCommand(
      this.server.state === "missing" ? "aiana.welcome.focus" : `${VIEW}.focus`,
    );
    this.post({ type: "focus" });
  }

  /** Give the focus back to what had it in the panel, if that is to be seen. */
  async takeFocus(): Promise<void> {
    if (this.view?.visible) {
      await vscode.commands.executeCommand(`${VIEW}.focus`);
    }
  }

  /** The rows that a context menu's command is about: the one clicked, with the selection it belongs to. */
  targets(uri: string): string[] {
    return this.selection.includes(uri) ? this.selection : [uri];
  }

  resolveWebviewView(view: vscode.WebviewView): void {
    this.view = view;
    const folder = vscode.Uri.joinPath(this.extensionUri, "dist", "webview");
    view.webview.options = { enableScripts: true, localResourceRoots: [folder] };
    view.webview.onDidReceiveMessage((message: ToExtension) => void this.receive(message));
    view.onDidDispose(() => {
      this.view = undefined;
      this.selection = [];
      this.searching?.cancel();
    });
    view.webview.html = page(view.webview, folder);
  }

  private async receive(message: ToExtension): Promise<void> {
    switch (message.type) {
      case "ready":
        this.postServer();
        this.postUnavailable();
        await this.server.ensureStarted();
        await this.postSetup();
        if (this.wantsFocus) {
          this.wantsFocus = false;
          this.post({ type: "focus" });
        }
        break;
      case "search":
        await this.search(message);
        break;
      case "home":
        await this.home(message);
        break;
      case "selection":
        this.selection = message.uris;
        break;
      case "action":
        await this.actions.run(message.action, message.uris);
        break;
      case "copyText":
        await this.actions.copyText(message.text);
        break;
      case "command":
        await vscode.commands.executeCommand(message.command);
        break;
    }
  }

  private async search({
    id,
    query,
    filters,
    cursor,
    rows,
  }: Extract<ToExtension, { type: "search" }>): Promise<void> {
    this.searching?.cancel();
    const source = new vscode.CancellationTokenSource();
    this.searching = source;
    const show = (result: wire.SearchResult, partial: boolean) => {
      if (!source.token.isCancellationRequested) {
        this.postResults(id, result, partial, cursor !== undefined);
      }
    };
    try {
      const params = this.scoped(filters, {
        query,
        cursor,
        limit: Math.max(PAGE, Math.min(rows, MOST_ROWS)),
        filter: searchFilter(filters),
      });
      const partial = (result: wire.SearchResult) => show(result, true);
      const result = await this.server.requestWithProgress(
        wire.search,
        params,
        "partialResultToken",
        partial,
        source.token,
      );
      show(result, false);
    } catch (error) {
      if (!source.token.isCancellationRequested) {
        this.post({ type: "failed", id, message: messageOf(error) });
      }
    } finally {
      source.dispose();
    }
  }

  /** The search within what the filters say. */
  private scoped(filters: Filters, params: wire.SearchParams): wire.SearchParams {
    const project = filters.scope === "project" ? currentProject() : undefined;
    return project
      ? { ...params, scope: "project", textDocument: { uri: project.uri } }
      : { ...params, scope: "all" };
  }

  private postResults(id: number, result: wire.SearchResult, partial: boolean, append: boolean): void {
    const items = result.hits.map(itemOfHit);
    this.actions.noteShown(items);
    this.post({
      type: "results",
      id,
      items,
      append,
      partial,
      nextCursor: result.nextCursor ?? "",
      total: result.total ?? undefined,
      notes: result.notes,
      degraded: result.degraded.map(({ reason }) => reason),
      warming: !result.modes.includes("semantic") && !result.degraded.some(({ tier }) => tier === "embedder"),
      empty: !items.length && !textsOf(result),
    });
  }

  private async home({ id, filters, rows }: Extract<ToExtension, { type: "home" }>): Promise<void> {
    this.searching?.cancel();
    try {
      const [memories, sessions] = await this.lists(filters, rows);
      const empty = !memories.items.length && !sessions.items.length && (await this.nothingStored());
      this.post({ type: "home", id, memories, sessions, empty });
    } catch (error) {
      this.post({ type: "failed", id, message: messageOf(error) });
    }
  }

  /** Memories as far as their kind is asked for, and conversations. */
  private lists(filters: Filters, rows: HomeRows): Promise<[Part, Part]> {
    const project = filters.scope === "project" ? currentProject() : undefined;
    const { sources, after, kinds, memoryTypes } = searchFilter(filters);
    const filter: wire.SearchFilter = { sources, after, project: project?.path };
    const wanted = (kind: wire.Kind) => kinds?.includes(kind) ?? true;
    return Promise.all([
      part(wanted("memory") ? rows.memories : 0, async (limit, cursor) => {
        const memories = { ...filter, memoryTypes };
        const page = await this.server.request(wire.memoryList, { filter: memories, limit, cursor });
        return { items: page.memories.map(itemOfMemory), next: page.nextCursor };
      }),
      part(wanted("message") ? rows.sessions : 0, async (limit, cursor) => {
        const page = await this.server.request(wire.sessionList, { filter, limit, cursor });
        return { items: page.sessions.map(itemOfSession), next: page.nextCursor };
      }),
    ]);
  }

  private async nothingStored(): Promise<boolean> {
    const { counts } = await this.server.request(wire.status, {});
    return counts.sessions + counts.memories === 0;
  }

  private async postSetup(): Promise<void> {
    const project = currentProject();
    this.post({
      type: "setup",
      setup: {
        language: vscode.env.language,
        strings: vscode.l10n.bundle ?? {},
        project: project?.name ?? "",
        sources: await this.sources(),
      },
    });
  }

  private async sources(): Promise<{ name: string; title: string }[]> {
    try {
      const { sources } = await this.server.request(wire.captureSources, {});
      return sources.map(({ name, title }) => ({ name, title: title || assistantTitle(name) }));
    } catch {
      return []; // The panel says what is wrong with the server; the filter is then empty.
    }
  }

  private postServer(): void {
    const { state, problem, inSettings } = this.server;
    this.post({ type: "server", state, problem, inSettings });
  }

  private postUnavailable(): void {
    const { status } = this.server;
    const tiers = status ? Object.values<wire.Tier>({ ...status.tiers }) : [];
    const reasons = tiers.filter(({ state }) => state === "unavailable").map(({ detail }) => detail);
    this.post({ type: "unavailable", reasons });
  }

  private post(message: ToPanel): void {
    void this.view?.webview.postMessage(message);
  }
}

/** How many texts there are where was searched, and outside of it. */
function textsOf({ searched, outside }: wire.SearchResult): number {
  return searched.messages + searched.memories + (outside?.messages ?? 0) + (outside?.memories ?? 0);
}

/** The first `rows` of a list that comes in pages. */
async function part(
  rows: number,
  page: (limit: number, cursor: string | undefined) => Promise<{ items: PanelItem[]; next?: string | null }>,
): Promise<Part> {
  const items: PanelItem[] = [];
  let cursor: string | undefined;
  while (items.length < rows) {
    const answer = await page(Math.min(rows - items.length, MOST_ROWS), cursor);
    items.push(...answer.items);
    cursor = answer.next ?? undefined;
    if (!cursor) {
      break;
    }
  }
  return { items, more: cursor !== undefined };
}

function page(webview: vscode.Webview, folder: vscode.Uri): string {
  const nonce = crypto.randomUUID();
  const uri = (file: string) => webview.asWebviewUri(vscode.Uri.joinPath(folder, file)).toString();
  const policy = [
    "default-src 'none'",
    `style-src ${webview.cspSource}`,
    `font-src ${webview.cspSource}`,
    `script-src 'nonce-${nonce}'`,
  ].join("; ");
  return `<!DOCTYPE html>
<html lang="${vscode.env.language}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Aiana</title>
<link rel="stylesheet" href="${uri("codicon.css")}">
<link rel="stylesheet" href="${uri("panel.css")}">
</head>
<body>
<script nonce="${nonce}" src="${uri("main.js")}"></script>
</body>
</html>`;
}
