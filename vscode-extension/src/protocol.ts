/**
 * Every request of the server, with its params and result.
 *
 * Generated from server/aiana/protocol: run `make docs` instead of changing it here.
 */

export interface RequestType<P, R> {
  readonly method: string;
  /** Only for the types; never set. */
  readonly _types?: (params: P) => R;
}

function request<P, R>(method: string): RequestType<P, R> {
  return { method };
}

export type MessageType = "assistant" | "summary" | "system" | "thinking" | "tool_result" | "tool_use" | "user";
export type MemoryType = "conversation" | "insight" | "pattern" | "preference";
export type Kind = "memory" | "message";
export type Lane = "keyword" | "semantic";
export type Mode = "hybrid" | "keyword" | "semantic";
export type Scope = "all" | "project";
export type Rating = "harmful" | "helpful" | "unhelpful";
export type PendingPart = "backups" | "index" | "log";
export type Health = "error" | "ok" | "warning";

/** How what the assistants write is captured. */
export interface CaptureState {
  /** `live`: within a moment; `polling`: files are looked at now and then; `off`: by nobody. */
  state: "live" | "off" | "polling";
  /** One line for a person. */
  detail: string;
}

/** What became of a file, as far as the calls of the session show its text. */
export interface ChangedFile {
  path: string;
  kind: "created" | "deleted" | "edited" | "moved";
  /** URIs of the turns that changed it, in their order. */
  turns: string[];
  /** Where it was before it was moved. */
  oldPath: string | null;
  /** It is no text but a picture, an archive, a program: neither side is shown. */
  binary: boolean;
  /** None where the calls do not show what stood there. */
  before: string | null;
  after: string | null;
  /** The texts are the file from its first line to its last. Otherwise they are the parts that calls showed, a line `⋯` between two. */
  whole: boolean;
  parts: ChangedPart[];
  /** Zero-based line on which it begins in `diff`, where that was asked for. */
  diffLine: number;
}

/** What a session and its sub-agents changed, file by file in the order of the first change. */
export interface ChangedFiles {
  files: ChangedFile[];
  /** All of it as a unified diff, where that was asked for instead of texts. */
  diff: string | null;
  /** Why it may be incomplete. */
  notes: string[];
}

/** A stretch of a file that turns changed, or the whole of it. */
export interface ChangedPart {
  /** Zero-based line of `after` on which it begins. */
  line: number;
  /** URIs of the turns, the last one last. */
  turns: string[];
}

/** What was changed since the last notification, by whichever process. */
export interface Changes {
  kinds: ("memories" | "preferences" | "sessions")[];
  projects: string[];
}

/** One thing that a context block quotes. */
export interface ContextEntry {
  id: string;
  uri: string;
  content: string;
  /** Why it was chosen: `preference`, `recent` or `relevant`; of a session `asked`, `done`, `answered` or `open`. */
  reason: string;
  score: number;
  tokens: number;
  stale: string | null;
}

/** Build a context block for a chat. */
export interface ContextParams {
  query?: string | null;
  textDocument?: TextDocument | null;
  /** Text that is selected in the document. */
  selection?: string | null;
  /** Default: the workspace folder of the document. */
  project?: string | null;
  scope?: Scope;
  /** Default: the setting `contextMaxTokens` (1,000). */
  maxTokens?: number | null;
  /** Do not answer from a cache. */
  refresh?: boolean;
}

/** An `<aiana-context>` block within its budget. */
export interface ContextResult {
  /** Empty when nothing is worth quoting. */
  context: string;
  items: ContextEntry[];
  tokens: number;
  cached: boolean;
  degraded: Degraded[];
}

/** How much of each kind is stored. */
export interface Counts {
  sessions: number;
  messages: number;
  memories: number;
  preferences: number;
  projects: number;
  /** Pieces of conversations that are embedded. */
  chunks: number;
  /** Of the model in use. */
  vectors: number;
}

/** A tier that did not answer as it should, and why. */
export interface Degraded {
  tier: "embedder" | "index" | "qdrant" | "redis";
  reason: string;
  since: string;
}

/** What was deleted, or would be with `dryRun`. */
export interface Deleted {
  deleted: number;
  ids: string[];
  receipt: Receipt | null;
}

/** A filter of which every field must be known: one that was left out would delete more. */
export interface DeletionFilter {
  /** Identity, path or name of a project. */
  project?: string | null;
  kinds?: Kind[];
  /** Of memories; together with `roles`, `types` or `tools` either kind may match. */
  memoryTypes?: MemoryType[];
  sources?: string[];
  /** Of messages; a memory has no role. */
  roles?: string[];
  /** Of messages. */
  types?: MessageType[];
  tools?: string[];
  /** Of sessions that touched each of these files, memories of them included: paths, or ends of paths. */
  files?: string[];
  /** Of sessions in which, for each of these phrases, a tool failed with an answer that holds it; memories of them included. */
  errors?: string[];
  sessionId?: string | null;
  after?: string | null;
  before?: string | null;
}

/** What an editor shows beside a line; as in LSP. */
export interface Diagnostic {
  message: string;
  code?: number | string | null;
}

