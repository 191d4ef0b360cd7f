/** Hits, memories and sessions as the rows that the panel and the quick search show. */

import { assistantIcon, assistantTitle, projectName } from "./labels";
import type { PanelItem, Filters } from "./panelMessages";
import type { Memory, SearchFilter, SearchHit, Session } from "./protocol";

export const PINNED = "pinned";

export function itemOfHit(hit: SearchHit): PanelItem {
  const memory = hit.kind === "memory";
  return {
    uri: hit.uri,
    kind: hit.kind,
    icon: memory ? "bookmark" : assistantIcon(hit.source),
    source: memory ? "Memory" : assistantTitle(hit.source),
    detail: (memory ? hit.memoryType : hit.toolName || hit.role) ?? "",
    text: hit.snippet,
    highlights: hit.highlights,
    project: projectName(hit.project),
    timestamp: hit.timestamp ?? "",
    group: (memory ? "" : hit.sessionId) ?? "",
    groupTitle: memory ? "" : (hit.sessionTitle ?? hit.sessionId ?? ""),
    semantic: hit.lanes.length === 1 && hit.lanes[0] === "semantic",
    pinned: false,
  };
}

export function itemOfMemory(memory: Memory): PanelItem {
  return {
    uri: `aiana:///memory/${encodeURIComponent(memory.id)}`,
    kind: "memory",
    icon: memory.tags.includes(PINNED) ? "pinned" : "bookmark",
    source: "Memory",
    detail: memory.memoryType,
    text: memory.content.slice(0, 300),
    highlights: [],
    project: projectName(memory.project),
    timestamp: memory.createdAt,
    group: "",
    groupTitle: "",
    semantic: false,
    pinned: memory.tags.includes(PINNED),
  };
}

export function itemOfSession(session: Session): PanelItem {
  return {
    uri: `aiana:///session/${encodeURIComponent(session.id)}`,
    kind: "session",
    icon: assistantIcon(session.source),
    source: assistantTitle(session.source),
    detail: "",
    text: session.title || session.summary || session.id,
    highlights: [],
    project: projectName(session.project),
    timestamp: session.endedAt ?? session.startedAt ?? "",
    group: "",
    groupTitle: "",
    semantic: false,
    pinned: false,
  };
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
  if (type === "memory" || type === "message") {
    filter.kinds = [type];
  } else if (type === "insight" || type === "pattern") {
    filter.kinds = ["memory"];
    filter.memoryTypes = [type];
  } else if (type) {
    filter.kinds = ["message"];
    filter.roles = [type];
  }
  return filter;
}
