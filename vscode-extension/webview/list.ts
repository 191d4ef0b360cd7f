/** The list of results: rows that keep their identity, keyboard, selection. */

import { age } from "../src/labels";
import type { Action, PanelItem } from "../src/panelMessages";
import { element, highlighted, icon, iconButton } from "./dom";
import { mergeOrder } from "./order";
import { t } from "./strings";

export interface Section {
  title: string;
  items: PanelItem[];
}

export interface ListEvents {
  act: (action: Action, uris: string[]) => void;
  select: (uris: string[]) => void;
  /** The user went up from the first row. */
  leave: () => void;
}

export class ResultList {
  readonly root = element("div", { id: "results" });
  language = "en";
  private rows = new Map<string, HTMLElement>();
  private signatures = new Map<string, string>();
  private selected = new Set<string>();
  private pointerInside = false;

  constructor(private readonly events: ListEvents) {
    this.root.addEventListener("pointerenter", () => (this.pointerInside = true));
    this.root.addEventListener("pointerleave", () => (this.pointerInside = false));
    this.root.addEventListener("keydown", (event) => this.onKey(event));
  }

  get shown(): string[] {
    return [...this.root.querySelectorAll<HTMLElement>("li.row")].map((row) => row.dataset.uri ?? "");
  }

  /** Show `sections`; rows that stay keep their element, and their place while somebody is at them. */
  show(sections: Section[], sameQuery: boolean): void {
    const held = sameQuery && (this.pointerInside || this.root.contains(document.activeElement));
    const focused = this.focusedUri();
    const index = focused ? this.shown.indexOf(focused) : -1;
    const scroll = this.root.scrollTop;
    const before = this.shown;
    const present = new Set<string>();
    const parts = sections
      .filter((section) => section.items.length)
      .map((section, number) => {
        const byUri = new Map(section.items.map((item) => [item.uri, item]));
        const order = mergeOrder(before, [...byUri.keys()], held);
        const list = element("ul", { "aria-label": section.title || t("Results") });
        for (const uri of order) {
          present.add(uri);
          list.append(this.row(byUri.get(uri)!));
        }
        const heading = section.title ? [element("h2", { id: `section-${number}` }, section.title)] : [];
        return element("section", {}, ...heading, list);
      });
    this.root.replaceChildren(...parts);
    for (const uri of [...this.rows.keys()].filter((key) => !present.has(key))) {
      this.rows.delete(uri);
      this.signatures.delete(uri);
      this.selected.delete(uri);
    }
    this.root.scrollTop = sameQuery ? scroll : 0;
    if (focused) {
      const next = this.rows.get(focused) ?? this.rows.get(this.shown[Math.min(index, this.shown.length - 1)] ?? "");
      next?.querySelector<HTMLElement>("button.main")?.focus({ preventScroll: true });
    }
    this.updateTabStops();
    this.events.select([...this.selected]);
  }

  focusFirst(): boolean {
    const first = this.mains()[0];
    first?.focus();
    return first !== undefined;
  }

  first(): string | undefined {
    return this.shown[0];
  }

  private row(item: PanelItem): HTMLElement {
    const signature = JSON.stringify(item);
    const known = this.rows.get(item.uri);
    if (known && this.signatures.get(item.uri) === signature) {
      return known;
    }
    const row = element("li", { class: "row", "data-uri": item.uri, "data-vscode-context": menuContext(item) });
    row.append(this.main(item), this.toolbar(item));
    this.rows.set(item.uri, row);
    this.signatures.set(item.uri, signature);
    return row;
  }