/** What a session was about, told without a model. */
export interface Digest {
  /** How it ended: with an answer, after a commit or not; with a question to the person; with a call that failed; broken off by the person; or in the middle. */
  outcome: "answered" | "asked" | "committed" | "failed" | "interrupted" | "open";
  /** The first prompt that says something. */
  asked: string | null;
  /** How the last answer ends. */
  concluded: string | null;
  /** The first 20 of those that were touched, changed ones first. */
  files: DigestFile[];
  filesTouched: number;
  commits: string[];
  branches: string[];
}

/** A file that a session read or changed. */
export interface DigestFile {
  path: string;
  touch: "created" | "deleted" | "edited" | "read";
}

/** What the settings exclude, and how much of it is stored, and hidden from everything else. */
export interface Excluded {
  assistants: string[];
  projects: string[];
  paths: string[];
  /** Stored from before, and hidden: `aiana forget --excluded` removes them. */
  sessions: number;
  memories: number;
}

/** A session as text. */
export interface Exported {
  format: "json" | "markdown";
  text: string;
}

/** A transcript that could not be read, and why. */
export interface Failure {
  path: string;
  reason: string;
}

/** A turn in which a session had to do with a file. */
export interface FileEntry {
  /** Of the turn. */
  uri: string;
  /** Of what a session only read or named, the last time is told. */
  kind: "edit" | "named" | "read";
  /** The same more exactly. */
  touch: "created" | "deleted" | "edited" | "named" | "read";
  /** What the file was called then, and where that session had it. */
  path: string;
  source: string;
  sessionId: string;
  messageId: string;
  timestamp: string;
  sessionTitle: string | null;
  /** The first and the last line, from 1, where the call named them. */
  lines: [number, number] | null;
}

/** What happened to a file, newest first. */
export interface FileHistory {
  entries: FileEntry[];
  /** What the file is called, and was called before sessions moved it. */
  names: string[];
  nextCursor: string | null;
  /** Why it may be incomplete. */
  notes: string[];
}

/** Ask which sessions had to do with a file. */
export interface FileHistoryParams {
  textDocument?: TextDocument | null;
  /** Instead of a document; a relative one is below the first workspace folder. */
  path?: string | null;
  limit?: number;
  cursor?: string | null;
}

/** A session in which an error stood and went away after something was changed. */
export interface Fix {
  /** Of the answer of a tool in which the error stood last. */
  uri: string;
  /** The line that told of it. */
  message: string;
  /** Whether the names in quotes are those that were asked about, too. */
  exact: boolean;
  /** `succeeded`: what was run then was run again, without it; `said`: the person said so next. */
  how: "said" | "succeeded";
  /** URI of the turn that shows it. */
  proof: string;
  /** Texts that were changed in between. */
  edits: number;
  /** In which files. */
  files: string[];
  /** URIs of these turns, the first 100. */
  turns: string[];
  /** What was installed, moved or started in between. */
  commands: Quoted[];
  source: string;
  sessionId: string;
  messageId: string;
  /** When it was gone. */
  timestamp: string;
  /** The command line that told of the error; None for a tool that is no shell. */
  command: string | null;
  sessionTitle: string | null;
}

/** What made an error go away, as far as it is sure; the newest first. */
export interface Fixes {
  fixes: Fix[];
  /** The lines that were taken for the error; none where they say too little. */
  sought: string[];
}

/** Ask what made an error go away: one of the two is given. */
export interface FixesParams {
  /** A message, a stack trace or the output of a command. */
  text?: string | null;
  diagnostic?: Diagnostic | null;
  limit?: number;
}

/** Forget what a filter admits, or what the settings say. */
export interface ForgetParams {
  /** What a search with this filter could find; a field that is not known is an error. */
  filter?: DeletionFilter;
  /** Words that all occur in what is to be forgotten; in quotes, a phrase. */
  text?: string | null;
  /** What is stored of that which the settings exclude, instead of a filter. */
  excluded?: boolean;
  /** The sessions that were kept for as long as the settings say, instead of a filter. */
  expired?: boolean;
  /** Change nothing and say what would be forgotten. */
  dryRun?: boolean;
  /** The `deleted` of the dry run; if it is another number by now nothing is forgotten (`conflict`). Needed for more than one thing. */
  expected?: number | null;
}

/** What was forgotten, or would be with `dryRun`: sessions, messages and memories together. */
export interface Forgetting {
  deleted: number;
  ids: string[];
  receipt: Receipt | null;
  /** Those that go as a whole, sub-agents included. */
  sessions: number;
  /** Those of these sessions, and single ones of others. */
  messages: number;
  memories: number;
  /** Of the sessions and memories those that the settings exclude; they are not named. */
  hidden: number;
  /** The newest of it; only with `dryRun`. */
  first: ForgottenThing[];
}

/** Something that is to be forgotten. */
export interface ForgottenThing {
  kind: "memory" | "message" | "session";
  uri: string;
  /** The session's, or the beginning of the text. */
  title: string;
  source: string;
  project: string;
  timestamp: string;
  /** How many go with it. */
  messages: number;
}

