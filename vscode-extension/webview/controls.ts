/** The search field and the filters below it. */

import type { Filters, Setup, TimeFilter, TypeFilter } from "../src/panelMessages";
import { element, icon, iconButton } from "./dom";
import { t } from "./strings";

export const NO_FILTERS: Filters = { scope: "project", source: "", type: "", time: "" };

export interface ControlEvents {
  changed: () => void;
  toggledGroups: () => void;
  /** Enter, or the arrow down. */
  enterList: (open: boolean) => void;
}

export class Controls {
  readonly root = element("div", { id: "controls", role: "search" });
  readonly input: HTMLInputElement;
  private readonly filterToggle: HTMLButtonElement;
  private readonly groupToggle: HTMLButtonElement;
  private readonly clear: HTMLButtonElement;
  private readonly filterBox = element("div", { id: "filters", role: "group" });
  private selects: Partial<Record<keyof Filters, HTMLSelectElement>> = {};
  private sources: Setup["sources"] = [];
  private project = "";
  grouped = false;
  /** As chosen; `value` is what they mean in this workspace. */
  filters: Filters = { ...NO_FILTERS };

  constructor(private readonly events: ControlEvents) {
    this.input = element("input", { id: "query", type: "text", autocomplete: "off", spellcheck: "false" });
    this.input.addEventListener("input", () => {
      this.update();
      this.events.changed();
    });
    this.input.addEventListener("keydown", (event) => this.onKey(event));
    this.clear = iconButton("close", "", () => this.clearQuery());
    this.groupToggle = iconButton("list-tree", "", () => {
      this.grouped = !this.grouped;
      this.update();
      this.events.toggledGroups();
    });
    this.filterToggle = iconButton("filter", "", () => this.showFilters(this.filterBox.hidden));
    this.filterToggle.setAttribute("aria-controls", "filters");
    this.filterBox.hidden = true;
    const field = element(
      "div",
      { class: "field" },
      icon("search"),
      this.input,
      this.clear,
      this.groupToggle,
      this.filterToggle,
    );
    this.root.append(field, this.filterBox);
    this.root.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && event.target !== this.input) {
        event.preventDefault();
        this.focus();
      }
    });
    this.translate();
  }

  get query(): string {
    return this.input.value.trim();
  }

  get value(): Filters {
    return { ...this.filters, scope: this.project ? this.filters.scope : "all" };
  }

  get filtersShown(): boolean {
    return !this.filterBox.hidden;
  }

  restore(query: string, filters: Filters, grouped: boolean, filtersShown: boolean): void {
    this.input.value = query;
    this.filters = { ...filters };
    this.grouped = grouped;
    this.filterBox.hidden = !filtersShown;
    this.translate();
  }

  setup({ project, sources }: Setup): void {
    this.project = project;
    this.sources = sources;
    this.translate();
  }

  /** Search in all projects from now on. */
  widen(): void {
    this.filters = { ...this.filters, scope: "all" };
    if (this.selects.scope) {
      this.selects.scope.value = "all";
    }
    this.update();
    this.events.changed();
  }

  /** Filters other than the project leave something out. */
  get narrowed(): boolean {
    return this.filters.source !== "" || this.filters.type !== "" || this.filters.time !== "";
  }

  /** Search everything of the project, or of all of them, from now on. */
  clearFilters(): void {
    this.filters = { ...NO_FILTERS, scope: this.filters.scope };
    this.translate();
    this.events.changed();
  }

  get projectName(): string {
    return this.project;
  }

  focus(): void {
    this.input.focus();
    this.input.select();
  }

  clearQuery(): void {
    this.input.value = "";
    this.update();
    this.input.focus();
    this.events.changed();
  }

  private onKey(event: KeyboardEvent): void {
    if (event.key === "ArrowDown" || event.key === "Enter") {
      event.preventDefault();
      this.events.enterList(event.key === "Enter");
    } else if (event.key === "Escape" && this.input.value) {
      event.preventDefault();
      this.clearQuery();
    }
  }

  private showFilters(shown: boolean): void {
    this.filterBox.hidden = !shown;
    this.update();
    this.events.toggledGroups();
  }

  private translate(): void {
    const label = t("Search memories and conversations");
    this.input.setAttribute("aria-label", label);
    this.filterBox.setAttribute("aria-label", t("Filters"));
    name(this.clear, t("Clear"));
    name(this.groupToggle, t("Group by Conversation"));
    const types: [TypeFilter, string][] = [
      ["", t("Everything")],
      ["memory", t("Memories")],
      ["insight", t("Insights")],
      ["pattern", t("Patterns")],
      ["message", t("Conversations")],
      ["user", t("What I said")],
      ["assistant", t("Answers")],
      ["tool", t("Tool output")],
    ];
    const times: [TimeFilter, string][] = [
      ["", t("Any time")],
      ["1d", t("Last day")],
      ["7d", t("Last week")],
      ["30d", t("Last month")],
      ["1y", t("Last year")],
    ];
    const sources: [string, string][] = [
      ["", t("Any assistant")],
      ...this.sources.map(({ name: value, title }): [string, string] => [value, title]),
    ];
    const scopes: [Filters["scope"], string][] = [
      ["project", this.project || t("This project")],
      ["all", t("All projects")],
    ];
    this.selects = {
      ...(this.project ? { scope: this.select("scope", t("Project"), scopes) } : {}),
      source: this.select("source", t("Assistant"), sources),
      type: this.select("type", t("Type"), types),
      time: this.select("time", t("Time"), times),
    };
    this.filterBox.replaceChildren(...Object.values(this.selects));
    this.update();
  }

  private select(key: keyof Filters, label: string, options: [string, string][]): HTMLSelectElement {
    const select = element("select", { "aria-label": label, title: label });
    for (const [value, text] of options) {
      select.append(element("option", { value }, text));
    }
    select.value = this.filters[key];
    select.addEventListener("change", () => {
      this.filters = { ...this.filters, [key]: select.value };
      this.update();
      this.events.changed();
    });
    return select;
  }

  private update(): void {
    const active = this.narrowed || this.filters.scope === "all";
    name(this.filterToggle, active ? t("Filters (active)") : t("Filters"));
    this.filterToggle.setAttribute("aria-expanded", String(!this.filterBox.hidden));
    this.filterToggle.classList.toggle("active", active);
    this.groupToggle.setAttribute("aria-pressed", String(this.grouped));
    this.clear.hidden = this.input.value === "";
    this.input.placeholder =
      this.value.scope === "all" ? t("Search all projects") : t("Search {0}", this.project);
  }
}

function name(button: HTMLButtonElement, label: string): void {
  button.title = label;
  button.setAttribute("aria-label", label);
}
