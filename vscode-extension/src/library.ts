/** The tree beside the search: what is remembered and which conversations there are, read when it is opened. */

import * as vscode from "vscode";
import { age, assistantIcon, assistantTitle, firstLine, projectName } from "./labels";
import { inOwnExtension, type Resuming } from "./resume";
import { memoryTitle, PINNED, sessionTitle } from "./panelItems";
import * as wire from "./protocol";
import { messageOf, type Server } from "./server";

const TREE = "aiana.library";
const PAGE = 50;
/** The protocol's limit of one answer. */
const MOST_ROWS = 1000;
const TYPES: wire.MemoryType[] = ["insight", "pattern", "preference", "conversation"];

/** A row of the tree. Rows of one id are the same row to VS Code: it stays open and selected. */
export class Row extends vscode.TreeItem {
  /** What the row names, as hits do. */
  aianaUri?: string;
  children?: () => Promise<Row[]>;
  /** The list that has more than is shown. */
  list?: string;

  constructor(id: string, label: string, state = vscode.TreeItemCollapsibleState.None) {
    super(label, state);
    this.id = id;
  }
}

const { Collapsed, Expanded } = vscode.TreeItemCollapsibleState;

export class Library implements vscode.TreeDataProvider<Row> {
  private readonly changed = new vscode.EventEmitter<Row | undefined>();
  readonly onDidChangeTreeData = this.changed.event;
  /** How many rows of a list are wanted. */
  private readonly wanted = new Map<string, number>();
  private view: vscode.TreeView<Row> | undefined;

  constructor(
    private readonly server: Server,
    private readonly resuming: Resuming,
  ) {}

  register(): vscode.Disposable {
    this.view = vscode.window.createTreeView(TREE, { treeDataProvider: this, canSelectMany: true });
    return vscode.Disposable.from(
      this.changed,
      this.view,
      this.server.onDidChangeStore(() => this.changed.fire(undefined)),
      this.server.onDidChangeState((state) => state === "running" && this.changed.fire(undefined)),
    );
  }

  /** What the selected rows name, in the order of the tree. */
  get selected(): string[] {
    return urisOf(this.view?.selection ?? []);
  }

  /** Read the next page of a list that has more. */
  more(row: unknown): void {
    if (row instanceof Row && row.list !== undefined) {
      this.wanted.set(row.list, this.rows(row.list) + PAGE);
      this.changed.fire(undefined);
    }
  }

  getTreeItem(row: Row): Row {
    return row;
  }

  async getChildren(row?: Row): Promise<Row[]> {
    try {
      return row ? ((await row.children?.()) ?? []) : await this.roots();
    } catch (error) {
      const problem = new Row(`${row?.id ?? ""}/problem`, messageOf(error));
      problem.iconPath = new vscode.ThemeIcon("error");
      return [problem];
    }
  }

  /** Whether its session can be resumed is asked of the row that is pointed at. */
  async resolveTreeItem(item: vscode.TreeItem, row: Row): Promise<vscode.TreeItem> {
    if (row.aianaUri !== undefined && row.contextValue?.startsWith("session")) {
      const way = await this.resuming.way(row.aianaUri);
      const can = way.unavailable === null || inOwnExtension(way);
      const said = can ? way.label : vscode.l10n.t("Cannot be resumed: {0}", way.unavailable ?? "");
      item.tooltip = [typeof item.label === "string" ? item.label : "", item.description, said].join("\n");
    }
    return item;
  }

  private async roots(): Promise<Row[]> {
    const { counts } = await this.server.request(wire.status, {});
    const pinned = counts.memories ? await this.pinned() : [];
    const roots: Row[] = [];
    if (pinned.length) {
      roots.push(folder("pinned", vscode.l10n.t("Pinned"), "pinned", () => this.pinned(), Expanded));
    }
    if (counts.memories) {
      roots.push(folder("memories", vscode.l10n.t("Memories"), "bookmark", () => this.types()));
    }
    if (counts.sessions) {
      const title = vscode.l10n.t("Conversations");
      roots.push(folder("sessions", title, "comment-discussion", () => this.projects(), Expanded));
    }
    return roots;
  }

  /** The pinned memories, which come first in every list. */
  private async pinned(): Promise<Row[]> {
    const rows: Row[] = [];
    let cursor: string | undefined;
    do {
      const page = await this.server.request(wire.memoryList, { limit: PAGE, cursor });
      const pinned = page.memories.filter(({ tags }) => tags.includes(PINNED));
      rows.push(...pinned.map((memory) => memoryRow("pinned", memory)));
      cursor = pinned.length === page.memories.length ? (page.nextCursor ?? undefined) : undefined;
    } while (cursor);
    return rows;
  }

  private async types(): Promise<Row[]> {
    const ofType = (type: wire.MemoryType): wire.MemoryListParams => ({ filter: { memoryTypes: [type] } });
    const known = await Promise.all(
      TYPES.map(async (type) => {
        const { memories } = await this.server.request(wire.memoryList, { ...ofType(type), limit: 1 });
        return memories.length > 0;
      }),
    );
    return TYPES.filter((_, index) => known[index]).map((type) => {
      const id = `memories/${type}`;
      return folder(id, memoryTitle(type), "bookmark", () => this.memories(id, ofType(type)));
    });
  }

