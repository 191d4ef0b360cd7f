/** Hits, memories and sessions as the rows that the panel and the quick search show. */

import * as vscode from "vscode";
import { assistantIcon, assistantTitle, directed, firstLine, projectName } from "./labels";
import type { Filters, PanelItem } from "./panelMessages";
import type { Memory, MemoryType, SearchFilter, SearchHit, Session } from "./protocol";

export const PINNED = "pinned";

export function itemOfHit(hit: SearchHit): PanelItem {
  const memory = hit.kind === "memory";
  return {
    uri: hit.uri,
    kind: hit.kind,
    icon: memory ? "bookmark" : assistantIcon(hit.source),
    source: memory ? vscode.l10n.t("Memory") : assistantTitle(hit.source),
    title: memory
      ? memoryTitle(hit.memoryType)
      : hit.sessionTitle || hit.sessionId || assistantTitle(hit.source),
    detail: [hit.user, memory ? "" : speakerTitle(hit.speaker)].filter(Boolean).join(" · "),
    text: hit.snippet,
    highlights: hit.highlights,
    project: projectName(hit.project),
    timestamp: hit.timestamp,
    // Conversations of two assistants may have the same identifier.
    group: memory ? "" : `${hit.source}/${hit.sessionId ?? ""}`,
    groupTitle: memory ? "" : (hit.sessionTitle ?? hit.sessionId ?? ""),
    semantic: hit.lanes.length === 1 && hit.lanes[0] === "semantic",
    pinned: false,
  };
}

export function itemOfMemory(memory: Memory): PanelItem {
  const pinned = memory.tags.includes(PINNED);
  return {
    uri: memory.uri,
    kind: "memory",
    icon: pinned ? "pinned" : "bookmark",
    source: vscode.l10n.t("Memory"),
    title: memoryTitle(memory.memoryType),
    detail: "",
    text: directed(memory.content.slice(0, 300)),
    highlights: [],
    project: projectName(memory.project),
    timestamp: memory.createdAt,
    group: "",
    groupTitle: "",
    semantic: false,
    pinned,
  };
}

export function itemOfSession(session: Session): PanelItem {
  return {
    uri: session.uri,
    kind: "session",
    icon: assistantIcon(session.source),
    source: assistantTitle(session.source),
    title: sessionTitle(session),
    detail:
      session.messageCount === 1
        ? vscode.l10n.t("1 message")
        : vscode.l10n.t("{0} messages", session.messageCount),
    text: "",
    highlights: [],
    project: projectName(session.project),
    timestamp: session.endedAt ?? session.startedAt,
    group: "",
    groupTitle: "",
    semantic: false,
    pinned: false,
  };
}

export function sessionTitle({ id, title, summary }: Session): string {
  return title || firstLine(summary ?? "") || id;
}

export function memoryTitle(type: MemoryType | null | undefined): string {
  switch (type) {
    case "insight":
      return vscode.l10n.t("Insight");
    case "pattern":
      return vscode.l10n.t("Pattern");
    case "preference":
      return vscode.l10n.t("Preference");
    case "conversation":
      return vscode.l10n.t("Conversation");
    case null:
    case undefined:
      return vscode.l10n.t("Memory");
  }
}

/** Speakers are open: those that are known have a word of the user's language. */
function speakerTitle(speaker: string | undefined): string {
  const known: Record<string, string> = {
    user: vscode.l10n.t("You"),
    assistant: vscode.l10n.t("Answer"),
    thinking: vscode.l10n.t("Thinking"),
    system: vscode.l10n.t("System"),
    tool: vscode.l10n.t("Tool"),
  };
  return speaker ? (known[speaker] ?? speaker) : "";
}

/** The panel's controls as a filter of the protocol. */
export function searchFilter({ source, type, time }: Filters): SearchFilter {
  const filter: SearchFilter = {};
  if (source) {
    filter.sources = [source];
  }
  if (time) {
    filter.after = time;
  }
  switch (type) {
    case "":
      break;
    case "memory":
    case "message":
      filter.kinds = [type];
      break;
    case "insight":
    case "pattern":
      filter.kinds = ["memory"];
      filter.memoryTypes = [type];
      break;
    case "user":
    case "assistant":
    case "tool":
      filter.kinds = ["message"];
      filter.roles = [type];
      break;
  }
  return filter;
}
