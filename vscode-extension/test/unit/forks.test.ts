import { readFileSync } from "node:fs";
import { beforeEach, expect, test, vi } from "vitest";

const commands: string[] = [];
const tools: string[] = [];
const participants: string[] = [];

/** Answers every call and every property with itself: an editor that agrees to all. */
const agreeing: any = new Proxy(function () {}, {
  get: (_, key) =>
    key === Symbol.toPrimitive ? () => "" : key === Symbol.iterator ? [][Symbol.iterator] : agreeing,
  set: () => true,
  apply: () => agreeing,
  construct: () => agreeing,
});

function editor(chat: Record<string, unknown>): Record<string, unknown> {
  const names = [
    "Uri",
    "EventEmitter",
    "Disposable",
    "ThemeIcon",
    "ThemeColor",
    "TreeItemCollapsibleState",
    "ViewColumn",
    "CodeActionKind",
    "window",
    "workspace",
    "languages",
    "env",
    "extensions",
    "l10n",
  ];
  const registerCommand = (id: string) => commands.push(id);
  return {
    ...Object.fromEntries(names.map((name) => [name, agreeing])),
    StatusBarAlignment: {},
    TreeItem: class {},
    commands: { registerCommand, executeCommand: agreeing },
    ...chat,
  };
}

async function activateIn(chat: Record<string, unknown>): Promise<void> {
  vi.resetModules();
  vi.doMock("vscode", () => editor(chat));
  const { activate } = await import("../../src/extension.js");
  activate({
    extension: { packageJSON: { version: "1" } },
    globalStorageUri: { fsPath: "/nowhere" },
    subscriptions: [],
  } as never);
}

beforeEach(() => [commands, tools, participants].forEach((list) => list.splice(0)));

const { contributes } = JSON.parse(readFileSync("package.json", "utf8"));
const declared: string[] = contributes.commands.map(({ command }: { command: string }) => command);

test("in VS Code the participant and both tools are there", async () => {
  await activateIn({
    chat: { createChatParticipant: (id: string) => (participants.push(id), agreeing) },
    lm: { registerTool: (name: string) => tools.push(name) },
  });
  expect(participants).toEqual(["aiana.memory"]);
  expect(tools).toEqual(["aiana_recall", "aiana_remember"]);
});

test("VS Code is told of the MCP server under the name that the manifest gives it", async () => {
  const providers: string[] = [];
  await activateIn({
    lm: { registerMcpServerDefinitionProvider: (id: string) => (providers.push(id), agreeing) },
  });
  expect(providers).toEqual(contributes.mcpServerDefinitionProviders.map(({ id }: { id: string }) => id));
});

test.each([
  ["without the chat's interfaces", {}],
  ["with empty ones", { chat: {}, lm: {} }],
  ["where they refuse", { chat: { createChatParticipant: refuse }, lm: { registerTool: refuse } }],
])("%s every command still works", async (_, chat) => {
  await activateIn(chat);
  expect([...commands].sort()).toEqual([...declared].sort());
});

function refuse(): never {
  throw new Error("not in this editor");
}
