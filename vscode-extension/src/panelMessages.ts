/** What the side panel and the extension say to each other. */

export type ServerState = "idle" | "starting" | "running" | "missing" | "failed";

export interface PanelItem {
  uri: string;
  kind: "memory" | "message" | "session";
  /** Name of a codicon. */
  icon: string;
  /** Who or what this is, for the line above the text: an assistant, or "Memory". */
  source: string;
  /** Role or memory type. */
  detail: string;
  text: string;
  highlights: [number, number][];
  project: string;
  timestamp: string;
  /** Items of the same group belong to one session. */
  group: string;
  groupTitle: string;
  /** Found by meaning alone. */
  semantic: boolean;
  pinned: boolean;
}

export type TypeFilter = "" | "memory" | "insight" | "pattern" | "message" | "user" | "assistant" | "tool";
export type TimeFilter = "" | "1d" | "7d" | "30d" | "1y";

export interface Filters {
  scope: "project" | "all";
  source: string;
  type: TypeFilter;
  time: TimeFilter;
}

export type Action = "open" | "preview" | "copy" | "insert" | "addToChat" | "remember" | "forget";

export type ToExtension =
  | { type: "ready" }
  /** `rows` are shown already: no fewer come back. */
  | { type: "search"; id: number; query: string; filters: Filters; cursor?: string; rows: number }
  | { type: "home"; id: number; filters: Filters }
  | { type: "selection"; uris: string[] }
  | { type: "action"; action: Action; uris: string[] }
  | {
      type: "command";
      command:
        "aiana.importSessions" | "aiana.remember" | "aiana.restartServer" | "aiana.showLogs" | "aiana.doctor";
    };

export interface Setup {
  language: string;
  /** Translations by English text. */
  strings: Record<string, string>;
  /** Name of the open project; empty when no folder is open. */
  project: string;
  sources: { name: string; title: string }[];
}

export type ToPanel =
  | { type: "setup"; setup: Setup }
  | { type: "server"; state: ServerState; problem: string }
  | {
      type: "results";
      id: number;
      items: PanelItem[];
      /** More hits of the page before are appended instead of taking its place. */
      append: boolean;
      /** The semantic lane has not answered yet. */
      partial: boolean;
      nextCursor: string;
      searched: number;
      /** Why something did not answer, for a person. */
      degraded: string[];
      /** Search by meaning will join soon. */
      warming: boolean;
    }
  | { type: "home"; id: number; memories: PanelItem[]; sessions: PanelItem[]; empty: boolean }
  | { type: "failed"; id: number; message: string }
  /** What is configured and does not answer, each in a sentence. */
  | { type: "unavailable"; reasons: string[] }
  | { type: "changed" }
  | { type: "focus" };