/** An account of a session, to be put into a new chat. */
export interface Handover {
  /** A block like that of `aiana/context`. */
  context: string;
  items: ContextEntry[];
  tokens: number;
}

/** How a hit came to its place. */
export interface HitReasons {
  /** Its place, from 1, in each lane that found it. */
  ranks: Record<string, number>;
  /** What made up its score: what `keyword`, `session` and `semantic` gave, then what was added or taken since it holds the identifiers that are asked for or lacks them (`named`), was only thought (`thought`), would lie below 0 or above 1 (`cut`), is not of today (`recency`), or tells what is newer (`newer`). Of these only those that changed the score. */
  parts: Record<string, number>;
  /** Words of the query that it holds in some form. */
  words: string[];
  missing: string[];
  /** It holds the identifiers that are asked for, `exactly` or `in another case`. */
  named?: string | null;
}

/** What an import did with one source. */
export interface ImportCounts {
  /** Transcript files. */
  found: number;
  /** Files that were read for the first time. */
  imported: number;
  /** Files that had grown or changed. */
  updated: number;
  /** Files with nothing new. */
  skipped: number;
  /** Files of which nothing, or not everything, was kept, since the settings exclude it. */
  excluded: number;
  failed: Failure[];
  /** Messages that were added. */
  messages: number;
  /** Memories that were added or changed; only archives hold any. */
  memories: number;
  /** Secrets that were taken out before anything was stored. */
  redactions: number;
  /** Lines that were left out, wholly or in part. */
  skippedLines: number;
  /** The first 100 of them. */
  leftOut: LeftOut[];
  /** Bytes that were read. */
  bytes: number;
}

/** Read new transcripts. */
export interface ImportParams {
  /** Names of assistants; default all, or none if paths are given. */
  sources?: string[] | null;
  /** Files and folders. */
  paths?: string[] | null;
  /** Only files changed since this time or span (`7d`). */
  since?: string | null;
  workDoneToken?: string | number | null;
}

/** What an import did, per source. */
export interface ImportResult {
  sources: Record<string, ImportCounts>;
  /** Files and folders that were given and are no known assistant's. */
  failed: Failure[];
}

/** Work that is left to the indexer. */
export interface Indexing {
  /** Texts without a vector, and messages that are not yet cut into such texts. */
  pending: number;
  /** Texts embedded per second, while it is running. */
  ratePerS: number | null;
}

/** A line of a transcript that was left out, wholly or in part, and why. */
export interface LeftOut {
  path: string;
  /** Counted from 1; 0 where the file has no lines. */
  line: number;
  reason: string;
}

/** A commit that touched a line. */
export interface LineCommit {
  /** None for what is not committed yet. */
  hash: string | null;
  author: string;
  subject: string;
  time: string;
}

/** Words of a page that lead somewhere. */
export interface Link {
  line: number;
  /** First UTF-16 unit of the words in their line. */
  start: number;
  end: number;
  /** A URI. */
  target: string;
}

/** Name a session, a message or a memory. */
export interface LocateParams {
  uri: string;
  /** Write the document to a file, which goes away after a day, and answer that file's URI. */
  asFile?: boolean;
}

/** Where something stands in its document. */
export interface Located {
  /** The document's, without a fragment. */
  uri: string;
  /** Zero-based; 0 where the message is not stored any more. */
  line: number;
  title: string;
}

/** Something a person or an assistant chose to keep. */
export interface Memory {
  /** A UUID. */
  id: string;
  content: string;
  memoryType: MemoryType;
  project: string;
  sessionId: string | null;
  tags: string[];
  metadata: Record<string, unknown>;
  createdAt: string;
  updatedAt: string;
  helpful: number;
  unhelpful: number;
  /** Memories that somebody called harmful are found by search but never put into a context. */
  harmful: number;
  /** Where it can be opened; set on what is read from the storage. */
  uri: string;
}

/** Keep a text. */
export interface MemoryAddParams {
  content: string;
  memoryType?: MemoryType;
  /** Default: the workspace folder of the origin; an empty text means no project. */
  project?: string | null;
  sessionId?: string | null;
  tags?: string[];
  metadata?: Record<string, unknown>;
  origin?: Origin | null;
  /** A retry with the same key stores nothing and returns what the first try stored. */
  idempotencyKey?: string | null;
}

/** A stored memory. */
export interface MemoryAdded {
  memory: Memory;
  /** Id of the equal memory that was there already; nothing was stored then. */
  duplicateOf: string | null;
  /** Secrets that were taken out before the text was stored. */
  redactions: number;
}

/** Delete memories by whole ids, or all that a filter admits. */
export interface MemoryDeleteParams {
  ids?: string[] | null;
  /** Must restrict something; unlike elsewhere, a field that is not known is an error. */
  filter?: DeletionFilter | null;
  /** Change nothing and say what would be deleted. */
  dryRun?: boolean;
  /** How many the dry run said; with other than so many nothing is deleted (`conflict`). Needed where a filter admits more than one. */
  expected?: number | null;
}

/** Judge a memory. */
export interface MemoryFeedbackParams {
  id: string;
  rating: Rating;
}

