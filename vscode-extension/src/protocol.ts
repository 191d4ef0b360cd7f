/** Mirrors `server/aiana/lsp/protocol.py`; the contract test sends every request to the real server. */

export interface RequestType<P, R> {
  readonly method: string;
  /** Only for the types; never set. */
  readonly _types?: (params: P) => R;
}

function request<P, R>(method: string): RequestType<P, R> {
  return { method };
}

export type MemoryType = "conversation" | "insight" | "pattern" | "preference";
export type Mode = "keyword" | "semantic";
export type Scope = "project" | "all";
export type Rating = "helpful" | "unhelpful" | "harmful";
type Token = string | number;

export interface SearchFilter {
  project?: string;
  kinds?: ("memory" | "message")[];
  memoryTypes?: MemoryType[];
  sources?: string[];
  roles?: string[];
  tools?: string[];
  sessionId?: string;
  after?: string;
  before?: string;
}

export interface Degraded {
  tier: "redis" | "qdrant" | "embedder" | "index";
  reason: string;
  since?: string | null;
}

export interface SearchHit {
  id: string;
  kind: "memory" | "message";
  uri: string;
  snippet: string;
  /** UTF-16 code unit ranges of `snippet`. */
  highlights: [number, number][];
  content?: string | null;
  score: number;
  project?: string | null;
  source?: string | null;
  timestamp?: string | null;
  lanes: Mode[];
  role?: string | null;
  type?: string | null;
  toolName?: string | null;
  memoryType?: MemoryType | null;
  sessionId?: string | null;
  sessionTitle?: string | null;
  messageId?: string | null;
}

export interface SearchParams {
  query: string;
  limit?: number;
  cursor?: string;
  mode?: "hybrid" | Mode;
  scope?: Scope;
  /** Whose project is searched; absent, the first folder's. */
  textDocument?: { uri: string };
  filter?: SearchFilter;
  groupBySession?: boolean;
  workDoneToken?: Token;
  partialResultToken?: Token;
}

export interface SearchResult {
  hits: SearchHit[];
  modes: Mode[];
  searched: { messages: number; memories: number };
  tookMs: number;
  nextCursor?: string | null;
  degraded: Degraded[];
}

export interface ContextParams {
  query?: string;
  textDocument?: { uri: string };
  selection?: string;
  project?: string;
  scope?: Scope;
  maxTokens?: number;
  refresh?: boolean;
}

export interface ContextResult {
  context: string;
  items: {
    id: string;
    uri: string;
    content: string;
    reason: string;
    score: number;
    tokens: number;
    stale?: string | null;
  }[];
  tokens: number;
  cached: boolean;
  degraded: Degraded[];
}

export interface Position {
  line: number;
  character: number;
}

export interface Memory {
  id: string;
  content: string;
  memoryType: MemoryType;
  project: string | null;
  sessionId: string | null;
  tags: string[];
  metadata: Record<string, unknown>;
  createdAt: string;
  updatedAt: string;
  helpful: number;
  unhelpful: number;
  harmful: number;
}

export interface MemoryAddParams {
  content: string;
  memoryType?: MemoryType;
  project?: string;
  sessionId?: string;
  tags?: string[];
  metadata?: Record<string, unknown>;
  origin?: { uri: string; range?: { start: Position; end: Position } };
  idempotencyKey?: string;
}

export interface MemoryAdded {
  memory: Memory;
  duplicateOf?: string | null;
  redactions: number;
}

export interface Deleted {
  deleted: number;
  ids: string[];
  receipt: Record<"sqlite" | "fts" | "vectors" | "redis" | "qdrant", number | null>;
}

export interface Page {
  filter?: SearchFilter;
  limit?: number;
  cursor?: string;
}

export interface Session {
  id: string;
  source: string;
  project: string | null;
  projectPath: string | null;
  transcriptPath: string | null;
  startedAt: string | null;
  endedAt: string | null;
  title: string | null;
  summary: string | null;
  parentId: string | null;
  messageCount: number;
  tokenCount: number;
  metadata: Record<string, unknown>;
}

