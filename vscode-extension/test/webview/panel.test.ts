import axe from "axe-core";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { PanelItem, ToExtension, ToPanel } from "../../src/panelMessages";
import { App, type SavedState } from "../../webview/app";

const item = (name: string, fields: Partial<PanelItem> = {}): PanelItem => ({
  uri: `aiana:///session/s#${name}`,
  kind: "message",
  icon: "claude",
  source: "Claude Code",
  title: "Fix it",
  detail: "You",
  text: `text of ${name}`,
  highlights: [],
  project: "shop",
  timestamp: "2026-01-12T09:14:00.000Z",
  group: "s",
  groupTitle: "Fix it",
  semantic: false,
  pinned: false,
  ...fields,
});

const NONE = { items: [], more: false };

let sent: ToExtension[];
let saved: SavedState | undefined;

function open(): void {
  new App(document.body, {
    postMessage: (message) => sent.push(message),
    getState: () => saved,
    setState: (state) => (saved = state),
  });
  receive({
    type: "setup",
    setup: {
      language: "en",
      strings: {},
      project: "shop",
      sources: [{ name: "claude-code", title: "Claude Code" }],
    },
  });
}

function receive(message: ToPanel): void {
  window.dispatchEvent(new MessageEvent("message", { data: message }));
}

function last<T extends ToExtension["type"]>(type: T): Extract<ToExtension, { type: T }> {
  return sent.findLast((message) => message.type === type) as Extract<ToExtension, { type: T }>;
}

function typeQuery(query: string): void {
  const input = document.querySelector<HTMLInputElement>("#query")!;
  input.value = query;
  input.dispatchEvent(new Event("input"));
  vi.advanceTimersByTime(50);
}

function results(items: PanelItem[], fields: Partial<Extract<ToPanel, { type: "results" }>> = {}): void {
  const { id } = last("search");
  receive({
    type: "results",
    id,
    items,
    append: false,
    partial: false,
    nextCursor: "",
    total: undefined,
    notes: [],
    degraded: [],
    warming: false,
    empty: false,
    ...fields,
  });
}

const texts = () => [...document.querySelectorAll(".row .text")].map((text) => text.textContent);
const mains = () => [...document.querySelectorAll<HTMLButtonElement>("button.main")];
const footer = () => document.querySelector("#footer")!.textContent;
const headings = () =>
  [...document.querySelectorAll("h2:not([hidden])")].map((heading) => heading.textContent);
const status = () => document.querySelector("#status")!.textContent;
const press = (key: string, options: KeyboardEventInit = {}) =>
  document.activeElement!.dispatchEvent(
    new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...options }),
  );

