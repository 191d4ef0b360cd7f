/** Sends every request of `protocol.ts` to the real server, and looks at what comes back. */

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  CancellationTokenSource,
  createMessageConnection,
  type MessageConnection,
  StreamMessageReader,
  StreamMessageWriter,
} from "vscode-jsonrpc/node";
import { contextWithin } from "../../src/contextBudget";
import * as wire from "../../src/protocol";
import type { Server } from "../../src/server";
import { parseTarget } from "../../src/uris";

const root = resolve("..");
const folder = mkdtempSync(join(tmpdir(), "aiana-contract-"));
const environ = {
  ...process.env,
  AIANA_HOME: join(folder, "aiana"),
  CLAUDE_CONFIG_DIR: join(folder, "claude"),
  AIANA_EMBEDDING_MODEL: join(folder, "no-model"),
};
const python = process.env.AIANA_PYTHON ?? join(root, ".venv", "bin", "python");

let server: ChildProcess;
let connection: MessageConnection;
let initialized: {
  capabilities: { experimental: { aiana: { protocolVersion: number; methods: string[] } } };
};

function request<P extends object, R>(type: wire.RequestType<P, R>, params: P): Promise<R> {
  return connection.sendRequest<R>(type.method, params);
}

beforeAll(async () => {
  execFileSync(python, ["-m", "aiana", "import", join(root, "tests", "fixtures", "sample")], {
    env: environ,
    stdio: "ignore",
  });
  server = spawn(python, ["-m", "aiana", "lsp"], { env: environ, stdio: ["pipe", "pipe", "ignore"] });
  connection = createMessageConnection(
    new StreamMessageReader(server.stdout!),
    new StreamMessageWriter(server.stdin!),
  );
  connection.listen();
  initialized = await connection.sendRequest("initialize", {
    processId: null,
    rootUri: null,
    capabilities: {},
  });
  await connection.sendNotification("initialized", {});
});

afterAll(async () => {
  await connection.sendRequest("shutdown");
  await connection.sendNotification("exit");
  connection.dispose();
});

test("the server speaks this protocol", () => {
  expect(initialized.capabilities.experimental.aiana.protocolVersion).toBe(1);
});

test("search: hits with their turns, keyword hits ahead as a partial result", async () => {
  const partial: wire.SearchResult[] = [];
  connection.onNotification("$/progress", ({ token, value }: { token: string; value: wire.SearchResult }) => {
    if (token === "p1") {
      partial.push(value);
    }
  });
  const result = await request(wire.search, {
    query: "redis client RESP3",
    limit: 5,
    scope: "all",
    partialResultToken: "p1",
  });
  const [hit] = result.hits;
  expect(hit).toMatchObject({
    kind: "message",
    source: "claude-code",
    sessionTitle: "Pin the Redis client below 5",
  });
  expect(parseTarget(hit!.uri)).toEqual({
    kind: "session",
    id: hit!.sessionId,
    source: "claude-code",
    messageId: hit!.messageId,
  });
  const marked = hit!.highlights.map(([start, end]) => hit!.snippet.slice(start, end).toLowerCase());
  expect(marked).toContain("redis");
  expect(result.searched.messages).toBe(38);
  expect(result.modes).toEqual(["keyword"]);
  expect(result.degraded[0]?.tier).toBe("embedder");
  const [message] = (
    await request(wire.sessionMessages, { id: hit!.sessionId!, around: hit!.messageId!, limit: 1 })
  ).messages;
  expect(message!.id).toBe(hit!.messageId);
});

test("the panel's filters are understood", async () => {
  const filter: wire.SearchFilter = {
    kinds: ["message"],
    roles: ["user"],
    sources: ["claude-code"],
    after: "1y",
  };
  const { hits } = await request(wire.search, { query: "login", scope: "all", filter });
  expect(new Set(hits.map(({ role }) => role))).toEqual(new Set(["user"]));
  const tools: wire.SearchFilter = { kinds: ["message"], roles: ["tool"] };
  const called = await request(wire.search, { query: "login", scope: "all", filter: tools });
  expect(new Set(called.hits.map(({ role }) => role))).toEqual(new Set(["tool"]));
});

