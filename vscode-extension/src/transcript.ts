/** A session or a memory as Markdown that reads well as plain text, with the places of its turns and links. */

import { isAbsolute, join } from "node:path";
import { assistantTitle } from "./labels";
import type { Memory, Message, Session } from "./protocol";

export interface Link {
  line: number;
  start: number;
  end: number;
  /** Another line of the same document, a file, or one of our URIs. */
  target: { line: number } | { file: string } | { uri: string };
}

export interface Rendered {
  title: string;
  text: string;
  /** Line of each message's heading by the message's id. */
  lines: Map<string, number>;
  links: Link[];
}

const SPEAKERS: Record<string, string> = { user: "User", assistant: "Assistant", summary: "Summary", system: "System" };
const PREVIOUS = "↑ previous turn";
const NEXT = "↓ next turn";

class Page {
  readonly rows: string[] = [];
  readonly links: Link[] = [];

  get line(): number {
    return this.rows.length;
  }

  add(text: string): void {
    this.rows.push(...text.split(/\r?\n/));
  }

  link(prefix: string, label: string, target: Link["target"]): void {
    this.links.push({ line: this.line, start: prefix.length, end: prefix.length + label.length, target });
    this.add(prefix + label);
  }
}

export function renderSession(session: Session, messages: Message[]): Rendered {
  const page = new Page();
  const title = session.title || session.id;
  const facts = [assistantTitle(session.source), session.projectPath ?? session.project, day(session.startedAt)];
  page.add(`# ${title}\n\n${facts.filter(Boolean).join(" · ")} · ${session.messageCount} messages\n`);
  const lines = new Map<string, number>();
  const turns: number[] = [];
  const navigation: { row: number; turn: number }[] = [];
  for (const message of messages) {
    lines.set(message.id, page.line);
    if (message.type === "tool_use" || message.type === "tool_result") {
      addTool(page, message, session.projectPath);
      continue;
    }
    turns.push(page.line);
    page.add(`## ${turns.length} · ${SPEAKERS[message.type] ?? message.role} · ${minute(message.timestamp)}`);
    navigation.push({ row: page.line, turn: turns.length - 1 });
    page.add(`\n\n${message.content}\n`);
  }
  for (const { row, turn } of navigation) {
    addNavigation(page, row, turns[turn - 1], turns[turn + 1]);
  }
  return { title, text: `${page.rows.join("\n")}\n`, lines, links: page.links };
}

function addNavigation(page: Page, row: number, previous: number | undefined, next: number | undefined): void {
  const parts: string[] = [];
  for (const [label, line] of [[PREVIOUS, previous], [NEXT, next]] as const) {
    if (line !== undefined) {
      const start = parts.length ? parts.join("").length + 3 : 0;
      parts.push(parts.length ? ` · ${label}` : label);
      page.links.push({ line: row, start, end: start + label.length, target: { line } });
    }
  }
  page.rows[row] = parts.join("");
}

function addTool(page: Page, message: Message, folder: string | null): void {
  const name = message.toolName ?? "tool";
  const file = message.type === "tool_use" ? filePath(message.toolInput) : undefined;
  if (file) {
    const target = isAbsolute(file) || !folder ? file : join(folder, file);
    page.link(`**${name}** called for `, file, { file: target });
  } else {
    page.add(`**${name}** ${message.type === "tool_use" ? "called" : "answered"}`);
  }
  const fence = fenceFor(message.content);
  page.add(`\n${fence}\n${message.content}\n${fence}\n`);
}

function filePath(input: string | null): string | undefined {
  try {
    const value: unknown = JSON.parse(input ?? "null");
    const path = value && typeof value === "object" && (value as Record<string, unknown>).file_path;
    return typeof path === "string" && !path.includes("\n") ? path : undefined;
  } catch {
    return undefined;
  }
}

export function renderMemory(memory: Memory): Rendered {
  const page = new Page();
  const title = firstLine(memory.content);
  const facts = [memory.memoryType, memory.project, day(memory.createdAt), ...memory.tags.map((tag) => `#${tag}`)];
  page.add(`# ${title}\n\n${facts.filter(Boolean).join(" · ")}\n`);
  page.add(`${memory.content}\n`);
  const origin = memory.metadata.origin as { uri?: unknown; lines?: unknown; terminal?: unknown; chat?: unknown } | undefined;
  if (typeof origin?.uri === "string") {
    const line = Array.isArray(origin.lines) && typeof origin.lines[0] === "number" ? `#L${origin.lines[0] + 1}` : "";
    page.link("From ", origin.uri + line, { uri: origin.uri + line });
  } else if (typeof origin?.terminal === "string") {
    page.add(`From the terminal ${origin.terminal}`);
  } else if (typeof origin?.chat === "string") {
    page.add(`From a chat in ${origin.chat}`);
  }
  if (memory.sessionId) {
    const uri = `aiana:///session/${encodeURIComponent(memory.sessionId)}`;
    page.link("Said in ", uri, { uri });
  }
  return { title, text: `${page.rows.join("\n")}\n`, lines: new Map(), links: page.links };
}

export function firstLine(text: string): string {
  const line = text.trim().split(/\r?\n/, 1)[0] ?? "";
  return line.length > 80 ? `${line.slice(0, 79)}…` : line;
}

/** A fence that no run of backticks in `text` can close. */
export function fenceFor(text: string): string {
  const longest = Math.max(0, ...[...text.matchAll(/`+/g)].map((run) => run[0].length));
  return "`".repeat(Math.max(3, longest + 1));
}

function day(timestamp: string | null): string {
  return timestamp?.slice(0, 10) ?? "";
}

function minute(timestamp: string): string {
  return timestamp.slice(0, 16).replace("T", " ");
}
