/** The list of results: rows that keep their identity, keyboard, selection. */

import type { Action, PanelItem } from "../src/panelMessages";
import { element } from "./dom";
import { mergeOrder } from "./order";
import { createRow, markRow, mainOf } from "./row";
import { t } from "./strings";
import { Toolbar } from "./toolbar";

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
  private shown: string[] = [];
  private readonly rows = new Map<string, HTMLElement>();
  private readonly items = new Map<string, PanelItem>();
  private readonly selected = new Set<string>();
  private readonly toolbar: Toolbar;
  /** The row that Tab enters. */
  private entry: HTMLElement | undefined;
  private pointerInside = false;
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
    const focused = this.focusedRow()?.dataset.uri;
    const index = focused ? this.shown.indexOf(focused) : -1;
    const held = sameQuery && (this.pointerInside || focused !== undefined);
    this.held = held ? sections : undefined;
    const filled = sections.filter(({ items }) => items.length);
    const orders = filled.map(({ items }) =>
      mergeOrder(
        this.shown,
        items.map(({ uri }) => uri),
        held,
      ),
    );
    this.shown = orders.flat();
    this.forget(new Set(this.shown));
    for (const [number, section] of filled.entries()) {
      for (const item of section.items) {
        this.update(item);
      }
      const rows = orders[number]!.map((uri) => this.rows.get(uri)!);
      arrange(this.list(number, section.title), rows);
    }
    arrange(this.root, [...this.root.children].slice(0, filled.length));
    if (focused) {
      const next =
        this.rows.get(focused) ?? this.rows.get(this.shown[Math.min(index, this.shown.length - 1)] ?? "");
      focus(next, { preventScroll: true });
    }
    const [first] = this.shown;
    this.enter(this.entry ?? (first ? this.rows.get(first) : undefined));
  }

  /** Nobody is at the list any more: show the best first. */
  private release(): void {
    if (this.held && !this.pointerInside && !this.focusedRow()) {
      this.show(this.held, false);
    }
  }

  focusFirst(): boolean {
    const first = this.first();
    focus(first ? this.rows.get(first) : undefined);
    return first !== undefined;
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
    if (known && JSON.stringify(known) === JSON.stringify(item)) {
      return;
    }
    const row = createRow(item, this.language);
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

  /** The list element of the section of this number, made or renamed as needed. */
  private list(number: number, title: string): Element {
    let section = this.root.children[number];
    if (!section) {
      section = element("section", {}, element("h2"), element("ul"));
      this.root.append(section);
    }
    const [heading, list] = section.children as unknown as [HTMLElement, HTMLElement];
    heading.textContent = title;
    heading.hidden = title === "";
    list.setAttribute("aria-label", title || t("Results"));
    return list;
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
    if (command && event.key.toLowerCase() === "c" && !document.getSelection()?.toString()) {
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