test("a document says which project is searched", async () => {
  const projects = async (folder: string) => {
    const { hits } = await request(wire.search, {
      query: "login redis uv",
      textDocument: { uri: `file://${folder}/a.ts` },
    });
    return [...new Set(hits.map(({ project }) => project))];
  };
  expect(await projects("/home/ada/shop")).toEqual(["/home/ada/shop"]);
  expect(await projects("/home/ada/elsewhere")).toEqual([]);
});

test("context: a fenced block of citations within the budget", async () => {
  const { context, items, tokens } = await request(wire.context, {
    query: "redis client",
    scope: "all",
    maxTokens: 500,
  });
  expect(context).toMatch(/^<aiana-context nonce="\w+">\n[^]*RESP3[^]*\n<\/aiana-context>\n?$/);
  expect(tokens).toBeLessThanOrEqual(500);
  expect(items.length).toBeGreaterThan(0);
  expect(items.filter(({ uri }) => !context.includes(uri))).toEqual([]);
});

test("context within what a model counts, however it counts", async () => {
  const token = new CancellationTokenSource().token;
  const within = (budget: number, count: (text: string) => number) =>
    contextWithin(
      { request } as Server,
      { query: "redis client", scope: "all" },
      budget,
      async (text) => count(text),
      token as never,
    );
  const letters = await within(900, (text) => text.length);
  expect(letters.context).toContain("<aiana-context");
  expect(letters.context.length).toBeLessThanOrEqual(900);
  expect((await within(10, (text) => text.length)).context).toBe("");
  const plenty = await within(10_000, (text) => text.length / 4);
  expect(plenty.context).toContain("RESP3");
});

test("memories: add, twice, get, update, list, rate, delete", async () => {
  const params: wire.MemoryAddParams = {
    content: "Integration tests need make services",
    memoryType: "pattern",
    origin: {
      uri: "file:///a.md",
      range: { start: { line: 1, character: 0 }, end: { line: 1, character: 4 } },
    },
  };
  const { memory, redactions } = await request(wire.memoryAdd, params);
  expect(redactions).toBe(0);
  expect(memory.metadata).toEqual({ origin: { uri: "file:///a.md", lines: [1, 1] } });
  expect((await request(wire.memoryAdd, params)).duplicateOf).toBe(memory.id);
  expect((await request(wire.memoryGet, { id: memory.id })).memory).toEqual(memory);
  expect((await request(wire.memoryUpdate, { id: memory.id, tags: ["pinned"] })).memory.tags).toEqual([
    "pinned",
  ]);
  expect((await request(wire.memoryList, { limit: 10 })).memories.map(({ id }) => id)).toEqual([memory.id]);
  expect((await request(wire.memoryFeedback, { id: memory.id, rating: "helpful" })).memory.helpful).toBe(1);
  expect(await request(wire.memoryDelete, { ids: [memory.id] })).toMatchObject({
    deleted: 1,
    ids: [memory.id],
  });
  await expect(request(wire.memoryGet, { id: memory.id })).rejects.toMatchObject({
    code: -32803,
    data: { kind: "notFound" },
  });
  const rated = { ...memory, tags: ["pinned"], helpful: 1 };
  const restored = (await request(wire.memoryRestore, { memory: rated })).memory;
  expect(restored).toEqual(rated);
  await expect(request(wire.memoryRestore, { memory })).rejects.toMatchObject({
    code: -32803,
    data: { kind: "conflict" },
  });
  await request(wire.memoryDelete, { ids: [memory.id] });
});

test("locate, quote and pin: where a thing stands, what it says, and that it stands first", async () => {
  const { hits } = await request(wire.search, { query: "redis client RESP3", scope: "all", limit: 2 });
  const [hit] = hits;
  const { uri, line, title } = await request(wire.locate, { uri: hit!.uri });
  const page = await request(wire.textDocumentContent, { uri: hit!.uri });
  expect([uri, line, title]).toEqual([hit!.uri.split("#")[0], page.line, page.title]);
  const quoted = await request(wire.quote, {
    texts: hits.map((each) => ({ uri: each.uri })),
    maxTokens: 1000,
  });
  expect(quoted.tokens).toBeLessThanOrEqual(1000);
  expect(quoted.texts.map((each) => each.uri)).toEqual(hits.map((each) => each.uri));
  expect(hits.filter((each) => !quoted.text.includes(each.uri))).toEqual([]);
  const ids = [];
  for (const content of ["Pinned first", "Newer, and second"]) {
    ids.push((await request(wire.memoryAdd, { content })).memory.id);
  }
  const { memory } = await request(wire.memoryPin, { id: ids[0]!, pinned: true });
  expect(memory.tags).toEqual(["pinned"]);
  expect((await request(wire.memoryList, {})).memories.map(({ id }) => id)).toEqual(ids);
  expect((await request(wire.memoryPin, { id: ids[0]!, pinned: false })).memory.tags).toEqual([]);
  await request(wire.memoryDelete, { ids });
});

