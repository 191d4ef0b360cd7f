import { mkdtempSync, readdirSync, readFileSync, statSync, utimesSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, expect, test, vi } from "vitest";
import { Chat } from "../../src/chat";

let clipboard: string;
let messages: string[];
let attached: string[];
let settings: Record<string, unknown>;
let openChat: (options: { attachFiles: { fsPath: string }[] }) => void;

vi.mock("vscode", () => ({
  Uri: { file: (fsPath: string) => ({ fsPath }) },
  l10n: {
    t: (message: string, ...values: unknown[]) =>
      message.replace(/\{(\d)\}/g, (_, index) => String(values[index])),
  },
  env: { clipboard: { writeText: async (text: string) => (clipboard = text) } },
  window: {
    showInformationMessage: async (message: string) => void messages.push(message),
    setStatusBarMessage: () => undefined,
  },
  workspace: {
    getConfiguration: (section: string) => ({ get: (key: string) => settings[`${section}.${key}`] }),
  },
  commands: { executeCommand: async (_: string, options: never) => openChat(options) },
}));

const log = { info: () => undefined } as never;
let folder: string;

beforeEach(() => {
  [clipboard, messages, attached, settings] = ["", [], [], {}];
  openChat = ({ attachFiles }) => attached.push(...attachFiles.map(({ fsPath }) => fsPath));
  folder = mkdtempSync(join(tmpdir(), "aiana-chat-"));
});

test("texts of the same size are files of their own, for this user alone", async () => {
  const chat = new Chat(folder, log);
  await chat.attach("aiana-memory", "one two\n", 2);
  await chat.attach("aiana-memory", "two one\n", 2);
  expect(attached.map((file) => readFileSync(file, "utf8"))).toEqual(["one two\n", "two one\n"]);
  expect(attached.every((file) => file.endsWith("/aiana-memory-2-tokens.md"))).toBe(true);
  expect(attached.map((file) => statSync(file).mode & 0o777)).toEqual([0o600, 0o600]);
  expect(clipboard).toBe("");
});

test("yesterday's files go", async () => {
  const chat = new Chat(folder, log);
  await chat.attach("old", "old", 1);
  const old = new Date(Date.now() - 25 * 3_600_000);
  utimesSync(join(folder, readdirSync(folder)[0]!), old, old);
  await chat.attach("new", "new", 1);
  expect(readdirSync(folder).map((name) => readdirSync(join(folder, name)))).toEqual([["new-1-tokens.md"]]);
});

test.each([
  ["has no such command", () => (openChat = refuse)],
  ["has its chat switched off", () => (settings["chat.disableAIFeatures"] = true)],
])("the clipboard is used where the editor %s", async (_, prepare) => {
  prepare();
  await new Chat(folder, log).attach("aiana-context", "what is known", 7);
  expect(attached).toEqual([]);
  expect(clipboard).toBe("what is known");
  expect(messages).toEqual(["Copied about 7 tokens to the clipboard: paste them into the chat."]);
});

function refuse(): never {
  throw new Error("command 'workbench.action.chat.open' not found");
}