  private async memories(id: string, params: wire.MemoryListParams): Promise<Row[]> {
    const { items, more } = await this.list(id, async (limit, cursor) => {
      const page = await this.server.request(wire.memoryList, { ...params, limit, cursor });
      return { items: page.memories, next: page.nextCursor };
    });
    return [...items.map((memory) => memoryRow(id, memory)), ...more];
  }

  private async projects(): Promise<Row[]> {
    const { projects } = await this.server.request(wire.projectList, {});
    return projects.map(({ id: project, name, sessions }) => {
      const id = `sessions/${project}`;
      const label = name || projectName(project) || vscode.l10n.t("No Project");
      const row = folder(id, label, "repo", () => this.days(id, project));
      row.description = String(sessions);
      row.tooltip = project;
      return row;
    });
  }

  /** The conversations of a project under the days of their last activity, newest first. */
  private async days(id: string, project: string): Promise<Row[]> {
    const filter: wire.SearchFilter = { project };
    const { items, more } = await this.list(id, async (limit, cursor) => {
      const page = await this.server.request(wire.sessionList, { filter, limit, cursor });
      return { items: page.sessions, next: page.nextCursor };
    });
    const days = new Map<string, Row[]>();
    for (const session of items) {
      const day = dayOf(session);
      days.set(day, [...(days.get(day) ?? []), this.sessionRow(id, session)]);
    }
    const rows = [...days].map(([day, sessions], index) =>
      folder(`${id}/${day}`, day, "calendar", () => Promise.resolve(sessions), index ? Collapsed : Expanded),
    );
    return [...rows, ...more];
  }

  private sessionRow(parent: string, session: wire.Session): Row {
    const row = new Row(
      `${parent}/${session.uri}`,
      sessionTitle(session),
      session.agents ? Collapsed : undefined,
    );
    row.aianaUri = session.uri;
    row.contextValue = session.parentId === null ? "session" : "session.agent";
    row.iconPath = new vscode.ThemeIcon(assistantIcon(session.source));
    const when = age(session.endedAt ?? session.startedAt, Date.now(), vscode.env.language);
    row.description = [assistantTitle(session.source), when].filter(Boolean).join(" · ");
    row.command = openCommand(session.uri);
    row.children = async () => {
      const { id, source } = session;
      const { agents } = await this.server.request(wire.sessionGet, { id, source });
      return agents.map((agent) => this.sessionRow(row.id!, agent));
    };
    return row;
  }

  /** As much as is wanted of a list that comes in pages, and a row that asks for more if there is more. */
  private async list<T extends { uri: string }>(
    list: string,
    page: (limit: number, cursor: string | undefined) => Promise<{ items: T[]; next?: string | null }>,
  ): Promise<{ items: T[]; more: Row[] }> {
    // What moved between two pages may come twice.
    const items = new Map<string, T>();
    let wanted = this.rows(list);
    let cursor: string | undefined;
    do {
      const answer = await page(Math.min(wanted, MOST_ROWS), cursor);
      answer.items.forEach((item) => items.set(item.uri, item));
      wanted -= answer.items.length;
      cursor = answer.next ?? undefined;
    } while (cursor && wanted > 0);
    return { items: [...items.values()], more: cursor ? [moreRow(list)] : [] };
  }

  private rows(list: string): number {
    return this.wanted.get(list) ?? PAGE;
  }
}

/** What rows name; those that name nothing are left out. */
export function urisOf(rows: readonly unknown[]): string[] {
  return rows.flatMap((row) => (row instanceof Row && row.aianaUri !== undefined ? [row.aianaUri] : []));
}

function folder(
  id: string,
  label: string,
  icon: string,
  children: () => Promise<Row[]>,
  state: vscode.TreeItemCollapsibleState = Collapsed,
): Row {
  const row = new Row(id, label, state);
  row.iconPath = new vscode.ThemeIcon(icon);
  row.children = children;
  return row;
}

function memoryRow(parent: string, memory: wire.Memory): Row {
  const pinned = memory.tags.includes(PINNED);
  const row = new Row(`${parent}/${memory.uri}`, firstLine(memory.content));
  row.aianaUri = memory.uri;
  row.contextValue = "memory";
  row.iconPath = new vscode.ThemeIcon(pinned ? "pinned" : "bookmark");
  row.description = [projectName(memory.project), age(memory.createdAt, Date.now(), vscode.env.language)]
    .filter(Boolean)
    .join(" · ");
  row.tooltip = memory.content.slice(0, 1_000);
  row.command = openCommand(memory.uri);
  return row;
}

function moreRow(list: string): Row {
  const row = new Row(`${list}/more`, vscode.l10n.t("More…"));
  row.list = list;
  row.iconPath = new vscode.ThemeIcon("ellipsis");
  row.command = { command: "aiana.library.more", title: vscode.l10n.t("More…"), arguments: [row] };
  return row;
}

/** As in the explorer, the tree keeps the focus: its keys go on with the row. */
function openCommand(uri: string): vscode.Command {
  return { command: "aiana.library.preview", title: vscode.l10n.t("Open"), arguments: [uri] };
}

/** The day of a conversation's last activity, as the user writes days. */
function dayOf({ endedAt, startedAt }: wire.Session): string {
  const time = new Date(endedAt ?? startedAt);
  return Number.isNaN(time.getTime())
    ? vscode.l10n.t("No Date")
    : time.toLocaleDateString(vscode.env.language, { dateStyle: "medium" });
}
