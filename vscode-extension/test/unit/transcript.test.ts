import { expect, test } from "vitest";
import type { Memory, Message, Session } from "../../src/protocol";
import { fenceFor, renderMemory, renderSession } from "../../src/transcript";

const session: Session = {
  id: "s1", source: "claude-code", project: "shop", projectPath: "/home/ada/shop", transcriptPath: null,
  startedAt: "2026-01-12T09:14:00.000Z", endedAt: null, title: "Fix it", summary: null, parentId: null,
  messageCount: 3, tokenCount: 0, metadata: {},
};

const message = (id: string, fields: Partial<Message>): Message => ({
  id, sessionId: "s1", type: "user", role: "user", content: id, toolName: null, toolInput: null,
  parentId: null, timestamp: "2026-01-12T09:14:00.000Z", tokens: null, metadata: {}, ...fields,
});

const memoryFrom = (origin: object): Memory => ({
  id: "1", content: "Pin it", memoryType: "insight", project: "shop", sessionId: null, tags: ["ci"],
  metadata: { origin }, createdAt: "2026-02-01T00:00:00.000Z", updatedAt: "", helpful: 0, unhelpful: 0, harmful: 0,
});

test("a session: headings for turns, links between them and to files", () => {
  const { text, lines, links } = renderSession(session, [
    message("m1", { content: "why?" }),
    message("m2", { type: "tool_use", toolName: "Edit", toolInput: '{"file_path": "src/a.ts"}', content: "```\nx\n```" }),
    message("m3", { type: "assistant", role: "assistant", content: "because" }),
  ]);
  expect(text).toBe(`# Fix it

Claude Code · /home/ada/shop · 2026-01-12 · 3 messages

## 1 · User · 2026-01-12 09:14
↓ next turn

why?

**Edit** called for src/a.ts

\`\`\`\`
\`\`\`
x
\`\`\`
\`\`\`\`

## 2 · Assistant · 2026-01-12 09:14
↑ previous turn

because

`);
  expect([...lines]).toEqual([["m1", 4], ["m2", 9], ["m3", 17]]);
  const rows = text.split("\n");
  expect(links.map(({ line, start, end, target }) => [rows[line]!.slice(start, end), target])).toEqual([
    ["src/a.ts", { file: "/home/ada/shop/src/a.ts" }],
    ["↓ next turn", { line: 17 }],
    ["↑ previous turn", { line: 4 }],
  ]);
});

test("in the middle, both links lie where their words are", () => {
  const { text, links } = renderSession(session, [message("a", {}), message("b", {}), message("c", {})]);
  const rows = text.split("\n");
  const middle = links.filter(({ line }) => rows[line]!.includes("·"));
  expect(middle.map(({ line, start, end }) => rows[line]!.slice(start, end))).toEqual(["↑ previous turn", "↓ next turn"]);
});

test("a memory links to where it came from", () => {
  const { text, links } = renderMemory(memoryFrom({ uri: "file:///a.md", lines: [2, 2] }));
  expect(text).toContain("insight · shop · 2026-02-01 · #ci");
  expect(links).toEqual([{ line: 6, start: 5, end: 20, target: { uri: "file:///a.md#L3" } }]);
});

test("a memory from a terminal or a chat says so", () => {
  expect(renderMemory(memoryFrom({ terminal: "bash" })).text).toMatch(/\nPin it\n\nFrom the terminal bash\n$/);
  expect(renderMemory(memoryFrom({ chat: "Visual Studio Code" })).text).toMatch(/\nPin it\n\nFrom a chat in Visual Studio Code\n$/);
});

test("a fence cannot be closed by what it holds", () => {
  expect(fenceFor("a ````` b")).toBe("``````");
});
