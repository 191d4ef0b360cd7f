/** One result as an element. */

import { age } from "../src/labels";
import type { PanelItem } from "../src/panelMessages";
import { element, highlighted, icon } from "./dom";
import { t } from "./strings";

/** Characters that three lines of a narrow panel hold, and how many of them lead up to a mark. */
const FIRST_LINES = 70;
const BEFORE_MARK = 30;

/** A row; `withProject` where rows of several projects stand side by side. */
export function createRow(item: PanelItem, language: string, withProject: boolean): HTMLElement {
  const project = withProject ? item.project : "";
  const facts = [item.detail, project, age(item.timestamp, Date.now(), language)].filter(Boolean).join(" · ");
  const meaning = item.semantic
    ? [element("span", { class: "lane", title: t("Found by meaning") }, icon("sparkle"))]
    : [];
  const text = item.text
    ? [element("span", { class: "text", dir: "auto" }, highlighted(...fromFirstMark(item)))]
    : [];
  const main = element(
    "button",
    { class: "main", type: "button", tabindex: "-1", "aria-keyshortcuts": "Enter Space" },
    element("span", { class: "selected-mark" }),
    element(
      "span",
      { class: "head" },
      element("span", { class: "sign", title: item.source }, icon(item.icon)),
      element("span", { class: "title", dir: "auto" }, item.title),
      ...meaning,
    ),
    ...text,
    element("span", { class: "facts" }, facts),
  );
  return element(
    "li",
    {
      class: "row",
      "data-uri": item.uri,
      "data-kind": item.kind,
      "data-vscode-context": menuContext(item),
    },
    main,
  );
}

/** A text of which a row shows three lines: from shortly before its first mark, if that is not among them. */
function fromFirstMark({ text, highlights }: PanelItem): [string, [number, number][]] {
  const [first] = highlights[0] ?? [0];
  const cut = first > FIRST_LINES ? text.lastIndexOf(" ", first - BEFORE_MARK) + 1 : 0;
  if (!cut) {
    return [text, highlights];
  }
  return [`…${text.slice(cut)}`, highlights.map(([from, to]) => [from - cut + 1, to - cut + 1])];
}

export function mainOf(row: HTMLElement): HTMLButtonElement {
  return row.querySelector<HTMLButtonElement>("button.main")!;
}

export function markRow(row: HTMLElement | undefined, selected: boolean): void {
  row?.classList.toggle("selected", selected);
  const mark = row?.querySelector(".selected-mark");
  if (mark) {
    mark.textContent = selected ? `${t("Selected")}. ` : "";
  }
}

/** What VS Code's own context menu is told about a row. */
function menuContext(item: PanelItem): string {
  return JSON.stringify({ aianaKind: item.kind, aianaUri: item.uri, preventDefaultContextMenuItems: true });
}