async function violations(): Promise<string[]> {
  vi.useRealTimers();
  document.documentElement.lang = "en";
  document.title = "Aiana";
  const found = await axe.run(document, {
    rules: { "color-contrast": { enabled: false }, "page-has-heading-one": { enabled: false } },
  });
  return found.violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`);
}

beforeEach(() => {
  vi.useFakeTimers();
  sent = [];
  saved = undefined;
  document.body.replaceChildren();
});

afterEach(() => vi.useRealTimers());

test("an empty box shows memories and recent conversations", async () => {
  open();
  receive({
    type: "home",
    id: last("home").id,
    memories: { items: [item("m", { kind: "memory" })], more: false },
    sessions: { items: [item("s", { kind: "session" })], more: false },
    empty: false,
  });
  expect(headings()).toEqual(["Memories 1", "Recent Conversations 1"]);
  expect(await violations()).toEqual([]);
});

test("nothing stored offers to import", async () => {
  open();
  receive({ type: "home", id: last("home").id, memories: NONE, sessions: NONE, empty: true });
  document.querySelector<HTMLButtonElement>("#notice button")!.click();
  expect(last("command")).toEqual({ type: "command", command: "aiana.importSessions" });
  expect(await violations()).toEqual([]);
});

test("of fast keystrokes the first and the last are asked", () => {
  open();
  receive({ type: "home", id: last("home").id, memories: NONE, sessions: NONE, empty: false });
  const input = document.querySelector<HTMLInputElement>("#query")!;
  for (const query of ["r", "re", "red"]) {
    input.value = query;
    input.dispatchEvent(new Event("input"));
  }
  vi.advanceTimersByTime(50);
  expect(sent.filter(({ type }) => type === "search")).toMatchObject([
    { query: "r" },
    { query: "red", filters: { scope: "project" } },
  ]);
});

test("hits with marks; untrusted text stays text", async () => {
  open();
  typeQuery("img");
  results([item("a", { text: '<img src=x onerror="alert(1)">', highlights: [[1, 4]] })]);
  expect(document.querySelector(".row img")).toBeNull();
  expect(document.querySelector(".row mark")!.textContent).toBe("img");
  expect(status()).toBe("1 match");
  expect(await violations()).toEqual([]);
});

test("an answer to an older question is not shown", () => {
  open();
  typeQuery("old");
  const { id } = last("search");
  typeQuery("new");
  receive({
    type: "results",
    id,
    items: [item("old")],
    append: false,
    partial: false,
    nextCursor: "",
    total: 1,
    notes: [],
    degraded: [],
    warming: false,
    empty: false,
  });
  expect(texts()).toEqual([]);
});

test("an answer that comes while something else is being typed ends nothing", () => {
  open();
  receive({ type: "home", id: last("home").id, memories: NONE, sessions: NONE, empty: false });
  const input = document.querySelector<HTMLInputElement>("#query")!;
  const busy = () => document.querySelector("#results")!.getAttribute("aria-busy");
  for (const query of ["red", "redis"]) {
    input.value = query;
    input.dispatchEvent(new Event("input"));
  }
  results([], { nextCursor: "of red" });
  vi.advanceTimersByTime(15);
  expect([last("search").query, busy(), status()]).toEqual(["red", "true", ""]);
  document.querySelector<HTMLButtonElement>("#more")!.click();
  expect(last("search").query).toBe("red");
  vi.advanceTimersByTime(10);
  expect([last("search").query, last("search").cursor]).toEqual(["redis", undefined]);
  results([item("1")]);
  expect([busy(), status()]).toEqual(["false", "1 match"]);
});

test("semantic hits join below while somebody is at the list, and the focus stays", () => {
  open();
  typeQuery("q");
  results([item("a"), item("b")], { partial: true });
  mains()[1]!.focus();
  results([item("c", { semantic: true }), item("b"), item("a")]);
  expect(texts()).toEqual(["text of a", "text of b", "text of c"]);
  expect(document.activeElement).toBe(mains()[1]);
});

test("the order that was held back comes when nobody is at the list", async () => {
  open();
  typeQuery("q");
  results([item("a"), item("b")], { partial: true });
  mains()[1]!.focus();
  results([item("b"), item("a")]);
  expect(texts()).toEqual(["text of a", "text of b"]);
  document.querySelector<HTMLInputElement>("#query")!.focus();
  await Promise.resolve();
  expect(texts()).toEqual(["text of b", "text of a"]);
});

test("the first hits go on top, what is below stays until the rest arrives", () => {
  open();
  typeQuery("q");
  results([item("a"), item("b"), item("c")]);
  typeQuery("qu");
  results([item("d"), item("a")], { partial: true, nextCursor: "more" });
  expect(texts()).toEqual(["text of d", "text of a", "text of b"]);
  results([item("d"), item("a"), item("e")]);
  expect(texts()).toEqual(["text of d", "text of a", "text of e"]);
  typeQuery("que");
  results([item("f")], { partial: true });
  expect(texts()).toEqual(["text of f"]);
});

test("what is stored meanwhile joins the rows that are shown, in one step", () => {
  open();
  typeQuery("q");
  results([item("a")], { nextCursor: "more" });
  document.querySelector<HTMLButtonElement>("#more")!.click();
  expect(last("search")).toMatchObject({ cursor: "more", rows: 0 });
  results([item("c")], { append: true, partial: true });
  expect(texts()).toEqual(["text of a"]);
  results([item("b")], { append: true });
  const main = document.querySelector("main")!;
  main.scrollTop = 90;
  main.dispatchEvent(new Event("scroll"));
  receive({ type: "changed" });
  receive({ type: "changed" });
  vi.advanceTimersByTime(300);
  expect(last("search")).toMatchObject({ query: "q", rows: 2 });
  results([item("b"), item("a")], { partial: true });
  expect(texts()).toEqual(["text of a", "text of b"]);
  results([item("new"), item("b"), item("a")]);
  expect(texts()).toEqual(["text of a", "text of b", "text of new"]);
  expect(main.scrollTop).toBe(90);
  main.scrollTop = 0;
  main.dispatchEvent(new Event("scroll"));
  expect(texts()).toEqual(["text of new", "text of b", "text of a"]);
});

test("a conversation that joins comes below those that are being read", async () => {
  open();
  document.querySelector<HTMLButtonElement>("button[aria-label='Group by Conversation']")!.click();
  typeQuery("q");
  const other = item("o", { group: "other", groupTitle: "Other" });
  results([item("a"), other]);
  expect(headings()).toEqual(["Fix it 1", "Other 1"]);
  mains()[0]!.focus();
  receive({ type: "changed" });
  vi.advanceTimersByTime(300);
  results([item("n", { group: "new", groupTitle: "New" }), other, item("a")]);
  expect(headings()).toEqual(["Fix it 1", "Other 1", "New 1"]);
  expect(texts()).toEqual(["text of a", "text of o", "text of n"]);
  document.querySelector<HTMLInputElement>("#query")!.focus();
  await Promise.resolve();
  expect(headings()).toEqual(["New 1", "Other 1", "Fix it 1"]);
});

test("a change of the store does not hold up what is being typed", () => {
  open();
  typeQuery("q");
  results([item("a")]);
  receive({ type: "changed" });
  typeQuery("qu");
  expect(last("search")).toMatchObject({ query: "qu", rows: 0 });
  results([item("b")], { partial: true });
  expect(texts()).toEqual(["text of b"]);
});

test("what words found is told only if the rest takes its time", () => {
  open();
  typeQuery("q");
  results([item("a")]);
  typeQuery("qu");
  results([item("a"), item("b")], { partial: true, warming: true });
  expect(status()).toBe("1 match");
  vi.advanceTimersByTime(300);
  expect(status()).toBe("2 matches");
  expect(footer()).toBe("Search by meaning is warming up");
  results([item("a")]);
  expect(status()).toBe("1 match");
  expect(footer()).toBe("");
});

test("nobody at the list: the best comes first", () => {
  open();
  typeQuery("q");
  results([item("a")], { partial: true });
  results([item("c"), item("a")]);
  expect(texts()).toEqual(["text of c", "text of a"]);
});

test("degraded and warming states are said", () => {
  open();
  typeQuery("q");
  results([item("a")], { warming: true });
  expect(footer()).toBe("Search by meaning is warming up");
  results([item("a")], { degraded: ["no model"] });
  expect(footer()).toBe("no modelDetails");
  receive({ type: "unavailable", reasons: ["no model", "no Redis"] });
  const reasons = () => document.querySelector("#footer .reason")?.textContent;
  expect(reasons()).toBe("no model no Redis");
  receive({ type: "unavailable", reasons: [] });
  expect(reasons()).toBe("no model");
  expect(status()).toBe("1 match");
});

test("keyboard: move, open, preview, add to chat, copy, several, back", () => {
  open();
  typeQuery("q");
  results([item("a"), item("b"), item("c")]);
  document.querySelector<HTMLInputElement>("#query")!.focus();
  press("ArrowDown");
  expect(document.activeElement).toBe(mains()[0]);
  press("Enter");
  expect(last("action")).toMatchObject({ action: "open", uris: ["aiana:///session/s#a"] });
  press(" ");
  expect(last("action")).toMatchObject({ action: "preview" });
  press("ArrowDown", { shiftKey: true });
  press("Enter", { ctrlKey: true });
  expect(last("action")).toMatchObject({
    action: "addToChat",
    uris: ["aiana:///session/s#a", "aiana:///session/s#b"],
  });
  expect(last("selection").uris).toHaveLength(2);
  press("End");
  press("c", { ctrlKey: true });
  expect(last("action")).toMatchObject({ action: "copy", uris: ["aiana:///session/s#c"] });
  press("Escape");
  expect(document.activeElement!.id).toBe("query");
  expect(last("selection").uris).toEqual([]);
});

test("Delete forgets memories, never messages", () => {
  open();
  typeQuery("q");
  results([item("a"), item("m", { kind: "memory", uri: "aiana:///memory/m" })]);
  mains()[0]!.focus();
  press("Delete");
  expect(sent.some(({ type }) => type === "action")).toBe(false);
  mains()[1]!.focus();
  press("Delete");
  expect(last("action")).toEqual({ type: "action", action: "forget", uris: ["aiana:///memory/m"] });
});

test("grouped by conversation, with headings", async () => {
  open();
  typeQuery("q");
  results([item("a"), item("b", { group: "t", groupTitle: "Other" }), item("c")]);
  document.querySelector<HTMLButtonElement>('[aria-label="Group by Conversation"]')!.click();
  expect(headings()).toEqual(["Fix it 2", "Other 1"]);
  expect(texts()).toEqual(["text of a", "text of c", "text of b"]);
  const titles = [...document.querySelectorAll(".title")].map(({ textContent }) => textContent);
  expect(titles).toEqual(["You", "You", "You"]);
  expect(await violations()).toEqual([]);
});

test("down from the field goes back to the row that was left, until something else is asked", () => {
  open();
  typeQuery("q");
  results([item("a"), item("b")]);
  const field = document.querySelector<HTMLInputElement>("#query")!;
  mains()[1]!.focus();
  press("Enter");
  field.focus();
  press("ArrowDown");
  expect(document.activeElement).toBe(mains()[1]);
  field.focus();
  typeQuery("other");
  results([item("a"), item("b")]);
  press("ArrowDown");
  expect(document.activeElement).toBe(mains()[0]);
});

test("filters are asked for, and are accessible", async () => {
  open();
  typeQuery("q");
  document.querySelector<HTMLButtonElement>('[aria-label="Filters"]')!.click();
  const type = document.querySelector<HTMLSelectElement>('select[aria-label="Type"]')!;
  type.value = "memory";
  type.dispatchEvent(new Event("change"));
  vi.advanceTimersByTime(50);
  expect(last("search").filters).toEqual({ scope: "project", source: "", type: "memory", time: "" });
  expect(await violations()).toEqual([]);
});

test("query, filters and grouping outlive a reload", () => {
  saved = {
    query: "redis",
    filters: { scope: "all", source: "", type: "memory", time: "7d" },
    grouped: true,
    filtersShown: true,
    rows: 0,
    homeRows: { memories: 8, sessions: 20 },
    closed: [],
    scrollTop: 0,
  };
  open();
  expect(last("search")).toMatchObject({
    query: "redis",
    filters: { scope: "all", type: "memory", time: "7d" },
  });
});

test("a failed server can be restarted from the panel, which then asks again", () => {
  open();
  typeQuery("q");
  receive({ type: "server", state: "failed", problem: "It stopped.", inSettings: false });
  expect(status()).toBe("It stopped.");
  document.querySelector<HTMLButtonElement>("#notice button")!.click();
  expect(last("command")).toEqual({ type: "command", command: "aiana.restartServer" });
  const { id } = last("search");
  receive({ type: "server", state: "running", problem: "", inSettings: false });
  expect(last("search").id).toBe(id + 1);
});

test("more results are appended", () => {
  open();
  typeQuery("q");
  results([item("a")], { nextCursor: "20" });
  document.querySelector<HTMLButtonElement>("#more")!.click();
  expect(last("search").cursor).toBe("20");
  results([item("b")], { append: true });
  expect(texts()).toEqual(["text of a", "text of b"]);
  expect(document.querySelector<HTMLButtonElement>("#more")!.hidden).toBe(true);
});

test("a section folds and unfolds, and stays so", () => {
  open();
  typeQuery("q");
  results([item("a"), item("b", { group: "t", groupTitle: "Other" })]);
  document.querySelector<HTMLButtonElement>('[aria-label="Group by Conversation"]')!.click();
  const toggle = () => document.querySelector<HTMLButtonElement>("h2 button")!;
  toggle().click();
  expect(toggle().getAttribute("aria-expanded")).toBe("false");
  expect(document.querySelector<HTMLElement>("section ul")!.hidden).toBe(true);
  document.querySelector<HTMLInputElement>("#query")!.focus();
  press("ArrowDown");
  expect(document.activeElement).toBe(mains()[1]);
  expect(saved!.closed).toEqual(["s"]);
  results([item("a"), item("c"), item("b", { group: "t", groupTitle: "Other" })]);
  expect(headings()[0]).toBe("Fix it 2");
  expect(toggle().getAttribute("aria-expanded")).toBe("false");
  toggle().click();
  expect(document.querySelector<HTMLElement>("section ul")!.hidden).toBe(false);
});

test("home shows more of a list, and what was shown when it is refreshed", () => {
  open();
  const { id, rows } = last("home");
  expect(rows).toEqual({ memories: 8, sessions: 20 });
  const sessions = { items: [item("s", { kind: "session" })], more: true };
  receive({ type: "home", id, memories: NONE, sessions, empty: false });
  expect(headings()).toEqual(["Recent Conversations 1+"]);
  document.querySelector<HTMLButtonElement>("section .more")!.click();
  expect(last("home").rows).toEqual({ memories: 8, sessions: 60 });
  receive({ type: "home", id: last("home").id, memories: NONE, sessions, empty: false });
  receive({ type: "changed" });
  vi.advanceTimersByTime(300);
  expect(last("home").rows.sessions).toBe(60);
});

test("rows, folded sections and place outlive the view", () => {
  saved = {
    query: "redis",
    filters: { scope: "project", source: "", type: "", time: "" },
    grouped: true,
    filtersShown: false,
    rows: 60,
    homeRows: { memories: 8, sessions: 60 },
    closed: ["s"],
    scrollTop: 321,
  };
  open();
  expect(last("search").rows).toBe(60);
  vi.advanceTimersByTime(500);
  expect(saved).toMatchObject({ rows: 60, scrollTop: 321 });
  results([item("a")], { partial: true });
  results([item("a"), item("b", { group: "t", groupTitle: "Other" })]);
  expect(document.querySelector("main")!.scrollTop).toBe(321);
  expect(document.querySelector("h2 button")!.getAttribute("aria-expanded")).toBe("false");
  typeQuery("other");
  expect(last("search").rows).toBe(0);
});

test("matches are counted, not the store", () => {
  open();
  typeQuery("q");
  results([item("a"), item("b")], { nextCursor: "2", total: 1234 });
  expect(status()).toBe("2 of 1,234 matches");
  results([item("a"), item("b")], { nextCursor: "2" });
  expect(status()).toBe("The first 2 matches");
});

test("nothing found says where, and offers all projects", async () => {
  open();
  typeQuery("q");
  results([], { notes: ["12 messages of other projects match."] });
  expect(status()).toBe("Nothing found for “q” in shop.");
  const notice = document.querySelector("#notice")!;
  expect(notice.querySelector("p")!.textContent).toBe("12 messages of other projects match.");
  notice.querySelector<HTMLButtonElement>("button.link")!.click();
  vi.advanceTimersByTime(50);
  expect(last("search").filters.scope).toBe("all");
  results([]);
  expect(status()).toBe("Nothing found for “q” in all projects.");
  expect(notice.querySelector("button")).toBeNull();
  expect(await violations()).toEqual([]);
});

test("nothing found within filters offers to clear them, and the focus stays in the panel", () => {
  open();
  typeQuery("q");
  const type = document.querySelector<HTMLSelectElement>('#filters select[aria-label="Type"]')!;
  type.value = "insight";
  type.dispatchEvent(new Event("change"));
  vi.advanceTimersByTime(50);
  results([]);
  const links = () => [...document.querySelectorAll<HTMLButtonElement>("#notice button")];
  const toggle = document.querySelector('[aria-controls="filters"]')!;
  expect(links().map((link) => link.textContent)).toEqual(["Clear filters", "Search all projects"]);
  expect(toggle.getAttribute("aria-label")).toBe("Filters (active)");
  links()[0]!.focus();
  links()[0]!.click();
  vi.advanceTimersByTime(50);
  expect(last("search").filters).toEqual({ scope: "project", source: "", type: "", time: "" });
  results([item("a")]);
  expect(document.activeElement).toBe(document.querySelector("#query"));
  expect(toggle.getAttribute("aria-label")).toBe("Filters");
});

test("a search where nothing at all is stored offers to import", () => {
  open();
  typeQuery("q");
  results([], {
    empty: true,
    notes: ["Nothing is stored yet: `aiana import` reads the sessions."],
    degraded: ["No text"],
  });
  expect([...document.querySelectorAll("#notice button")].map((each) => each.textContent)).toEqual([
    "Import Sessions",
  ]);
  expect(document.querySelector("#notice")!.textContent).not.toContain("aiana import");
  expect(footer()).toBe("");
});

test("when the last row goes, the focus goes to the field", () => {
  open();
  typeQuery("q");
  results([item("a", { kind: "memory" })]);
  mains()[0]!.focus();
  receive({ type: "changed" });
  vi.advanceTimersByTime(400);
  results([]);
  expect(document.activeElement).toBe(document.querySelector("#query"));
});

test("Escape leads back to the field from everything beside it", () => {
  open();
  for (const control of document.querySelectorAll<HTMLElement>("#controls button, #controls select")) {
    control.focus();
    press("Escape");
    expect(document.activeElement).toBe(document.querySelector("#query"));
  }
});

test("a row shows its first mark, though it stands far into the text", () => {
  open();
  typeQuery("q");
  const far = `${"word ".repeat(30)}the needle in it`;
  results([
    item("a", { text: far, highlights: [[154, 160]] }),
    item("b", { text: far, highlights: [[0, 4]] }),
  ]);
  expect(texts()).toEqual(["…word word word word word the needle in it", far]);
  expect([...document.querySelectorAll("mark")].map((mark) => mark.textContent)).toEqual(["needle", "word"]);
});

test("titles and texts have the direction of what they say", () => {
  open();
  typeQuery("q");
  results([item("a")]);
  expect(
    [...document.querySelectorAll(".row [dir]")].map((each) => [each.className, each.getAttribute("dir")]),
  ).toEqual([
    ["title", "auto"],
    ["text", "auto"],
  ]);
});

test("what does not answer is one line with one button", async () => {
  open();
  typeQuery("q");
  results([item("a")], { degraded: ["The model could not be fetched: no network. Try again later."] });
  const line = document.querySelector<HTMLElement>("#footer")!;
  expect(line.children).toHaveLength(2);
  expect(line.title).toBe("The model could not be fetched: no network. Try again later.");
  line.querySelector("button")!.click();
  expect(last("command")).toEqual({ type: "command", command: "aiana.doctor" });
  expect(await violations()).toEqual([]);
});

test("a wrong command in the settings is mended there", () => {
  open();
  receive({ type: "server", state: "failed", problem: "“/bin/false” did not start", inSettings: true });
  document.querySelector<HTMLButtonElement>("#notice button")!.click();
  expect(last("command")).toEqual({ type: "command", command: "aiana.openServerSetting" });
});

test("Ctrl+C copies what is selected of the row, and the row if the selection is elsewhere", () => {
  open();
  typeQuery("q");
  results([item("a"), item("b")]);
  const select = (node: Element) => document.getSelection()!.selectAllChildren(node);
  mains()[0]!.focus();
  select(document.querySelector("#status")!);
  press("c", { ctrlKey: true });
  expect(last("action")).toMatchObject({ action: "copy", uris: ["aiana:///session/s#a"] });
  select(mains()[0]!.querySelector(".text")!);
  press("c", { ctrlKey: true });
  expect(last("copyText")).toEqual({ type: "copyText", text: "text of a" });
  mains()[1]!.focus();
  press("c", { ctrlKey: true });
  expect(last("action")).toMatchObject({ action: "copy", uris: ["aiana:///session/s#b"] });
});

test("the focus comes back to where it was", () => {
  open();
  typeQuery("q");
  results([item("a"), item("b")]);
  mains()[1]!.focus();
  mains()[1]!.blur();
  window.dispatchEvent(new Event("blur"));
  window.dispatchEvent(new Event("focus"));
  expect(document.activeElement).toBe(mains()[1]);
});

test("titles come first; the project is named where there are several", () => {
  open();
  typeQuery("q");
  results([item("a", { timestamp: "" })]);
  const row = () => document.querySelector(".row button.main")!.textContent;
  expect(row()).toBe("Fix ittext of aYou");
  results([]);
  document.querySelector<HTMLButtonElement>("#notice button.link")!.click();
  vi.advanceTimersByTime(50);
  results([item("a", { timestamp: "" })]);
  expect(row()).toBe("Fix ittext of aYou · shop");
});

test("a page that overlaps with what is shown, since the order has changed, costs no row", () => {
  open();
  typeQuery("q");
  results([item("a"), item("b")], { nextCursor: "more" });
  document.querySelector<HTMLButtonElement>("#more")!.click();
  results([item("b"), item("c")], { append: true });
  const asked = last("search");
  expect([asked.rows, asked.cursor]).toEqual([4, undefined]);
  results([item("d"), item("a"), item("b"), item("c")]);
  expect(new Set(texts())).toEqual(new Set(["text of a", "text of b", "text of c", "text of d"]));
});

test("hostile texts are shown as text", () => {
  const attacks = [
    "<script>window.hostile = 1</script>",
    "<img src=x onerror='window.hostile = 1'><svg onload='window.hostile = 1'>",
    "<iframe src=javascript:alert(1)></iframe><style>* { display: none }</style>",
    "[a](command:workbench.action.quit) <a href='javascript:alert(1)'>b</a>",
    "\"'><b onclick=alert(1)>${alert(1)} {{constructor}}",
  ];
  open();
  typeQuery("kestrel");
  results(
    attacks.map((text, place) =>
      item(String(place), {
        text,
        title: text,
        detail: text,
        source: text,
        project: text,
        group: String(place),
        groupTitle: text,
        highlights: [[0, 4]],
      }),
    ),
  );
  expect(texts()).toEqual(attacks);
  expect(
    document.body.querySelectorAll("script, img, iframe, style, a[href], b, [onclick], [onload]"),
  ).toHaveLength(0);
  expect("hostile" in window).toBe(false);
});