export interface Message {
  id: string;
  sessionId: string;
  type: "assistant" | "summary" | "system" | "tool_result" | "tool_use" | "user";
  role: string;
  content: string;
  toolName: string | null;
  toolInput: string | null;
  parentId: string | null;
  timestamp: string;
  tokens: number | null;
  metadata: Record<string, unknown>;
}

export interface Preference {
  id: string;
  text: string;
  static: boolean;
  createdAt: string;
}

export interface Profile {
  static: Preference[];
  dynamic: Preference[];
}

export interface ImportCounts {
  found: number;
  imported: number;
  updated: number;
  skipped: number;
  failed: { path: string; reason: string }[];
  messages: number;
  redactions: number;
}

export interface SourceStatus {
  name: string;
  title: string;
  roots: string[];
  onDisk: number;
  stored: number;
  missing: number;
  vanished: number;
  expiringSoon: number;
  lastImport?: string | null;
}

export interface Tier {
  state: "ok" | "loading" | "off" | "unavailable";
  detail: string;
}

export interface Status {
  health: "ok" | "warning" | "error";
  quiescent: boolean;
  message: string;
  tiers: Record<"sqlite" | "redis" | "qdrant" | "embedder", Tier>;
  counts: Record<
    "sessions" | "messages" | "memories" | "preferences" | "projects" | "chunks" | "vectors",
    number
  >;
  indexing: { pending: number; ratePerS?: number | null };
  version: string;
  dataDir: string;
  settings: { setting: string; message: string; file?: string | null; line?: number | null }[];
}

export interface Changes {
  kinds: string[];
  projects: string[];
}

type None = Record<string, never>;

export const search = request<SearchParams, SearchResult>("aiana/search");
export const context = request<ContextParams, ContextResult>("aiana/context");
export const memoryAdd = request<MemoryAddParams, MemoryAdded>("aiana/memory/add");
export const memoryGet = request<{ id: string }, { memory: Memory }>("aiana/memory/get");
export const memoryUpdate = request<
  {
    id: string;
    content?: string;
    memoryType?: MemoryType;
    project?: string;
    tags?: string[];
    metadata?: Record<string, unknown>;
  },
  { memory: Memory }
>("aiana/memory/update");
export const memoryList = request<Page, { memories: Memory[]; nextCursor?: string | null }>(
  "aiana/memory/list",
);
export const memoryDelete = request<{ ids?: string[]; filter?: SearchFilter; dryRun?: boolean }, Deleted>(
  "aiana/memory/delete",
);
export const memoryRestore = request<{ memory: Memory }, { memory: Memory }>("aiana/memory/restore");
export const memoryFeedback = request<{ id: string; rating: Rating }, { memory: Memory }>(
  "aiana/memory/feedback",
);
export const sessionList = request<Page, { sessions: Session[]; nextCursor?: string | null }>(
  "aiana/session/list",
);
export const sessionGet = request<{ id: string }, { session: Session }>("aiana/session/get");
export const sessionMessages = request<
  { id: string; around?: string; limit?: number },
  { messages: Message[] }
>("aiana/session/messages");
export const sessionDelete = request<{ id: string }, Deleted>("aiana/session/delete");
export const preferenceAdd = request<{ text: string; static?: boolean }, Profile>("aiana/preference/add");
export const preferenceList = request<None, Profile>("aiana/preference/list");
export const preferenceRemove = request<{ id: string }, Profile>("aiana/preference/remove");
export const captureImport = request<
  { sources?: string[]; paths?: string[]; since?: string; workDoneToken?: Token },
  { sources: Record<string, ImportCounts> }
>("aiana/capture/import");
export const captureSources = request<None, { sources: SourceStatus[] }>("aiana/capture/sources");
export const status = request<None, Status>("aiana/status");

/** The text of an `aiana:` document; `line` is where the URI's fragment points. */
export const textDocumentContent = request<{ uri: string }, { text: string; line: number; title: string }>(
  "workspace/textDocumentContent",
);

export const STATUS_CHANGED = "aiana/statusChanged";
export const DID_CHANGE = "aiana/didChange";

export interface WorkDoneProgress {
  kind: "begin" | "report" | "end";
  percentage?: number;
  message?: string;
}
