/** The list of results: rows that keep their identity, keyboard, selection. */

import type { Action, PanelItem } from "../src/panelMessages";
import { element, icon } from "./dom";
import { mergeOrder } from "./order";
import { createRow, markRow, mainOf } from "./row";
import { t } from "./strings";
import { Toolbar } from "./toolbar";

export interface Section {
  /** Stays the same while its rows change. */
  key: string;
  /** An empty one has no heading, and does not fold. */
  title: string;
  items: PanelItem[];
  /** There are more rows of it. */
  more?: boolean;
}

export interface ListEvents {
  act: (action: Action, uris: string[]) => void;
  select: (uris: string[]) => void;
  /** The user went up from the first row. */
  leave: () => void;
  /** More rows of a section are wanted. */
  more: (key: string) => void;
  /** A section was folded or unfolded. */
  folded: () => void;
  copyText: (text: string) => void;
}

export class ResultList {
  readonly root = element("div", { id: "results" });
  language = "en";
  withProject = false;
  /** Keys of the sections of which only the heading is shown. */
  readonly closed = new Set<string>();
  private sections: Section[] = [];
  private shown: string[] = [];
  private readonly rows = new Map<string, HTMLElement>();
  private readonly items = new Map<string, PanelItem>();
  private readonly selected = new Set<string>();
  private readonly toolbar: Toolbar;
  /** The row that Tab enters. */
  private entry: HTMLElement | undefined;
  private pointerInside = false;
  private scrolled = false;
  /** What is shown in another order than given, since somebody is at it. */
  private held: Section[] | undefined;

  constructor(private readonly events: ListEvents) {
    this.toolbar = new Toolbar((action, uri) => this.events.act(action, this.targets(uri)));
    this.root.addEventListener("pointerenter", () => (this.pointerInside = true));
    this.root.addEventListener("pointerleave", () => {
      this.pointerInside = false;
      this.toolbar.attach(this.focusedRow());
      this.release();
    });
    this.root.addEventListener("focusout", () => queueMicrotask(() => this.release()));
    this.root.addEventListener("pointerover", (event) => this.toolbar.attach(rowOf(event.target)));
    this.root.addEventListener("focusin", (event) => {
      this.enter(rowOf(event.target));
      this.toolbar.attach(this.entry);
    });
    this.root.addEventListener("click", (event) => this.onClick(event));
    this.root.addEventListener("keydown", (event) => this.onKey(event));
  }

  /** Show `sections`; rows that stay keep their element, and their place while somebody is at them. */
  show(sections: Section[], sameQuery: boolean): void {
    this.sections = sections;
    const focused = this.focusedRow()?.dataset.uri;
    const index = focused ? this.shown.indexOf(focused) : -1;
    const held = sameQuery && this.isRead();
    this.held = held ? sections : undefined;
    const filled = this.inOrder(
      sections.filter(({ items }) => items.length),
      held,
    );
    const orders = filled.map(({ items }) =>
      mergeOrder(
        this.shown,
        items.map(({ uri }) => uri),
        held,
      ),
    );
    this.shown = orders.filter((_, number) => !this.isClosed(filled[number]!)).flat();
    this.forget(new Set(orders.flat()));
    for (const [number, section] of filled.entries()) {
      for (const item of section.items) {
        this.update(item);
      }
      const rows = orders[number]!.map((uri) => this.rows.get(uri)!);
      arrange(this.list(number, section), rows);
    }
    arrange(this.root, [...this.root.children].slice(0, filled.length));
    if (focused) {
      const next =
        this.rows.get(focused) ?? this.rows.get(this.shown[Math.min(index, this.shown.length - 1)] ?? "");
      if (next) {
        focus(next, { preventScroll: true });
      } else {
        this.events.leave();
      }
    }
    const last = sameQuery ? this.entry : this.focusedRow();
    const entry = this.shown.find((uri) => uri === last?.dataset.uri) ?? this.first();
    this.enter(entry ? this.rows.get(entry) : undefined);
  }

  /** How far down the reader is. */
  scrolledTo(top: number): void {
    this.scrolled = top > 0;
    this.release();
  }

  /** Somebody points at a row, has the focus in it, or has scrolled to it. */
  private isRead(): boolean {
    return this.pointerInside || this.scrolled || this.focusedRow() !== undefined;
  }