test("a secret is taken out, and counted", async () => {
  const { memory, redactions } = await request(wire.memoryAdd, {
    content: "use ghp_abcdefghijklmnopqrstuvwxyz0123456789 here",
  });
  expect(redactions).toBe(1);
  expect(memory.content).not.toContain("ghp_abc");
});

test("sessions: list, get, messages, delete", async () => {
  const { sessions } = await request(wire.sessionList, { limit: 50 });
  expect(sessions).toHaveLength(6);
  const session = sessions.find(({ title }) => title === "Repair the container health check")!;
  expect((await request(wire.sessionGet, { id: session.id })).session).toEqual(session);
  const { messages } = await request(wire.sessionMessages, { id: session.id });
  expect(messages).toHaveLength(session.messageCount);
  const page = await request(wire.textDocumentContent, {
    uri: `aiana:///session/${session.id}#${messages[0]!.id}`,
  });
  expect(page.title).toBe(session.title);
  expect(page.text.split("\n")[page.line]).toMatch(/^## User/);
  expect((await request(wire.sessionDelete, { id: session.id })).deleted).toBeGreaterThan(0);
});

test("preferences: add, list, remove", async () => {
  const { static: kept } = await request(wire.preferenceAdd, { text: "Uses uv for Python dependencies" });
  expect((await request(wire.preferenceList, {})).static).toEqual(kept);
  expect((await request(wire.preferenceRemove, { id: kept[0]!.id })).static).toEqual([]);
});

test("capture: sources, import", async () => {
  const { sources } = await request(wire.captureSources, {});
  expect(sources.find(({ name }) => name === "claude-code")).toMatchObject({
    title: "Claude Code",
    onDisk: 0,
  });
  const result = await request(wire.captureImport, { paths: [join(root, "tests", "fixtures", "sample")] });
  expect(result.sources["claude-code"]).toMatchObject({ found: 6, failed: [] });
});

test("status", async () => {
  const status = await request(wire.status, {});
  expect(status.tiers.sqlite.state).toBe("ok");
  expect(status.counts.sessions).toBe(5);
});

test("a repeated key stores once", async () => {
  const params = { content: "Deploys happen on Mondays", idempotencyKey: "k1" };
  const first = await request(wire.memoryAdd, params);
  const second = await request(wire.memoryAdd, params);
  expect(second.memory).toEqual(first.memory);
  expect(second.duplicateOf).toBeFalsy();
});

test("errors: what is wrong with the params, what is not there, what is too large", async () => {
  const wrong = request(wire.search, { query: "x", limit: "many" } as never);
  await expect(wrong).rejects.toMatchObject({
    code: -32602,
    data: { errors: [expect.stringMatching(/^\$\.limit: /)] },
  });
  await expect(request(wire.memoryAdd, {} as never)).rejects.toMatchObject({ code: -32602 });
  await expect(request({ method: "aiana/no/such" }, {})).rejects.toMatchObject({ code: -32601 });
  await expect(request(wire.sessionGet, { id: "none" })).rejects.toMatchObject({
    code: -32803,
    data: { kind: "notFound" },
  });
  const large = request(wire.memoryAdd, { content: "x".repeat(1_000_001) });
  await expect(large).rejects.toMatchObject({
    code: -32803,
    message: expect.stringContaining("1,000,001"),
    data: { kind: "tooLarge" },
  });
});

test("the server answers every request of the table", () => {
  const ours = Object.values(wire).flatMap((value) => (typeof value === "object" ? [value.method] : []));
  const answered = [...initialized.capabilities.experimental.aiana.methods, wire.textDocumentContent.method];
  expect(answered.sort()).toEqual(ours.sort());
});