/** Name one memory. */
export interface MemoryGetParams {
  id: string;
}

/** List memories, newest first. */
export interface MemoryListParams {
  filter?: SearchFilter;
  limit?: number;
  cursor?: string | null;
}

/** Memories, newest first. */
export interface MemoryPage {
  memories: Memory[];
  nextCursor: string | null;
  /** Why there are none, or some may be missing. */
  notes: string[];
}

/** Pin a memory, or let it go. */
export interface MemoryPinParams {
  id: string;
  pinned?: boolean;
}

/** Undo a deletion. */
export interface MemoryRestoreParams {
  /** As it was, from `aiana/memory/get` or a list. */
  memory: Memory;
}

/** One memory. */
export interface MemoryResult {
  memory: Memory;
}

/** Change what is given of a memory, and leave the rest. */
export interface MemoryUpdateParams {
  id: string;
  content?: string | null;
  memoryType?: MemoryType | null;
  project?: string | null;
  tags?: string[] | null;
  metadata?: Record<string, unknown> | null;
}

/** One turn of a session: what was said by either side, or one tool call or result. */
export interface Message {
  /** The source's own identifier, unique within the session. */
  id: string;
  sessionId: string;
  type: MessageType;
  /** Who speaks: `user`, `assistant`, `system`, `tool`, or a name that the source gives. */
  role: string | null;
  content: string;
  toolName: string | null;
  /** The call's arguments as JSON. */
  toolInput: string | null;
  parentId: string | null;
  timestamp: string;
  /** Place in the session as its source tells, ascending; None: after all that are stored. */
  position: number | null;
  tokens: number | null;
  metadata: Record<string, unknown>;
  /** Where it can be opened; set on what is read from the storage. */
  uri: string;
}

/** Messages of one session in order. */
export interface MessageList {
  messages: Message[];
}

/** A later text of another session that says that what a hit says has changed. */
export interface Newer {
  uri: string;
  timestamp: string;
}

export type NoParams = Record<string, never>;

/** Where a memory was taken from. */
export interface Origin {
  uri: string;
  range?: Range | null;
}

/** How much the restrictions of a search leave out. */
export interface Outside {
  messages: number;
  memories: number;
  /** Texts among them that match by their words, where that was looked for. */
  matches: number | null;
}

/** A document that cannot be edited: what `workspace/textDocumentContent` answers. */
export interface Page {
  text: string;
  /** The document's one URI, whatever stood after the id in the one that was asked for. */
  uri: string;
  kind: "memory" | "session";
  /** Of the session or memory. */
  id: string;
  /** The assistant whose session it is. */
  source: string | null;
  /** Zero-based line that the URI's fragment points at. */
  line: number;
  /** What to call it, in a few words. */
  title: string;
  links: Link[];
  /** The messages of a session in order; none of a memory. */
  sections: Section[];
}

/** Zero-based, in the negotiated position encoding. */
export interface Position {
  line: number;
  character: number;
}

/** How the user likes to work; static ones hold always, dynamic ones fade with newer ones. */
export interface Preference {
  id: string;
  text: string;
  static: boolean;
  createdAt: string;
}

/** Keep a preference. */
export interface PreferenceAddParams {
  text: string;
  /** False: something of these days, which newer ones push out of a context. */
  static?: boolean;
}

/** Name one preference. */
export interface PreferenceRemoveParams {
  id: string;
}

/** The user's preferences. */
export interface Profile {
  static: Preference[];
  dynamic: Preference[];
}

/** Projects, the one in which something happened last first. */
export interface ProjectList {
  projects: StoredProject[];
}

/** Texts as Markdown within a budget, each quoted and cited, and what they are in full. */
export interface Quotation {
  /** Short texts whole, long ones cut to an equal share; empty where nothing fits. */
  text: string;
  tokens: number;
  /** How many of the last texts did not fit. */
  leftOut: number;
  texts: QuotedText[];
}

/** Quote texts that a person chose. */
export interface QuoteParams {
  texts: TextToQuote[];
  /** Default: the setting `contextMaxTokens` (1,000). */
  maxTokens?: number | null;
}

/** A turn, and the beginning of what it says. */
export interface Quoted {
  uri: string;
  text: string;
}

/** One text in full, and where it is from. */
export interface QuotedText {
  uri: string;
  kind: "memory" | "message" | "session";
  title: string;
  /** The whole text, or the paragraphs that hold the snippet; a session as Markdown. */
  content: string;
  source: string;
  /** The role or the tool of a message, `thinking`, or the type of a memory. */
  who: string | null;
  project: string;
  sessionId: string | null;
  timestamp: string;
}

/** A stretch of a document. */
export interface Range {
  start: Position;
  end: Position;
}