  /** Nobody is at the list any more: show the best first. */
  private release(): void {
    if (this.held && !this.isRead()) {
      this.show(this.held, false);
    }
  }

  /** Sections that are shown already stay before those that come. */
  private inOrder(sections: Section[], held: boolean): Section[] {
    const byKey = new Map(sections.map((section) => [section.key, section]));
    const shown = [...this.root.children].map((child) => child.getAttribute("data-key")!);
    return mergeOrder(shown, [...byKey.keys()], held).map((key) => byKey.get(key)!);
  }

  /** Go to the row where the focus was last, or to the first. */
  focus(): void {
    focus(this.entry);
    this.entry?.scrollIntoView?.({ block: "nearest" });
  }

  first(): string | undefined {
    return this.shown[0];
  }

  /** Let go of the rows that are not to be shown any more. */
  private forget(wanted: Set<string>): void {
    const before = this.selected.size;
    for (const [uri, row] of this.rows) {
      if (!wanted.has(uri)) {
        this.drop(row, uri);
        this.selected.delete(uri);
      }
    }
    if (this.selected.size !== before) {
      this.events.select([...this.selected]);
    }
  }

  private drop(row: HTMLElement, uri: string): void {
    if (this.entry === row) {
      this.entry = undefined;
    }
    row.remove();
    this.rows.delete(uri);
    this.items.delete(uri);
  }

  private update(item: PanelItem): void {
    const known = this.items.get(item.uri);
    const present = this.rows.get(item.uri);
    if (
      known &&
      present?.dataset.project === String(this.withProject) &&
      JSON.stringify(known) === JSON.stringify(item)
    ) {
      return;
    }
    const row = createRow(item, this.language, this.withProject);
    row.dataset.project = String(this.withProject);
    const old = this.rows.get(item.uri);
    if (old) {
      const had = old.contains(document.activeElement);
      old.replaceWith(row);
      this.drop(old, item.uri);
      if (had) {
        focus(row, { preventScroll: true });
      }
    }
    markRow(row, this.selected.has(item.uri));
    this.rows.set(item.uri, row);
    this.items.set(item.uri, item);
  }

  private isClosed({ key, title }: Section): boolean {
    return title !== "" && this.closed.has(key);
  }

  /** The list element of the section of this number, made or renamed as needed. */
  private list(number: number, section: Section): Element {
    let root = this.root.children[number];
    if (!root) {
      root = this.newSection();
      this.root.append(root);
    }
    const [heading, list, more] = root.children as unknown as [HTMLElement, HTMLElement, HTMLButtonElement];
    const [toggle] = heading.children as unknown as [HTMLButtonElement];
    const [chevron, title, count] = toggle.children as unknown as [HTMLElement, HTMLElement, HTMLElement];
    const closed = this.isClosed(section);
    root.setAttribute("data-key", section.key);
    heading.hidden = section.title === "";
    toggle.setAttribute("aria-expanded", String(!closed));
    chevron.className = `codicon codicon-chevron-${closed ? "right" : "down"}`;
    title.textContent = section.title;
    count.textContent = `${section.items.length}${section.more ? "+" : ""}`;
    list.hidden = closed;
    list.setAttribute("aria-label", section.title || t("Results"));
    more.textContent = t("Show More");
    more.hidden = closed || !section.more;
    return list;
  }

  private newSection(): HTMLElement {
    const keyOf = () => section.dataset.key!;
    const toggle = element(
      "button",
      { type: "button", class: "fold" },
      icon("chevron-down"),
      element("span", { class: "name" }),
      " ",
      element("span", { class: "count" }),
    );
    toggle.addEventListener("click", () => this.fold(keyOf()));
    const more = element("button", { type: "button", class: "secondary more" });
    more.addEventListener("click", () => this.events.more(keyOf()));
    const section = element("section", {}, element("h2", {}, toggle), element("ul"), more);
    return section;
  }

  private fold(key: string): void {
    if (!this.closed.delete(key)) {
      this.closed.add(key);
    }
    this.show(this.sections, true);
    this.events.folded();
  }

  private onClick(event: MouseEvent): void {
    const uri = rowOf(event.target)?.dataset.uri;
    if (!uri || !(event.target as Element).closest("button.main")) {
      return;
    }
    if (event.ctrlKey || event.metaKey) {
      this.toggle(uri);
    } else {
      this.events.act("open", [uri]);
    }
  }