  private main(item: PanelItem): HTMLButtonElement {
    const when = age(item.timestamp, Date.now(), this.language);
    const facts = [item.detail, item.project, when].filter(Boolean).join(" · ");
    const meaning = item.semantic ? [element("span", { class: "lane", title: t("Found by meaning") }, icon("sparkle"))] : [];
    const main = element(
      "button",
      { class: "main", type: "button", tabindex: "-1", "aria-keyshortcuts": "Enter Space" },
      element("span", { class: "selected-mark" }),
      element(
        "span",
        { class: "facts" },
        icon(item.icon),
        element("span", { class: "source" }, item.source),
        element("span", { class: "detail" }, facts),
        ...meaning,
      ),
      element("span", { class: "text" }, highlighted(item.text, item.highlights)),
    );
    main.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey) {
        this.toggle(item.uri);
      } else {
        this.events.act("open", [item.uri]);
      }
    });
    main.addEventListener("focus", () => this.updateTabStops());
    return main;
  }

  private toolbar(item: PanelItem): HTMLElement {
    const act = (action: Action) => () => this.events.act(action, this.targets(item.uri));
    const buttons =
      item.kind === "session"
        ? []
        : [
            iconButton("comment-discussion", t("Add to Chat"), act("addToChat")),
            iconButton("insert", t("Insert at Cursor"), act("insert")),
            iconButton("copy", t("Copy Text"), act("copy")),
          ];
    const more = iconButton("ellipsis", t("More Actions…"), (event) => openMenu(event.currentTarget as HTMLElement));
    for (const button of [...buttons, more]) {
      button.tabIndex = -1;
    }
    return element("span", { class: "toolbar", role: "toolbar", "aria-label": t("Actions") }, ...buttons, more);
  }

  private onKey(event: KeyboardEvent): void {
    const row = (event.target as HTMLElement).closest<HTMLElement>("li.row");
    const uri = row?.dataset.uri;
    if (!row || !uri) {
      return;
    }
    const handled = this.moveKey(event, row) || ((event.target as HTMLElement).matches("button.main") && this.actKey(event, uri));
    if (handled) {
      event.preventDefault();
      event.stopPropagation();
    }
  }

  private moveKey(event: KeyboardEvent, row: HTMLElement): boolean {
    const mains = this.mains();
    const at = mains.indexOf(row.querySelector<HTMLButtonElement>("button.main")!);
    const inRow = [...row.querySelectorAll<HTMLButtonElement>("button")];
    const column = inRow.indexOf(event.target as HTMLButtonElement);
    const go = (index: number) => {
      const next = mains[index];
      next?.focus();
      next?.scrollIntoView?.({ block: "nearest" });
      if (event.shiftKey && next) {
        this.toggle(next.closest<HTMLElement>("li.row")!.dataset.uri!, true);
      }
    };
    switch (event.key) {
      case "ArrowDown":
        if (event.shiftKey) {
          this.toggle(row.dataset.uri!, true);
        }
        go(Math.min(at + 1, mains.length - 1));
        return true;
      case "ArrowUp":
        if (at === 0) {
          this.events.leave();
        } else {
          go(at - 1);
        }
        return true;
      case "Home":
        go(0);
        return true;
      case "End":
        go(mains.length - 1);
        return true;
      case "PageDown":
        go(Math.min(at + 10, mains.length - 1));
        return true;
      case "PageUp":
        go(Math.max(at - 10, 0));
        return true;
      case "ArrowRight":
        inRow[Math.min(column + 1, inRow.length - 1)]?.focus();
        return true;
      case "ArrowLeft":
        inRow[Math.max(column - 1, 0)]?.focus();
        return true;
      case "Escape":
        this.clearSelection();
        this.events.leave();
        return true;
      default:
        return false;
    }
  }

  private actKey(event: KeyboardEvent, uri: string): boolean {
    const command = event.ctrlKey || event.metaKey;
    const act = (action: Action) => {
      this.events.act(action, this.targets(uri));
      return true;
    };
    if (event.key === "Enter") {
      return act(command ? "addToChat" : "open");
    }
    if (event.key === " ") {
      if (command) {
        this.toggle(uri);
        return true;
      }
      return act("preview");
    }
    if (command && event.key.toLowerCase() === "c" && !document.getSelection()?.toString()) {
      return act("copy");
    }
    if (event.key === "Delete" && uri.includes("/memory/")) {
      return act("forget");
    }
    return false;
  }

  private targets(uri: string): string[] {
    return this.selected.has(uri) ? this.shown.filter((each) => this.selected.has(each)) : [uri];
  }

  private toggle(uri: string, on = !this.selected.has(uri)): void {
    if (on) {
      this.selected.add(uri);
    } else {
      this.selected.delete(uri);
    }
    this.markSelection(uri, on);
    this.events.select([...this.selected]);
  }

  private clearSelection(): void {
    for (const uri of this.selected) {
      this.markSelection(uri, false);
    }
    this.selected.clear();
    this.events.select([]);
  }

  private markSelection(uri: string, on: boolean): void {
    const row = this.rows.get(uri);
    row?.classList.toggle("selected", on);
    const mark = row?.querySelector(".selected-mark");
    if (mark) {
      mark.textContent = on ? `${t("Selected")}. ` : "";
    }
  }

  /** Tab enters the list at one row only: the focused one, or the first. */
  private updateTabStops(): void {
    const mains = this.mains();
    const current = mains.find((main) => main === document.activeElement) ?? mains.find((main) => main.tabIndex === 0) ?? mains[0];
    for (const main of mains) {
      const tabIndex = main === current ? 0 : -1;
      for (const button of main.closest("li")!.querySelectorAll("button")) {
        button.tabIndex = tabIndex;
      }
    }
  }

  private focusedUri(): string | undefined {
    const active = document.activeElement;
    return active && this.root.contains(active) ? active.closest<HTMLElement>("li.row")?.dataset.uri : undefined;
  }

  private mains(): HTMLButtonElement[] {
    return [...this.root.querySelectorAll<HTMLButtonElement>("button.main")];
  }
}

/** What VS Code's own context menu is told about a row. */
function menuContext(item: PanelItem): string {
  return JSON.stringify({ aianaKind: item.kind, aianaUri: item.uri, preventDefaultContextMenuItems: true });
}

function openMenu(button: HTMLElement): void {
  const { left, bottom } = button.getBoundingClientRect();
  button.dispatchEvent(new MouseEvent("contextmenu", { bubbles: true, clientX: left, clientY: bottom }));
}
