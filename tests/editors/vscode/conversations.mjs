// Conversations of an assistant, as many as a test wants.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Writes transcripts of another project, all of them questions that begin with “many”; returns how many messages. */
export function writeConversations(world, sessions, messages) {
  const folder = join(world.claude, "projects", "many");
  mkdirSync(folder);
  for (let session = 0; session < sessions; session++) {
    const sessionId = `00000000-0000-4000-8000-${String(session).padStart(12, "0")}`;
    const line = (index) => ({
      parentUuid: null,
      sessionId,
      type: "user",
      cwd: join(world.folder, "elsewhere"),
      version: "2.1.38",
      message: {
        role: "user",
        content: `many ${session} ${index} ${"lorem ipsum ".repeat(20)}`,
      },
      uuid: `${String(session).padStart(8, "0")}-0000-4000-8000-${String(index).padStart(12, "0")}`,
      timestamp: "2026-02-03T10:40:30.137Z",
    });
    const lines = Array.from({ length: messages }, (_, index) => JSON.stringify(line(index)));
    writeFileSync(join(folder, `${sessionId}.jsonl`), `${lines.join("\n")}\n`);
  }
  return sessions * messages;
}

/** Writes a conversation of the workspace that writes `src/prices.ts`, edits it `edits` times, and changes others. */
export function writeEdits(world, edits) {
  const sessionId = "7a1f0c52-0000-4000-8000-000000000001";
  const file_path = join(world.shop, "src", "prices.ts");
  const price = (number) => `export const price = ${number};`;
  const edited = Array.from({ length: edits }, (_, index) => ["Edit", edit(index)]);
  function edit(number) {
    return {
      file_path,
      old_string: price(number),
      new_string: price(number + 1),
    };
  }
  const calls = [
    ["Write", { file_path, content: `${price(0)}\n` }],
    ...edited,
    ["mcp__files__update_file", { path: join(world.shop, "CHANGES.md"), content: "# Prices\n" }],
    ["Write", { file_path: join(world.shop, "logo.png"), content: "iVBORw0KGgo=" }],
    ["Write", { file_path: join(world.shop, "py.typed"), content: "" }],
    ["Bash", { command: `rm ${join(world.shop, "cents.ts")}` }],
    ["Bash", { command: `mv ${join(world.shop, "old.ts")} ${join(world.shop, "new.ts")}` }],
  ];
  const said = [["user", "Give every price a currency"]];
  calls.forEach(([name, input], index) => {
    const id = `toolu_${index}`;
    const content =
      name === "Write" ? `File created successfully at: ${file_path}` : "The file has been updated.";
    const result = { type: "tool_result", tool_use_id: id, content };
    said.push(["assistant", [{ type: "tool_use", id, name, input }]], ["user", [result]]);
  });
  writeConversation(world, sessionId, said);
}

/** Writes a conversation of the workspace in which `command` fails with `error` until `file` is edited. */
export function writeFix(world, command, error, file) {
  const run = ["Bash", { command }];
  const edit = [
    "Edit",
    {
      file_path: join(world.shop, file),
      old_string: "sum",
      new_string: "total",
    },
  ];
  const said = [["user", "Make the build pass again"]];
  for (const [index, [name, input], content, is_error] of [
    [0, run, `Exit code 2\n${error}`, true],
    [1, edit, "The file has been updated.", false],
    [2, run, "", false],
  ]) {
    const id = `toolu_fix_${index}`;
    const result = { type: "tool_result", tool_use_id: id, content, is_error };
    said.push(["assistant", [{ type: "tool_use", id, name, input }]], ["user", [result]]);
  }
  writeConversation(world, "7a1f0c52-0000-4000-8000-000000000002", said);
}

/** Writes a conversation of so many turns, the nth of which says "turn n"; returns its transcript and its URI. */
export function writeLong(world, turns) {
  const said = Array.from({ length: turns }, (_, index) => [
    index % 2 ? "assistant" : "user",
    `turn ${index}: ${"the total of the cart is summed before the discount. ".repeat(3)}`,
  ]);
  const sessionId = "7a1f0c52-0000-4000-8000-000000000003";
  return {
    file: writeConversation(world, sessionId, said),
    uri: `aiana:///session/${sessionId}/claude-code`,
  };
}

/** Writes a conversation of the workspace that had two sub-agents look for something, each in a transcript of its own. */
export function writeAgents(world) {
  const sessionId = "7a1f0c52-0000-4000-8000-000000000004";
  const file = writeConversation(world, sessionId, [
    ["user", "Find every place that rounds a price"],
    ["assistant", "Two agents have looked: the cart and the invoice round, nothing else does."],
  ]);
  const folder = join(file.replace(/\.jsonl$/, ""), "subagents");
  mkdirSync(folder, { recursive: true });
  for (const [agentId, place] of [
    ["a1", "cart"],
    ["b2", "invoice"],
  ]) {
    const said = [
      ["user", `Look for rounding in the ${place}`],
      ["assistant", `The ${place} rounds half up.`],
    ];
    const lines = said.map(([role, content], index) =>
      JSON.stringify({
        sessionId,
        agentId,
        isSidechain: true,
        type: role,
        cwd: world.shop,
        message: { role, content },
        uuid: `${agentId}-${index}`,
        timestamp: new Date(Date.UTC(2026, 1, 3, 10, 0, index)).toISOString(),
      }),
    );
    writeFileSync(join(folder, `agent-${agentId}.jsonl`), `${lines.join("\n")}\n`);
  }
}

/** Writes what was said as a transcript of the workspace, a second between two messages; returns its path. */
function writeConversation(world, sessionId, said) {
  const line = ([role, content], index) => ({
    sessionId,
    type: role,
    cwd: world.shop,
    version: "2.1.38",
    message: { role, content },
    uuid: `${sessionId.slice(-8)}-0000-4000-8000-${String(index).padStart(12, "0")}`,
    timestamp: new Date(Date.UTC(2026, 1, 3, 10, 0, index)).toISOString(),
  });
  const lines = said.map((each, index) => JSON.stringify(line(each, index)));
  const file = join(world.claude, "projects", "sample", `${sessionId}.jsonl`);
  writeFileSync(file, `${lines.join("\n")}\n`);
  return file;
}