/** A turn that wrote, changed or discussed lines. */
export interface Reason {
  /** Of the turn. */
  uri: string;
  /** `edited`: the turn's text stands there today; `changed`: what it wrote was changed since; `discussed`: it quotes the line. */
  kind: "changed" | "discussed" | "edited";
  /** How that is known, for people: `edited here`, `edited, then changed by 1a2b3c4 (Ada)`. */
  how: string;
  /** First and last, from 1, of those that were asked about. */
  lines: [number, number][];
  source: string;
  sessionId: string;
  messageId: string;
  timestamp: string;
  /** What the file was called then, and where that session had it. */
  path: string;
  sessionTitle: string | null;
  /** The person's prompt before the turn. */
  asked: Quoted | null;
  /** Edits of the file that were refused between that prompt and the turn. */
  rejected: Quoted[];
  /** With `changed`: the commit that touched the lines last. */
  changedBy: LineCommit | null;
}

/** Per tier, how many of the deleted items were verified gone; None where it is not in use. No search, list or context has them any more. */
export interface Receipt {
  sqlite: number;
  fts: number;
  vectors: number;
  redis: number | null;
  qdrant: number | null;
  /** Files of the data folder in which a word of what was deleted still stands, since something that is kept says it, too, or another program reads them. */
  traces: string[];
  /** Which files still hold words of it until the background work has taken them out: pages of the full-text index, copies in `backups`, the log. `pendingDeletions` of the status says when. */
  pending: PendingPart[];
}

/** Rebuild indexes from what is stored. */
export interface ReindexParams {
  targets?: ("fts" | "qdrant" | "vectors")[];
  workDoneToken?: string | number | null;
}

/** How many items each rebuilt index holds; None where a target was not asked for. */
export interface Reindexed {
  fts: number | null;
  vectors: number | null;
  qdrant: number | null;
}

/** What an editor runs or opens to go on with a session; the server runs nothing. */
export interface Resumption {
  /** For a button: `Resume in Claude Code`. */
  label: string;
  argv: string[];
  /** The folder that the session recorded. */
  cwd: string;
  /** What opens it in the assistant's own extension of VS Code, whether its program is there or not; none where nothing could open it. */
  uri: string | null;
  /** Why it cannot be: offer a new session instead. */
  unavailable: string | null;
}

/** For how long sessions are kept. */
export interface RetentionState {
  /** After their last message; null is for ever. */
  days: number | null;
  /** Days of projects that have their own; 0 is for ever. */
  projects: Record<string, number>;
  /** Sessions that are to go: the background work takes them out a few at a time. */
  due: number;
}

/** Restricts a search; empty lists restrict nothing. */
export interface SearchFilter {
  /** Identity, path or name of a project. */
  project?: string | null;
  kinds?: Kind[];
  /** Of memories; together with `roles`, `types` or `tools` either kind may match. */
  memoryTypes?: MemoryType[];
  sources?: string[];
  /** Of messages; a memory has no role. */
  roles?: string[];
  /** Of messages. */
  types?: MessageType[];
  tools?: string[];
  /** Of sessions that touched each of these files, memories of them included: paths, or ends of paths. */
  files?: string[];
  /** Of sessions in which, for each of these phrases, a tool failed with an answer that holds it; memories of them included. */
  errors?: string[];
  sessionId?: string | null;
  after?: string | null;
  before?: string | null;
}

/** One thing found. */
export interface SearchHit {
  id: string;
  kind: Kind;
  uri: string;
  snippet: string;
  /** UTF-16 code unit ranges of `snippet` that match the query. */
  highlights: [number, number][];
  content?: string | null;
  score: number;
  /** `keyword`, `semantic`, `recency`, each 0..1, where the lane knows the hit. */
  scores: Record<string, number>;
  project: string;
  source: string;
  timestamp: string;
  lanes: Lane[];
  role?: string | null;
  type?: string | null;
  toolName?: string | null;
  memoryType?: MemoryType | null;
  sessionId?: string | null;
  sessionTitle?: string | null;
  messageId?: string | null;
  /** Who speaks, or what: the role, `thinking`, a tool's name, a memory's type. */
  speaker?: string;
  /** The colleague whose memory it is; none for what is one's own. */
  user?: string | null;
  /** What was said later of the same and says that it changed; it stands before the hit. */
  newer?: Newer | null;
  /** With `explain`. */
  reasons?: HitReasons | null;
}

/** Find messages and memories. */
export interface SearchParams {
  /** See the query language. */
  query: string;
  limit?: number;
  /** `nextCursor` of the page before. */
  cursor?: string | null;
  mode?: Mode;
  /** Default: `project` when one is known, else `all`. */
  scope?: Scope | null;
  /** Whose workspace folder is the project; default: the first folder. */
  textDocument?: TextDocument | null;
  filter?: SearchFilter;
  /** At most one hit, the best, of each session. */
  groupBySession?: boolean;
  /** Say of the answer and of each hit what it went by: `reasons`. */
  explain?: boolean;
  workDoneToken?: string | number | null;
  /** The first keyword hits are reported here at once; the answer then waits for the model. */
  partialResultToken?: string | number | null;
}

/** What a ranking went by. */
export interface SearchReasons {
  /** The words that counted, and how many texts of the store hold each in some form. */
  words: Record<string, number>;
  /** How much each signal counted beside the words of the text itself, which count 1. */
  weights: Record<string, number>;
  /** How much alike a text had to be to be found by meaning. */
  leastCosine?: number | null;
  /** What every hit must hold. */
  demanded?: string[];
  /** What no hit may hold. */
  excluded?: string[];
  /** The filter, as people say it; `outside` counts what it left out. */
  restriction?: string;
}

