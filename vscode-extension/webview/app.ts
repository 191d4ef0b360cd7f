/** The panel: what was typed goes to the extension, what it answers is shown. */

import type {
  Action,
  Filters,
  HomeRows,
  PanelCommand,
  PanelItem,
  ToExtension,
  ToPanel,
} from "../src/panelMessages";
import { joined, overlaid } from "../src/partialResults";
import { Controls, NO_FILTERS } from "./controls";
import { element } from "./dom";
import { ResultList, type Section } from "./list";
import { setStrings, t } from "./strings";

const DEBOUNCE_MS = 20;
const REFRESH_MS = 300;
/** What is answered sooner shows no progress: what comes and goes costs frames, and is read aloud. */
const PATIENCE_MS = 300;

export interface Host {
  postMessage(message: ToExtension): void;
  getState(): SavedState | undefined;
  setState(state: SavedState): void;
}

export interface SavedState {
  query: string;
  filters: Filters;
  grouped: boolean;
  filtersShown: boolean;
  /** What was on the screen: how many rows, which sections were folded, and how far down. */
  rows: number;
  homeRows: HomeRows;
  closed: string[];
  scrollTop: number;
}

type Results = Extract<ToPanel, { type: "results" }>;
/** The page after `cursor`; or, with `refresh`, the first `rows` of what is shown anew. */
interface Asked {
  cursor?: string;
  refresh?: boolean;
  rows?: number;
}

type Lacking = Pick<Results, "warming" | "degraded">;

const HOME_ROWS: HomeRows = { memories: 8, sessions: 20 };
const MORE: HomeRows = { memories: 20, sessions: 40 };
const SAVE_MS = 200;

const NOTHING: Lacking = { warming: false, degraded: [] };

export class App {
  private readonly controls: Controls;
  private readonly list: ResultList;
  private readonly progress = element("div", { class: "progress", "aria-hidden": "true" });
  private readonly status = element("div", { id: "status", role: "status", "aria-live": "polite" });
  /** What is missing stands below the list: above it, it would move the rows under the pointer. */
  private readonly footer = element("div", { id: "footer", role: "status", "aria-live": "polite" });
  private readonly notice = element("div", { id: "notice" });
  private readonly more = element("button", { id: "more", class: "secondary", type: "button" });
  private readonly main: HTMLElement;
  private scrolled = false;
  private homeRows = HOME_ROWS;
  /** What is to be shown again after the view was away. */
  private restoring: { rows: number; scrollTop: number } | undefined;
  private saveTimer: ReturnType<typeof setTimeout> | undefined;
  /** What had the focus last in this document. */
  private left: EventTarget | null = null;
  /** What the last answer lacks, and what the server says is down. */
  private lacking: Lacking = NOTHING;
  private unavailable: string[] = [];
  private progressTimer: ReturnType<typeof setTimeout> | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private id = 0;
  private answered = 0;
  /** Whether what the controls say is still to be asked. */
  private waiting = false;
  private items: PanelItem[] = [];
  private home: Section[] | undefined;
  private nextCursor = "";
  private running = false;
  /** The question that is asked is the one whose rows are shown: they stay where they are. */
  private refreshing = false;
  private openFirst = false;
  private ready = false;

  constructor(
    root: HTMLElement,
    private readonly host: Host,
  ) {
    this.controls = new Controls({
      changed: () => this.changed(),
      toggledGroups: () => {
        this.save();
        this.render(true);
      },
      enterList: (open) => this.enterList(open),
    });
    this.list = new ResultList({
      act: (action, uris) => this.act(action, uris),
      select: (uris) => this.host.postMessage({ type: "selection", uris }),
      leave: () => this.controls.focus(),
      more: (key) => this.moreHome(key),
      folded: () => this.save(),
      copyText: (text) => this.host.postMessage({ type: "copyText", text }),
    });
    this.more.addEventListener("click", () => {
      if (this.nextCursor) {
        this.ask({ cursor: this.nextCursor });
      }
    });
    this.more.hidden = true;
    this.main = element("main", {}, this.notice, this.list.root, this.more);
    this.main.addEventListener("scroll", () => this.onScroll(), { passive: true });
    root.replaceChildren(this.controls.root, this.progress, this.status, this.main, this.footer);
    const saved = host.getState();
    if (saved) {
      const filters = { ...NO_FILTERS, ...saved.filters };
      this.controls.restore(saved.query, filters, saved.grouped, saved.filtersShown);
      this.homeRows = saved.homeRows ?? HOME_ROWS;
      saved.closed?.forEach((key) => this.list.closed.add(key));
      this.restoring = { rows: saved.rows ?? 0, scrollTop: saved.scrollTop ?? 0 };
    }
    // A menu of VS Code takes the focus out of this document, and does not give it back to where it was.
    document.addEventListener("focusin", ({ target }) => (this.left = target));
    window.addEventListener("focus", () => this.returnFocus());
    window.addEventListener("message", (event: MessageEvent<ToPanel>) => this.receive(event.data));
    this.busy(true);
    host.postMessage({ type: "ready" });
  }

