/** The buttons of a row: one toolbar, which moves to the row that is pointed at or has the focus. */

import type { Action, PanelItem } from "../src/panelMessages";
import { element, iconButton } from "./dom";
import { t } from "./strings";

export class Toolbar {
  private readonly root = element("span", { class: "toolbar", role: "toolbar" });
  private readonly texts: HTMLButtonElement[] = [];

  constructor(private readonly act: (action: Action, uri: string) => void) {}

  /** Move to `row`; stay where the keyboard is. */
  attach(row: HTMLElement | undefined): void {
    if (!row || this.root.parentElement === row || this.root.contains(document.activeElement)) {
      return;
    }
    if (!this.root.firstChild) {
      this.fill();
    }
    for (const button of this.texts) {
      button.hidden = (row.dataset.kind as PanelItem["kind"]) === "session";
    }
    row.append(this.root);
  }

  /** Made when first needed, since only then the language is known. */
  private fill(): void {
    const button = (icon: string, label: string, action: Action) =>
      iconButton(icon, label, () => this.act(action, this.root.closest<HTMLElement>("li.row")!.dataset.uri!));
    this.texts.push(
      button("comment-discussion", t("Add to Chat"), "addToChat"),
      button("insert", t("Insert at Cursor"), "insert"),
      button("copy", t("Copy Text"), "copy"),
    );
    const more = iconButton("ellipsis", t("More Actions…"), (event) =>
      openMenu(event.currentTarget as HTMLElement),
    );
    this.root.setAttribute("aria-label", t("Actions"));
    this.root.append(...this.texts, more);
  }
}

function openMenu(button: HTMLElement): void {
  const { left, bottom } = button.getBoundingClientRect();
  button.dispatchEvent(new MouseEvent("contextmenu", { bubbles: true, clientX: left, clientY: bottom }));
}