/** Hits, best first. */
export interface SearchResult {
  hits: SearchHit[];
  /** The lanes that answered. */
  modes: Lane[];
  searched: Searched;
  tookMs: number;
  nextCursor: string | null;
  degraded: Degraded[];
  /** What of the query was not understood or could not be done; why nothing was found. */
  notes: string[];
  /** Texts that match by their words or by the filter alone; absent where only meaning found. */
  total: number | null;
  outside: Outside | null;
  /** With `explain`. */
  reasons: SearchReasons | null;
}

/** How much a search looked through. */
export interface Searched {
  messages: number;
  memories: number;
}

/** One message of a session's page; it ends where the next one begins. */
export interface Section {
  /** Zero-based line that it begins on. */
  line: number;
  /** Editors fold all but turns. */
  kind: "thinking" | "tool" | "turn";
  uri: string;
  messageId: string;
  /** For an outline: who, when and the first words; of a tool its name and what it is about. */
  title: string;
  /** It changed files: `aiana/session/changes` of its `uri` tells how. */
  changes: boolean;
}

/** One conversation with one assistant. */
export interface Session {
  /** The source's own identifier. */
  id: string;
  source: string;
  /** Identity of the project (`Project.id`). */
  project: string;
  /** The working directory that the session recorded. */
  projectPath: string;
  transcriptPath: string;
  startedAt: string;
  endedAt: string | null;
  title: string | null;
  summary: string | null;
  /** The session that spawned this one (sub-agents). */
  parentId: string | null;
  messageCount: number;
  tokenCount: number;
  /** How many sessions of sub-agents stand under it; set on what is read from the storage. */
  agents: number;
  metadata: Record<string, unknown>;
  /** Where it can be opened; set on what is read from the storage. */
  uri: string;
}

/** Ask what a session changed. */
export interface SessionChangesParams {
  /** Of the session; with a message, what that one changed. */
  uri: string;
  /** Answer a unified diff in the place of texts. */
  asDiff?: boolean;
}

/** Delete a session, by its whole id, with those of its sub-agents. */
export interface SessionDeleteParams {
  id: string;
  /** The assistant that it is of; only needed where several have a session with this id. */
  source?: string | null;
  /** Change nothing and say what would be deleted. */
  dryRun?: boolean;
}

/** Announce the end of a session. */
export interface SessionEndParams {
  id: string;
  /** The assistant that it is of; only needed where several have a session with this id. */
  source?: string | null;
  summary?: string | null;
}

/** Write a session as text. */
export interface SessionExportParams {
  id: string;
  /** The assistant that it is of; only needed where several have a session with this id. */
  source?: string | null;
  format?: "json" | "markdown";
}

/** Ask for an account of a session. */
export interface SessionHandoverParams {
  uri: string;
  maxTokens?: number;
}

/** List sessions, newest first. */
export interface SessionListParams {
  /** Sessions in which a search with this filter could find a message. */
  filter?: SearchFilter;
  /** Those of sub-agents, too, whose `parentId` names the session that they worked for. */
  agents?: boolean;
  limit?: number;
  cursor?: string | null;
}

/** Read messages of a session. */
export interface SessionMessagesParams {
  id: string;
  /** The assistant that it is of; only needed where several have a session with this id. */
  source?: string | null;
  /** Id of the message in the middle. */
  around?: string | null;
  limit?: number | null;
}

/** Sessions, newest first. */
export interface SessionPage {
  sessions: Session[];
  nextCursor: string | null;
  /** Why there are none. */
  notes: string[];
}

/** Name one session. */
export interface SessionParams {
  id: string;
  /** The assistant that it is of; only needed where several have a session with this id. */
  source?: string | null;
}

/** One session. */
export interface SessionResult {
  session: Session;
  /** What it was about; only where one session was asked for. */
  digest: Digest | null;
  /** The sessions of its sub-agents, oldest first; only where one session was asked for. */
  agents: Session[];
}

/** Ask how to go on with a session. */
export interface SessionResumeParams {
  /** Of the session, or of anything in it. */
  uri: string;
  /** `new` begins another session with the same assistant. */
  mode?: "new" | "resume";
}

/** Announce a session that an editor or assistant begins. */
export interface SessionStartParams {
  id: string;
  project: string;
  metadata?: Record<string, unknown>;
}

/** A setting that was not understood and is not in force. */
export interface SettingProblem {
  /** Its name as it was written; empty where a whole file could not be read. */
  setting: string;
  /** What is wrong with it, what is allowed, or what was probably meant; never its value. */
  message: string;
  /** Path of the file that says it; None for the environment and an editor's settings. */
  file: string | null;
  /** The line in that file, from 1, where it is known. */
  line: number | null;
}

/** Ask for something to be given to somebody else. */
export interface ShareParams {
  /** Of a session, of anything in it, or of a memory. */
  uri: string;
  /** JSON is an archive, a record a line, and whole; `aiana import` reads both. */
  format?: "json" | "markdown";
}

