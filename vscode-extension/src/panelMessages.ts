/** What the side panel and the extension say to each other. */

export type ServerState = "idle" | "starting" | "running" | "missing" | "failed";

export interface PanelItem {
  uri: string;
  kind: "memory" | "message" | "session";
  /** Name of a codicon. */
  icon: string;
  /** Whose conversation this is, or "Memory": what the icon stands for. */
  source: string;
  /** The conversation's title, or what kind of memory it is. */
  title: string;
  /** Who speaks, a tool, or how much there is. */
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

export type PanelCommand =
  | "aiana.importSessions"
  | "aiana.remember"
  | "aiana.restartServer"
  | "aiana.showLogs"
  | "aiana.doctor"
  | "aiana.openServerSetting";

/** How many rows of each list are wanted while nothing is searched. */
export interface HomeRows {
  memories: number;
  sessions: number;
}

export type ToExtension =
  | { type: "ready" }
  /** `rows` are shown already: no fewer come back. */
  | { type: "search"; id: number; query: string; filters: Filters; cursor?: string; rows: number }
  | { type: "home"; id: number; filters: Filters; rows: HomeRows }
  | { type: "selection"; uris: string[] }
  | { type: "action"; action: Action; uris: string[] }
  | { type: "copyText"; text: string }
  | { type: "command"; command: PanelCommand };

export interface Setup {
  language: string;
  /** Translations by English text. */
  strings: Record<string, string>;
  /** Name of the open project; empty when no folder is open. */
  project: string;
  sources: { name: string; title: string }[];
}

/** Some of a list, and whether there is more of it. */
export interface Part {
  items: PanelItem[];
  more: boolean;
}

export type ToPanel =
  | { type: "setup"; setup: Setup }
  /** `inSettings`: the command that a setting names is what fails. */
  | { type: "server"; state: ServerState; problem: string; inSettings: boolean }
  | {
      type: "results";
      id: number;
      items: PanelItem[];
      /** More hits of the page before are appended instead of taking its place. */
      append: boolean;
      /** The semantic lane has not answered yet. */
      partial: boolean;
      nextCursor: string;
      /** How many texts match, where that is known. */
      total: number | undefined;
      /** What the server says of the query, or of an empty answer. */
      notes: string[];
      /** Why something did not answer, for a person. */
      degraded: string[];
      /** Search by meaning will join soon. */
      warming: boolean;
      /** Nothing at all is stored. */
      empty: boolean;
    }
  | { type: "home"; id: number; memories: Part; sessions: Part; empty: boolean }
  | { type: "failed"; id: number; message: string }
  /** What is configured and does not answer, each in a sentence. */
  | { type: "unavailable"; reasons: string[] }
  | { type: "changed" }
  | { type: "focus" };
