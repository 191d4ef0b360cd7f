import axe from "axe-core";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { PanelItem, ToExtension, ToPanel } from "../../src/panelMessages";
import { App, type SavedState } from "../../webview/app";

const item = (name: string, fields: Partial<PanelItem> = {}): PanelItem => ({
  uri: `aiana:///session/s#${name}`,
  kind: "message",
  icon: "claude",
  source: "Claude Code",
  detail: "user",
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
    searched: 12431,
    degraded: [],
    warming: false,
    ...fields,
  });
}

const texts = () => [...document.querySelectorAll(".row .text")].map((text) => text.textContent);
const mains = () => [...document.querySelectorAll<HTMLButtonElement>("button.main")];
const footer = () => document.querySelector("#footer")!.textContent;
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
    memories: [item("m", { kind: "memory" })],
    sessions: [item("s", { kind: "session" })],
    empty: false,
  });
  expect([...document.querySelectorAll("h2")].map((heading) => heading.textContent)).toEqual([
    "Memories",
    "Recent Conversations",
  ]);
  expect(await violations()).toEqual([]);
});

test("nothing stored offers to import", async () => {
  open();
  receive({ type: "home", id: last("home").id, memories: [], sessions: [], empty: true });
  document.querySelector<HTMLButtonElement>("#notice button")!.click();
  expect(last("command")).toEqual({ type: "command", command: "aiana.importSessions" });
  expect(await violations()).toEqual([]);
});

test("of fast keystrokes the first and the last are asked", () => {
  open();
  receive({ type: "home", id: last("home").id, memories: [], sessions: [], empty: false });
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
  expect(status()).toBe("1 of 12,431 messages and memories");
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
    searched: 1,
    degraded: [],
    warming: false,
  });
  expect(texts()).toEqual([]);
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
  results([item("new"), item("a"), item("b")]);
  expect(texts()).toEqual(["text of new", "text of a", "text of b"]);
  expect(main.scrollTop).toBe(90);
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
  expect(status()).toBe("1 of 12,431 messages and memories");
  vi.advanceTimersByTime(300);
  expect(status()).toBe("2 of 12,431 messages and memories");
  expect(footer()).toBe("Search by meaning is warming up");
  results([item("a")]);
  expect(status()).toBe("1 of 12,431 messages and memories");
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
  expect(footer()).toBe("no model");
  receive({ type: "unavailable", reasons: ["no model", "no Redis"] });
  const reasons = () => [...document.querySelectorAll("#footer .reason")].map((reason) => reason.textContent);
  expect(reasons()).toEqual(["no model", "no Redis"]);
  receive({ type: "unavailable", reasons: [] });
  expect(reasons()).toEqual(["no model"]);
  expect(status()).toBe("1 of 12,431 messages and memories");
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
  expect([...document.querySelectorAll("h2")].map((heading) => heading.textContent)).toEqual([
    "Fix it",
    "Other",
  ]);
  expect(texts()).toEqual(["text of a", "text of c", "text of b"]);
  expect(await violations()).toEqual([]);
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
  receive({ type: "server", state: "failed", problem: "It stopped." });
  expect(status()).toBe("It stopped.");
  document.querySelector<HTMLButtonElement>("#notice button")!.click();
  expect(last("command")).toEqual({ type: "command", command: "aiana.restartServer" });
  const { id } = last("search");
  receive({ type: "server", state: "running", problem: "" });
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