/** A session with its sub-agents, or a memory, to be given to somebody else. */
export interface Shared {
  format: "json" | "markdown";
  /** Without the paths of this machine by which projects and transcripts are known. */
  text: string;
  title: string;
  /** 0 of a memory. */
  messages: number;
  /** Secrets that are not in it: of each kind how many, the most first. */
  takenOut: Record<string, number>;
}

/** One transcript, and what became of it. */
export interface SourceFile {
  path: string;
  /** `waiting`: not read to its end yet; `skipped`: it cannot be read; `recovered`: the assistant has it no more, and what it held is kept. What is excluded is not named. */
  state: "recovered" | "skipped" | "stored" | "waiting";
  /** Why it waits or is skipped. */
  reason: string | null;
  /** When its assistant will delete it, where it does. */
  expires: string | null;
  /** The first of the lines that were left out. */
  lines: LeftOut[];
}

/** The assistants that Aiana knows. */
export interface SourceList {
  sources: SourceStatus[];
}

/** One assistant on this machine, reconciled with what is stored of it. */
export interface SourceStatus {
  name: string;
  title: string;
  /** Where transcripts were looked for. */
  roots: string[];
  /** Transcript files that exist. */
  onDisk: number;
  /** Transcript files that have been imported. */
  stored: number;
  /** Files on disk that have not been imported to their end. */
  missing: number;
  /** Imported files that no longer exist; what they held is kept. */
  vanished: number;
  /** Files that the assistant will delete within a week. */
  expiringSoon: number;
  /** Files of which the settings exclude everything; they count as nothing else. */
  excluded: number;
  /** Lines of all imported files that were left out, wholly or in part. */
  skippedLines: number;
  /** The first 100 of them. */
  leftOut: LeftOut[];
  /** Folders and files that cannot be read. */
  failed: Failure[];
  /** Each file, where that was asked for. */
  files: SourceFile[];
  lastImport: string | null;
}

/** Reconcile what the assistants keep with what is stored. */
export interface SourcesParams {
  /** Names of assistants; default all. */
  sources?: string[] | null;
  /** Name each file, too. */
  files?: boolean;
}

/** The state of Aiana. */
export interface Status {
  health: Health;
  /** Nothing is running in the background. */
  quiescent: boolean;
  /** One line for a person. */
  message: string;
  tiers: Tiers;
  counts: Counts;
  indexing: Indexing;
  version: string;
  dataDir: string;
  capture: CaptureState;
  /** Settings that are not in force since they were not understood. */
  settings: SettingProblem[];
  /** For how long sessions are kept; null is for ever. */
  retention: RetentionState | null;
  /** What is not remembered; null where nothing is excluded. */
  excluded: Excluded | null;
  /** Secrets that were taken out of what an older Aiana, which did not know them, had stored. */
  redacted: number;
  /** Of what was deleted or changed, how much is still being taken out of files. */
  pendingDeletions: number;
}

/** A project of which there are sessions. */
export interface StoredProject {
  id: string;
  name: string;
  /** Those of sub-agents are not counted. */
  sessions: number;
  lastActivity: string;
}

/** A document in the editor. */
export interface TextDocument {
  uri: string;
}

/** One text to quote. */
export interface TextToQuote {
  /** Of a message, a memory or a session. */
  uri: string;
  /** What is shown of it: only the paragraphs that hold these words are quoted. */
  snippet?: string | null;
}

/** State of one tier. */
export interface Tier {
  state: "loading" | "off" | "ok" | "unavailable";
  /** What it is, or why it is off and how to fix that. */
  detail: string;
}

/** All tiers. */
export interface Tiers {
  sqlite: Tier;
  redis: Tier;
  qdrant: Tier;
  embedder: Tier;
}

/** Why lines are as they are, as far as it is sure; the newest turn first. */
export interface Why {
  reasons: Reason[];
  /** The first and the last line, from 1, that were asked about. */
  lines: [number, number];
  /** What could not be looked into, and why. */
  notes: string[];
}

/** Ask why lines of a file are as they are. */
export interface WhyParams {
  /** At most its first 400 lines are looked at; a line at the beginning of which it ends is left out, and so is what is beyond the end of the file. Where it begins there, it is invalid. */
  range: Range;
  textDocument?: TextDocument | null;
  /** Instead of a document; a relative one is below the first workspace folder. */
  path?: string | null;
  limit?: number;
}

