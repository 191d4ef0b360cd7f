/** The panel: what was typed goes to the extension, what it answers is shown. */

import type { Action, Filters, PanelItem, ToExtension, ToPanel } from "../src/panelMessages";
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
}

type Results = Extract<ToPanel, { type: "results" }>;
type Lacking = Pick<Results, "warming" | "degraded">;

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
  /** What the last answer lacks, and what the server says is down. */
  private lacking: Lacking = NOTHING;
  private unavailable: string[] = [];
  private progressTimer: ReturnType<typeof setTimeout> | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private id = 0;
  private answered = 0;
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
    });
    this.more.addEventListener("click", () => this.ask({ cursor: this.nextCursor }));
    this.more.hidden = true;
    this.main = element("main", {}, this.notice, this.list.root, this.more);
    this.main.addEventListener("scroll", () => (this.scrolled = true), { passive: true });
    root.replaceChildren(this.controls.root, this.progress, this.status, this.main, this.footer);
    const saved = host.getState();
    if (saved) {
      this.controls.restore(
        saved.query,
        { ...NO_FILTERS, ...saved.filters },
        saved.grouped,
        saved.filtersShown,
      );
    }
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
        this.serverChanged(message.state, message.problem);
        break;
      case "results":
        this.results(message);
        break;
      case "home":
        this.homeArrived(message);
        break;
      case "failed":
        if (message.id === this.id) {
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
    if (this.answered === this.id && this.timer === undefined) {
      this.ask();
    } else {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.ask(), DEBOUNCE_MS);
    }
  }

  /** Something was stored: show the same again, with it. A question that waits already will see it. */
  private refreshSoon(): void {
    this.timer ??= setTimeout(() => this.ask({ refresh: this.answered === this.id }), REFRESH_MS);
  }

  /** Ask for what the controls say, for the page after `cursor`, or for all rows that are shown anew. */
  private ask({ cursor, refresh = false }: { cursor?: string; refresh?: boolean } = {}): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (!this.ready) {
      return;
    }
    this.id += 1;
    this.refreshing = refresh;
    this.busy(true);
    const { query, value: filters } = this.controls;
    if (query) {
      this.host.postMessage({
        type: "search",
        id: this.id,
        query,
        filters,
        cursor,
        rows: refresh ? this.items.length : 0,
      });
    } else {
      this.host.postMessage({ type: "home", id: this.id, filters });
    }
    this.save();
  }

  private results(message: Results): void {
    // Beside rows that are shown already, the first hits of an answer would come and go.
    if (message.id !== this.id || (message.partial && (this.refreshing || message.append))) {
      return;
    }
    const same = message.append || this.refreshing || this.answered === message.id;
    this.answered = message.id;
    this.home = undefined;
    this.items = this.shown(message);
    this.nextCursor = message.partial ? "" : message.nextCursor;
    this.render(same);
    this.notice.replaceChildren();
    if (message.partial) {
      this.busy(true, () => this.say(message));
    } else {
      this.busy(false);
      this.say(message);
    }
    if (!message.partial || this.items.length) {
      this.maybeOpenFirst();
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
    const count = this.items.length;
    const counted = new Intl.NumberFormat(this.list.language).format(message.searched);
    const found =
      count === 0
        ? t("Nothing found in {0} messages and memories", counted)
        : t("{0} of {1} messages and memories", count, counted);
    this.tell(found);
    this.showLacking(message);
    if (!count && !message.partial) {
      this.notice.replaceChildren(
        element("p", {}, t("Fewer or other words may help; so may All projects in the filters.")),
      );
    }
  }

  private homeArrived(message: Extract<ToPanel, { type: "home" }>): void {
    if (message.id !== this.id) {
      return;
    }
    this.answered = message.id;
    this.items = [];
    this.nextCursor = "";
    this.busy(false);
    this.home = [
      { title: t("Memories"), items: message.memories },
      { title: t("Recent Conversations"), items: message.sessions },
    ];
    this.render(true);
    this.tell("");
    this.showLacking(NOTHING);
    if (message.empty) {
      this.notice.replaceChildren(
        element(
          "p",
          {},
          t("Nothing is stored yet. Import the conversations that your assistants left on this machine."),
        ),
        this.commandButton("aiana.importSessions", t("Import Sessions")),
      );
    } else if (!message.memories.length && !message.sessions.length) {
      this.notice.replaceChildren(
        element("p", {}, t("Nothing here yet. Type to search, or choose All projects in the filters.")),
      );
    } else {
      this.notice.replaceChildren();
    }
  }

  private serverChanged(state: string, problem: string): void {
    if (state === "failed") {
      this.busy(false);
      this.failed(problem);
    } else if (state === "starting") {
      this.busy(true);
      this.tell(t("Starting Aiana…"));
    } else if (state === "running" && !this.running && this.ready) {
      this.ask();
    }
    this.running = state === "running";
  }

  private failed(message: string): void {
    this.tell(message, true);
    this.notice.replaceChildren(
      this.commandButton("aiana.restartServer", t("Restart")),
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

  private showLacking(lacking = this.lacking): void {
    this.lacking = lacking;
    const warming = lacking.warming ? [element("p", {}, t("Search by meaning is warming up"))] : [];
    const reasons = new Set([...lacking.degraded, ...this.unavailable]);
    const lines = [...warming, ...[...reasons].map((reason) => element("p", { class: "reason" }, reason))];
    if (this.footer.textContent !== lines.map(({ textContent }) => textContent).join("")) {
      this.footer.replaceChildren(...lines);
    }
  }

  private commandButton(
    command: Extract<ToExtension, { type: "command" }>["command"],
    label: string,
    kind = "primary",
  ): HTMLButtonElement {
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
      return [{ title: "", items: this.items }];
    }
    const groups = new Map<string, Section>();
    for (const item of this.items) {
      const section = groups.get(item.group) ?? {
        title: item.group ? item.groupTitle : t("Memories"),
        items: [],
      };
      section.items.push(item);
      groups.set(item.group, section);
    }
    return [...groups.values()];
  }

  private enterList(open: boolean): void {
    if (!open) {
      this.list.focusFirst();
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

  private save(): void {
    const { input, filters, grouped, filtersShown } = this.controls;
    this.host.setState({ query: input.value, filters, grouped, filtersShown });
  }
}