  private onKey(event: KeyboardEvent): void {
    const row = rowOf(event.target);
    const uri = row?.dataset.uri;
    if (!row || !uri) {
      return;
    }
    const handled =
      this.moveKey(event, row) ||
      ((event.target as HTMLElement).matches("button.main") && this.actKey(event, uri));
    if (handled) {
      event.preventDefault();
      event.stopPropagation();
    }
  }

  private moveKey(event: KeyboardEvent, row: HTMLElement): boolean {
    const at = this.shown.indexOf(row.dataset.uri!);
    const last = this.shown.length - 1;
    const inRow = [...row.querySelectorAll<HTMLButtonElement>("button:not([hidden])")];
    const column = inRow.indexOf(event.target as HTMLButtonElement);
    switch (event.key) {
      case "ArrowDown":
        return this.go(Math.min(at + 1, last), event.shiftKey, row);
      case "ArrowUp":
        return at === 0 ? this.leave() : this.go(at - 1, event.shiftKey, row);
      case "Home":
        return this.go(0);
      case "End":
        return this.go(last);
      case "PageDown":
        return this.go(Math.min(at + 10, last));
      case "PageUp":
        return this.go(Math.max(at - 10, 0));
      case "ArrowRight":
        inRow[Math.min(column + 1, inRow.length - 1)]?.focus();
        return true;
      case "ArrowLeft":
        inRow[Math.max(column - 1, 0)]?.focus();
        return true;
      case "Escape":
        this.clearSelection();
        return this.leave();
      default:
        return false;
    }
  }

  /** Move to the row at `index`; with `extend`, select it and the one that was left. */
  private go(index: number, extend = false, from?: HTMLElement): true {
    const uri = this.shown[index]!;
    const row = this.rows.get(uri);
    if (extend && from) {
      this.toggle(from.dataset.uri!, true);
      this.toggle(uri, true);
    }
    focus(row);
    row?.scrollIntoView?.({ block: "nearest" });
    return true;
  }

  private leave(): true {
    this.events.leave();
    return true;
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
    if (command && event.key.toLowerCase() === "c") {
      const text = selectedIn(this.rows.get(uri));
      if (text) {
        this.events.copyText(text);
        return true;
      }
      return act("copy");
    }
    if (event.key === "Delete" && this.items.get(uri)?.kind === "memory") {
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
    markRow(this.rows.get(uri), on);
    this.events.select([...this.selected]);
  }

  private clearSelection(): void {
    for (const uri of this.selected) {
      markRow(this.rows.get(uri), false);
    }
    this.selected.clear();
    this.events.select([]);
  }

  /** Tab enters the list at one row only: the one where the focus was last, or the first. */
  private enter(row: HTMLElement | undefined): void {
    if (this.entry && this.entry !== row) {
      mainOf(this.entry).tabIndex = -1;
    }
    this.entry = row;
    if (row) {
      mainOf(row).tabIndex = 0;
    }
  }

  private focusedRow(): HTMLElement | undefined {
    const row = rowOf(document.activeElement);
    return row && this.root.contains(row) ? row : undefined;
  }
}

function rowOf(target: EventTarget | null): HTMLElement | undefined {
  return (target as Element | null)?.closest?.<HTMLElement>("li.row") ?? undefined;
}

/** What is selected of a row's text; a selection elsewhere is not meant by a key that is pressed here. */
function selectedIn(row: HTMLElement | undefined): string {
  const selection = document.getSelection();
  const inside = row && selection?.anchorNode && row.contains(selection.anchorNode);
  return inside ? selection.toString() : "";
}

function focus(row: HTMLElement | undefined, options?: FocusOptions): void {
  if (row && !row.contains(document.activeElement)) {
    mainOf(row).focus(options);
  }
}

/** Make `children` the children of `parent`, touching those only that are not in their place. */
function arrange(parent: Element, children: Element[]): void {
  for (const [index, child] of children.entries()) {
    const present = parent.children[index];
    if (present !== child) {
      parent.insertBefore(child, present ?? null);
    }
  }
  while (parent.children.length > children.length) {
    parent.lastElementChild!.remove();
  }
}