/** Find messages and memories by words and by meaning. */
export const search = request<SearchParams, SearchResult>("aiana/search");
/** Build a context block for a chat: what is worth knowing, within a budget of tokens. */
export const context = request<ContextParams, ContextResult>("aiana/context");
/** List the projects of which there are sessions, by their last activity. */
export const projectList = request<NoParams, ProjectList>("aiana/project/list");
/** Say where a message stands in its document, without the text. */
export const locate = request<LocateParams, Located>("aiana/locate");
/** Quote messages, memories and sessions for a chat, within a budget of tokens; and in full. */
export const quote = request<QuoteParams, Quotation>("aiana/quote");
/** Say what happened to a file: the turns of all sessions that edited, read or named it, also under its old names and in other clones, newest first. */
export const fileHistory = request<FileHistoryParams, FileHistory>("aiana/file/history");
/** Say why lines of a file are as they are: the turns whose edits stand there today, or wrote what was changed since, and those that quote them. Empty where it is not sure. */
export const why = request<WhyParams, Why>("aiana/why");
/** Say what made an error go away: sessions in which what was run then ran again without it, or the person said so, and what was changed in between. Names in quotes, paths and numbers may be others. Empty where it is not sure. */
export const fixes = request<FixesParams, Fixes>("aiana/fixes");
/** Keep a text. What is known already is not stored twice, and secrets are taken out. */
export const memoryAdd = request<MemoryAddParams, MemoryAdded>("aiana/memory/add");
/** Read one memory. */
export const memoryGet = request<MemoryGetParams, MemoryResult>("aiana/memory/get");
/** Change what is given of a memory, and leave the rest. */
export const memoryUpdate = request<MemoryUpdateParams, MemoryResult>("aiana/memory/update");
/** List memories: pinned ones first (those with the tag `pinned`), then the newest. */
export const memoryList = request<MemoryListParams, MemoryPage>("aiana/memory/list");
/** Delete memories by whole ids, or all that a filter admits. Ask with `dryRun` first, then send the number as `expected`. */
export const memoryDelete = request<MemoryDeleteParams, Deleted>("aiana/memory/delete");
/** Judge a memory; how often it was found so is kept with it. */
export const memoryFeedback = request<MemoryFeedbackParams, MemoryResult>("aiana/memory/feedback");
/** Pin a memory, so that it stands first in every list, or let it go. */
export const memoryPin = request<MemoryPinParams, MemoryResult>("aiana/memory/pin");
/** Undo a deletion. */
export const memoryRestore = request<MemoryRestoreParams, MemoryResult>("aiana/memory/restore");
/** List sessions by their last activity, newest first. */
export const sessionList = request<SessionListParams, SessionPage>("aiana/session/list");
/** Read what is known of one session, without its messages. */
export const sessionGet = request<SessionParams, SessionResult>("aiana/session/get");
/** Read messages of a session: all, or those around one. */
export const sessionMessages = request<SessionMessagesParams, MessageList>("aiana/session/messages");
/** Delete a session with its messages, and those of its sub-agents, for good. */
export const sessionDelete = request<SessionDeleteParams, Deleted>("aiana/session/delete");
/** Write a session as a text, for people or for programs. */
export const sessionExport = request<SessionExportParams, Exported>("aiana/session/export");
/** Say what an editor runs, or opens, to go on with a session. The server runs nothing. */
export const sessionResume = request<SessionResumeParams, Resumption>("aiana/session/resume");
/** Say what a session and its sub-agents changed, or one message of it: of each file what stood there before and what stands there after, as the calls show it. */
export const sessionChanges = request<SessionChangesParams, ChangedFiles>("aiana/session/changes");
/** Give an account of a session, to be put into a new chat: what was asked, done, said last and left open, quoted and cited within a budget. */
export const sessionHandover = request<SessionHandoverParams, Handover>("aiana/session/handover");
/** Write a session with its sub-agents, or a memory, to be given to somebody else, and say what was taken out of it. */
export const share = request<ShareParams, Shared>("aiana/share");
/** Announce a session that an editor or assistant begins. */
export const sessionStart = request<SessionStartParams, SessionResult>("aiana/session/start");
/** Announce the end of a session. */
export const sessionEnd = request<SessionEndParams, SessionResult>("aiana/session/end");
/** Forget messages and memories, and sessions of which nothing is left, for good: what a search with a filter finds. Ask with `dryRun` first, then send its `deleted` as `expected`. */
export const erase = request<ForgetParams, Forgetting>("aiana/erase");
/** Keep how the user likes to work. */
export const preferenceAdd = request<PreferenceAddParams, Profile>("aiana/preference/add");
/** List all preferences. */
export const preferenceList = request<NoParams, Profile>("aiana/preference/list");
/** Forget one preference. */
export const preferenceRemove = request<PreferenceRemoveParams, Profile>("aiana/preference/remove");
/** Read new transcripts of the assistants on this machine. */
export const captureImport = request<ImportParams, ImportResult>("aiana/capture/import");
/** Reconcile what each assistant keeps on disk with what is stored of it. */
export const captureSources = request<SourcesParams, SourceList>("aiana/capture/sources");
/** Say how Aiana is: what is stored, what serves, what is still to be done. */
export const status = request<NoParams, Status>("aiana/status");
/** Rebuild indexes from what is stored. */
export const reindex = request<ReindexParams, Reindexed>("aiana/reindex");
/** What an `aiana:` URI shows, and where its fragment points. */
export const textDocumentContent = request<{ uri: string }, Page>("workspace/textDocumentContent");

/** Notifications, with a `Status` and with `Changes`. */
export const STATUS_CHANGED = "aiana/statusChanged";
export const DID_CHANGE = "aiana/didChange";