  private receive(message: ToPanel): void {
    switch (message.type) {
      case "setup":
        setStrings(message.setup.strings);
        this.list.language = message.setup.language;
        this.controls.setup(message.setup);
        this.ready = true;
        this.ask();
        break;
      case "server":
        this.serverChanged(message);
        break;
      case "results":
        this.results(message);
        break;
      case "home":
        this.homeArrived(message);
        break;
      case "failed":
        if (message.id === this.id && !this.waiting) {
          this.busy(false);
          this.failed(message.message);
        }
        break;
      case "unavailable":
        this.unavailable = message.reasons;
        this.showLacking();
        break;
      case "changed":
        this.refreshSoon();
        break;
      case "focus":
        this.controls.focus();
        break;
    }
  }

  /** The first key after a pause is asked about at once; the next ones wait for each other. */
  private changed(): void {
    this.restoring = undefined;
    this.homeRows = HOME_ROWS;
    this.nextCursor = "";
    this.busy(true);
    if (this.answered === this.id && this.timer === undefined) {
      this.ask();
    } else {
      this.waiting = true;
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.ask(), DEBOUNCE_MS);
    }
  }

  /** Something was stored: show the same again, with it. A question that waits already will see it. */
  private refreshSoon(): void {
    this.timer ??= setTimeout(() => this.ask({ refresh: this.answered === this.id }), REFRESH_MS);
  }

  /** Ask for what the controls say, for the page after `cursor`, or for all rows that are shown anew. */
  private ask({ cursor, refresh = false, rows = this.items.length }: Asked = {}): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.waiting = false;
    if (!this.ready) {
      return;
    }
    this.id += 1;
    this.refreshing = refresh;
    this.busy(true);
    const { query, value: filters } = this.controls;
    if (query) {
      const wanted = refresh ? rows : (this.restoring?.rows ?? 0);
      this.host.postMessage({ type: "search", id: this.id, query, filters, cursor, rows: wanted });
    } else {
      this.host.postMessage({ type: "home", id: this.id, filters, rows: this.homeRows });
    }
    this.list.withProject = filters.scope === "all";
    this.saveSoon();
  }

  private results(message: Results): void {
    // Beside rows that are shown already, the first hits of an answer would come and go.
    if (message.id !== this.id || (message.partial && (this.refreshing || message.append))) {
      return;
    }
    const same = message.append || this.refreshing || this.answered === message.id;
    this.answered = message.id;
    this.home = undefined;
    const expected = this.items.length + message.items.length;
    this.items = this.shown(message);
    this.nextCursor = message.partial || this.waiting ? "" : message.nextCursor;
    this.render(same);
    this.notify();
    if (this.waiting) {
      // This was asked before: it is shown meanwhile, and nothing is said of it.
      this.busy(true);
    } else if (message.partial) {
      this.busy(true, () => this.say(message));
    } else {
      this.busy(false);
      this.say(message);
      this.restore();
    }
    if (!message.partial || this.items.length) {
      this.maybeOpenFirst();
    }
    if (message.append && this.items.length < expected) {
      // Search by meaning has joined since the page before, in another order: some would be missing.
      this.ask({ refresh: true, rows: expected });
    }
  }

  /** The rows to show; what is below the first hits of an answer stays until the rest of it is there. */
  private shown({ items, append, partial, nextCursor }: Results): PanelItem[] {
    if (append) {
      return joined(this.items, items);
    }
    return partial && nextCursor ? overlaid(items, this.items) : items;
  }

  private say(message: Results): void {
    this.tell(this.found(message));
    this.showLacking(message.empty ? NOTHING : message);
    if (!this.items.length && !message.partial) {
      this.nothingFound(message);
    } else if (message.notes.length) {
      this.notify(...message.notes.map((note) => element("p", {}, note)));
    }
  }

  /** How many matches there are, and how many of them are shown. */
  private found({ total, nextCursor }: Results): string {
    const number = (value: number) => new Intl.NumberFormat(this.list.language).format(value);
    const count = this.items.length;
    if (count === 0) {
      const { query, value, projectName } = this.controls;
      const where = value.scope === "project" ? t("in {0}", projectName) : t("in all projects");
      return t("Nothing found for “{0}” {1}.", query, where);
    }
    if (total !== undefined && total > count && nextCursor) {
      return t("{0} of {1} matches", number(count), number(total));
    }
    if (nextCursor) {
      return t("The first {0} matches", number(count));
    }
    return count === 1 ? t("1 match") : t("{0} matches", number(count));
  }

  private nothingFound({ notes, empty }: Results): void {
    if (empty) {
      this.nothingStored();
      return;
    }
    this.notify(...notes.map((note) => element("p", {}, note)), ...this.waysOut());
  }

  private nothingStored(): void {
    this.notify(
      element(
        "p",
        {},
        t("Nothing is stored yet. Import the conversations that your assistants left on this machine."),
      ),
      this.commandButton("aiana.importSessions", t("Import Sessions")),
    );
  }

  /** Links that show what the filters hide. */
  private waysOut(): HTMLElement[] {
    const link = (label: string, follow: () => void) => {
      const button = element("button", { type: "button", class: "link" }, label);
      button.addEventListener("click", follow);
      return button;
    };
    return [
      ...(this.controls.narrowed ? [link(t("Clear filters"), () => this.controls.clearFilters())] : []),
      ...(this.controls.value.scope === "project"
        ? [link(t("Search all projects"), () => this.controls.widen())]
        : []),
    ];
  }

  /** Say it above the list; the focus does not go with what was said before. */
  private notify(...children: HTMLElement[]): void {
    const had = this.notice.contains(document.activeElement);
    this.notice.replaceChildren(...children);
    if (had) {
      this.controls.focus();
    }
  }

  private homeArrived(message: Extract<ToPanel, { type: "home" }>): void {
    if (message.id !== this.id) {
      return;
    }
    this.answered = message.id;
    this.items = [];
    this.nextCursor = "";
    this.busy(this.waiting);
    this.home = [
      { key: "memories", title: t("Memories"), ...message.memories },
      { key: "sessions", title: t("Recent Conversations"), ...message.sessions },
    ];
    this.render(true);
    this.tell("");
    this.showLacking(NOTHING);
    this.restore();
    if (message.empty) {
      this.nothingStored();
    } else if (!message.memories.items.length && !message.sessions.items.length) {
      this.notify(
        element("p", {}, t("Nothing here yet. Type to search, or choose All projects in the filters.")),
        ...this.waysOut(),
      );
    } else {
      this.notify();
    }
  }

  private moreHome(key: string): void {
    if (key === "memories" || key === "sessions") {
      this.homeRows = { ...this.homeRows, [key]: this.homeRows[key] + MORE[key] };
      this.ask({ refresh: true });
    }
  }

  private serverChanged({ state, problem, inSettings }: Extract<ToPanel, { type: "server" }>): void {
    switch (state) {
      case "failed":
        this.busy(false);
        this.failed(problem, inSettings);
        break;
      case "starting":
        this.busy(true);
        this.tell(t("Starting Aiana…"));
        break;
      case "running":
        if (!this.running && this.ready) {
          this.ask();
        }
        break;
      case "idle":
      case "missing":
        break;
    }
    this.running = state === "running";
  }

  private failed(message: string, inSettings = false): void {
    this.tell(message, true);
    const settings = this.commandButton("aiana.openServerSetting", t("Open Settings"));
    this.notify(
      ...(inSettings ? [settings] : []),
      this.commandButton("aiana.restartServer", t("Restart"), inSettings ? "secondary" : "primary"),
      this.commandButton("aiana.showLogs", t("Show Logs"), "secondary"),
    );
  }

  /** Say it in the live region, once. */
  private tell(message: string, failed = false): void {
    this.status.classList.toggle("failed", failed);
    if (this.status.textContent !== message) {
      this.status.textContent = message;
      this.status.title = message;
    }
  }

  /** What does not answer: one line, whose button says what mends it. */
  private showLacking(lacking = this.lacking): void {
    this.lacking = lacking;
    const reasons = [...new Set([...lacking.degraded, ...this.unavailable])];
    const said = reasons.length
      ? reasons.join(" ")
      : lacking.warming
        ? t("Search by meaning is warming up")
        : "";
    if (this.footer.title === said) {
      return;
    }
    this.footer.title = said;
    const line = element("span", { class: reasons.length ? "reason" : "" }, said);
    const details = this.commandButton("aiana.doctor", t("Details"), "link");
    this.footer.replaceChildren(...(said ? [line] : []), ...(reasons.length ? [details] : []));
  }

  private commandButton(command: PanelCommand, label: string, kind = "primary"): HTMLButtonElement {
    const button = element("button", { type: "button", class: kind }, label);
    button.addEventListener("click", () => this.host.postMessage({ type: "command", command }));
    return button;
  }

  private render(sameQuery: boolean): void {
    this.list.show(this.home ?? this.sections(), sameQuery);
    if (this.scrolled && !sameQuery) {
      this.main.scrollTop = 0;
      this.scrolled = false;
    }
    this.more.textContent = t("Show More");
    this.more.hidden = this.nextCursor === "" || this.home !== undefined;
  }

  private sections(): Section[] {
    if (!this.controls.grouped) {
      return [{ key: "", title: "", items: this.items }];
    }
    const groups = new Map<string, Section>();
    for (const item of this.items) {
      const section = groups.get(item.group) ?? {
        key: item.group || "memories",
        title: item.group ? item.groupTitle : t("Memories"),
        items: [],
      };
      section.items.push(item.group ? withoutGroup(item) : item);
      groups.set(item.group, section);
    }
    return [...groups.values()];
  }

  private enterList(open: boolean): void {
    if (!open) {
      this.list.focus();
    } else if (this.answered === this.id && this.timer === undefined) {
      this.openHit();
    } else {
      this.openFirst = true;
      this.ask();
    }
  }

  private maybeOpenFirst(): void {
    if (this.openFirst) {
      this.openHit();
    }
  }

  private openHit(): void {
    this.openFirst = false;
    const first = this.list.first();
    if (first) {
      this.act("open", [first]);
    }
  }

  private act(action: Action, uris: string[]): void {
    this.host.postMessage({ type: "action", action, uris });
  }

  private busy(on: boolean, patienceEnds: () => void = () => undefined): void {
    clearTimeout(this.progressTimer);
    if (on) {
      this.progressTimer = setTimeout(() => {
        this.progress.classList.add("running");
        patienceEnds();
      }, PATIENCE_MS);
    } else {
      this.progress.classList.remove("running");
    }
    this.list.root.setAttribute("aria-busy", String(on));
  }

  private onScroll(): void {
    this.scrolled = true;
    this.list.scrolledTo(this.main.scrollTop);
    this.saveSoon();
  }

  /** Go back to where the list was before the view was away. */
  private restore(): void {
    const scrollTop = this.restoring?.scrollTop;
    this.restoring = undefined;
    if (scrollTop) {
      this.main.scrollTop = scrollTop;
      this.scrolled = true;
    }
    this.saveSoon();
  }

  private returnFocus(): void {
    if (
      document.activeElement === document.body &&
      this.left instanceof HTMLElement &&
      this.left.isConnected
    ) {
      this.left.focus({ preventScroll: true });
    }
  }

  private saveSoon(): void {
    this.saveTimer ??= setTimeout(() => this.save(), SAVE_MS);
  }

  private save(): void {
    clearTimeout(this.saveTimer);
    this.saveTimer = undefined;
    const { input, filters, grouped, filtersShown } = this.controls;
    this.host.setState({
      query: input.value,
      filters,
      grouped,
      filtersShown,
      rows: this.restoring?.rows ?? this.items.length,
      homeRows: this.homeRows,
      closed: [...this.list.closed],
      scrollTop: this.restoring?.scrollTop ?? this.main.scrollTop,
    });
  }
}

/** A row below the heading that says its conversation. */
function withoutGroup(item: PanelItem): PanelItem {
  return { ...item, title: item.detail || item.title, detail: "" };
}
