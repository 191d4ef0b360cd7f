"""What Aiana answers: the results of `aiana.service.Aiana`, of the LSP methods and of `--json`."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct, field

from aiana.models import (
    Degraded,
    Lane,
    LeftOut,
    Memory,
    Message,
    Preference,
    SearchHit,
    SearchReasons,
    Session,
    SettingProblem,
)

Health = Literal["ok", "warning", "error"]


class Result(Struct, kw_only=True, rename="camel"):
    """Base of all results."""


class Searched(Result):
    """How much a search looked through."""

    messages: int
    memories: int


class Outside(Result):
    """How much the restrictions of a search leave out."""

    messages: int
    memories: int
    matches: int | None = None
    """Texts among them that match by their words, where that was looked for."""


class SearchResult(Result):
    """Hits, best first."""

    hits: list[SearchHit]
    modes: list[Lane]
    """The lanes that answered."""
    searched: Searched
    took_ms: float
    next_cursor: str | None = None
    degraded: list[Degraded] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """What of the query was not understood or could not be done; why nothing was found."""
    total: int | None = None
    """Texts that match by their words or by the filter alone; absent where only meaning found."""
    outside: Outside | None = None
    reasons: SearchReasons | None = None
    """With `explain`."""


class ContextEntry(Result):
    """One thing that a context block quotes."""

    id: str
    uri: str
    content: str
    reason: str
    """Why it was chosen: `preference`, `recent` or `relevant`; of a session `asked`, `done`,
    `answered` or `open`."""
    score: float
    tokens: int
    stale: str | None = None


class ContextResult(Result):
    """An `<aiana-context>` block within its budget."""

    context: str
    """Empty when nothing is worth quoting."""
    items: list[ContextEntry]
    tokens: int
    cached: bool = False
    degraded: list[Degraded] = field(default_factory=list)


class MemoryAdded(Result):
    """A stored memory."""

    memory: Memory
    duplicate_of: str | None = None
    """Id of the equal memory that was there already; nothing was stored then."""
    redactions: int = 0
    """Secrets that were taken out before the text was stored."""


class MemoryResult(Result):
    """One memory."""

    memory: Memory


class MemoryPage(Result):
    """Memories, newest first."""

    memories: list[Memory]
    next_cursor: str | None = None
    notes: list[str] = field(default_factory=list)
    """Why there are none, or some may be missing."""


PendingPart = Literal["index", "backups", "log"]


class Receipt(Result):
    """Per tier, how many of the deleted items were verified gone; None where it is not in use.

    No search, list or context has them any more.
    """

    sqlite: int
    fts: int
    vectors: int
    redis: int | None = None
    qdrant: int | None = None
    traces: list[str] = field(default_factory=list)
    """Files of the data folder in which a word of what was deleted still stands, since something
    that is kept says it, too, or another program reads them."""
    pending: list[PendingPart] = field(default_factory=list)
    """Which files still hold words of it until the background work has taken them out: pages of the
    full-text index, copies in `backups`, the log. `pendingDeletions` of the status says when."""


class Deleted(Result):
    """What was deleted, or would be with `dryRun`."""

    deleted: int
    ids: list[str]
    receipt: Receipt | None = None


class ForgottenThing(Result):
    """Something that is to be forgotten."""

    kind: Literal["session", "message", "memory"]
    uri: str
    title: str
    """The session's, or the beginning of the text."""
    source: str
    project: str
    timestamp: str
    messages: int
    """How many go with it."""


class Forgetting(Deleted, kw_only=True):
    """What was forgotten, or would be with `dryRun`: sessions, messages and memories together."""

    sessions: int
    """Those that go as a whole, sub-agents included."""
    messages: int
    """Those of these sessions, and single ones of others."""
    memories: int
    hidden: int = 0
    """Of the sessions and memories those that the settings exclude; they are not named."""
    first: list[ForgottenThing] = field(default_factory=list)
    """The newest of it; only with `dryRun`."""


class RetentionState(Result):
    """For how long sessions are kept."""

    days: int | None
    """After their last message; null is for ever."""
    projects: dict[str, int]
    """Days of projects that have their own; 0 is for ever."""
    due: int
    """Sessions that are to go: the background work takes them out a few at a time."""


class SessionPage(Result):
    """Sessions, newest first."""

    sessions: list[Session]
    next_cursor: str | None = None
    notes: list[str] = field(default_factory=list)
    """Why there are none."""


class DigestFile(Result):
    """A file that a session read or changed."""

    path: str
    touch: Literal["read", "edited", "created", "deleted"]


class Digest(Result):
    """What a session was about, told without a model."""

    outcome: Literal["committed", "answered", "asked", "failed", "interrupted", "open"]
    """How it ended: with an answer, after a commit or not; with a question to the person; with a
    call that failed; broken off by the person; or in the middle."""
    asked: str | None = None
    """The first prompt that says something."""
    concluded: str | None = None
    """How the last answer ends."""
    files: list[DigestFile] = field(default_factory=list)
    """The first 20 of those that were touched, changed ones first."""
    files_touched: int = 0
    commits: list[str] = field(default_factory=list)
    branches: list[str] = field(default_factory=list)


class SessionResult(Result):
    """One session."""

    session: Session
    digest: Digest | None = None
    """What it was about; only where one session was asked for."""
    agents: list[Session] = field(default_factory=list)
    """The sessions of its sub-agents, oldest first; only where one session was asked for."""


class FileEntry(Result):
    """A turn in which a session had to do with a file."""

    uri: str
    """Of the turn."""
    kind: Literal["edit", "read", "named"]
    """Of what a session only read or named, the last time is told."""
    touch: Literal["read", "edited", "created", "deleted", "named"]
    """The same more exactly."""
    path: str
    """What the file was called then, and where that session had it."""
    source: str
    session_id: str
    message_id: str
    timestamp: str
    session_title: str | None = None
    lines: tuple[int, int] | None = None
    """The first and the last line, from 1, where the call named them."""


class FileHistory(Result):
    """What happened to a file, newest first."""

    entries: list[FileEntry]
    names: list[str]
    """What the file is called, and was called before sessions moved it."""
    next_cursor: str | None = None
    notes: list[str] = field(default_factory=list)
    """Why it may be incomplete."""


class Quoted(Result):
    """A turn, and the beginning of what it says."""

    uri: str
    text: str


class LineCommit(Result):
    """A commit that touched a line."""

    hash: str | None
    """None for what is not committed yet."""
    author: str
    subject: str
    time: str


class Reason(Result):
    """A turn that wrote, changed or discussed lines."""

    uri: str
    """Of the turn."""
    kind: Literal["edited", "changed", "discussed"]
    """`edited`: the turn's text stands there today; `changed`: what it wrote was changed since;
    `discussed`: it quotes the line."""
    how: str
    """How that is known, for people: `edited here`, `edited, then changed by 1a2b3c4 (Ada)`."""
    lines: list[tuple[int, int]]
    """First and last, from 1, of those that were asked about."""
    source: str
    session_id: str
    message_id: str
    timestamp: str
    path: str
    """What the file was called then, and where that session had it."""
    session_title: str | None = None
    asked: Quoted | None = None
    """The person's prompt before the turn."""
    rejected: list[Quoted] = field(default_factory=list)
    """Edits of the file that were refused between that prompt and the turn."""
    changed_by: LineCommit | None = None
    """With `changed`: the commit that touched the lines last."""


class Why(Result):
    """Why lines are as they are, as far as it is sure; the newest turn first."""

    reasons: list[Reason]
    lines: tuple[int, int]
    """The first and the last line, from 1, that were asked about."""
    notes: list[str] = field(default_factory=list)
    """What could not be looked into, and why."""


class Fix(Result):
    """A session in which an error stood and went away after something was changed."""

    uri: str
    """Of the answer of a tool in which the error stood last."""
    message: str
    """The line that told of it."""
    exact: bool
    """Whether the names in quotes are those that were asked about, too."""
    how: Literal["succeeded", "said"]
    """`succeeded`: what was run then was run again, without it; `said`: the person said so next."""
    proof: str
    """URI of the turn that shows it."""
    edits: int
    """Texts that were changed in between."""
    files: list[str]
    """In which files."""
    turns: list[str]
    """URIs of these turns, the first 100."""
    commands: list[Quoted]
    """What was installed, moved or started in between."""
    source: str
    session_id: str
    message_id: str
    timestamp: str
    """When it was gone."""
    command: str | None = None
    """The command line that told of the error; None for a tool that is no shell."""
    session_title: str | None = None


class Fixes(Result):
    """What made an error go away, as far as it is sure; the newest first."""

    fixes: list[Fix]
    sought: list[str]
    """The lines that were taken for the error; none where they say too little."""


class ChangedPart(Result):
    """A stretch of a file that turns changed, or the whole of it."""

    line: int
    """Zero-based line of `after` on which it begins."""
    turns: list[str]
    """URIs of the turns, the last one last."""


class ChangedFile(Result):
    """What became of a file, as far as the calls of the session show its text."""

    path: str
    kind: Literal["edited", "created", "deleted", "moved"]
    turns: list[str]
    """URIs of the turns that changed it, in their order."""
    old_path: str | None = None
    """Where it was before it was moved."""
    binary: bool = False
    """It is no text but a picture, an archive, a program: neither side is shown."""
    before: str | None = None
    """None where the calls do not show what stood there."""
    after: str | None = None
    whole: bool = False
    """The texts are the file from its first line to its last. Otherwise they are the parts that
    calls showed, a line `⋯` between two."""
    parts: list[ChangedPart] = field(default_factory=list)
    diff_line: int = 0
    """Zero-based line on which it begins in `diff`, where that was asked for."""


class ChangedFiles(Result):
    """What a session and its sub-agents changed, file by file in the order of the first change."""

    files: list[ChangedFile]
    diff: str | None = None
    """All of it as a unified diff, where that was asked for instead of texts."""
    notes: list[str] = field(default_factory=list)
    """Why it may be incomplete."""


class MessageList(Result):
    """Messages of one session in order."""

    messages: list[Message]


class Exported(Result):
    """A session as text."""

    format: Literal["markdown", "json"]
    text: str


class Resumption(Result):
    """What an editor runs or opens to go on with a session; the server runs nothing."""

    label: str
    """For a button: `Resume in Claude Code`."""
    argv: list[str] = field(default_factory=list)
    cwd: str = ""
    """The folder that the session recorded."""
    uri: str | None = None
    """What opens it in the assistant's own extension of VS Code, whether its program is there or
    not; none where nothing could open it."""
    unavailable: str | None = None
    """Why it cannot be: offer a new session instead."""


class Handover(Result):
    """An account of a session, to be put into a new chat."""

    context: str
    """A block like that of `aiana/context`."""
    items: list[ContextEntry]
    tokens: int


class Shared(Result):
    """A session with its sub-agents, or a memory, to be given to somebody else."""

    format: Literal["markdown", "json"]
    text: str
    """Without the paths of this machine by which projects and transcripts are known."""
    title: str
    messages: int
    """0 of a memory."""
    taken_out: dict[str, int] = field(default_factory=dict)
    """Secrets that are not in it: of each kind how many, the most first."""


class Profile(Result):
    """The user's preferences."""

    static: list[Preference]
    dynamic: list[Preference]


class Failure(Result):
    """A transcript that could not be read, and why."""

    path: str
    reason: str


class ImportCounts(Result):
    """What an import did with one source."""

    found: int = 0
    """Transcript files."""
    imported: int = 0
    """Files that were read for the first time."""
    updated: int = 0
    """Files that had grown or changed."""
    skipped: int = 0
    """Files with nothing new."""
    excluded: int = 0
    """Files of which nothing, or not everything, was kept, since the settings exclude it."""
    failed: list[Failure] = field(default_factory=list)
    messages: int = 0
    """Messages that were added."""
    memories: int = 0
    """Memories that were added or changed; only archives hold any."""
    redactions: int = 0
    """Secrets that were taken out before anything was stored."""
    skipped_lines: int = 0
    """Lines that were left out, wholly or in part."""
    left_out: list[LeftOut] = field(default_factory=list)
    """The first 100 of them."""
    bytes: int = 0
    """Bytes that were read."""


class ImportResult(Result):
    """What an import did, per source."""

    sources: dict[str, ImportCounts]
    failed: list[Failure] = field(default_factory=list)
    """Files and folders that were given and are no known assistant's."""


class SourceFile(Result):
    """One transcript, and what became of it."""

    path: str
    state: Literal["stored", "waiting", "skipped", "recovered"]
    """`waiting`: not read to its end yet; `skipped`: it cannot be read; `recovered`: the assistant
    has it no more, and what it held is kept. What is excluded is not named."""
    reason: str | None = None
    """Why it waits or is skipped."""
    expires: str | None = None
    """When its assistant will delete it, where it does."""
    lines: list[LeftOut] = field(default_factory=list)
    """The first of the lines that were left out."""


class SourceStatus(Result):
    """One assistant on this machine, reconciled with what is stored of it."""

    name: str
    title: str
    roots: list[str]
    """Where transcripts were looked for."""
    on_disk: int
    """Transcript files that exist."""
    stored: int
    """Transcript files that have been imported."""
    missing: int
    """Files on disk that have not been imported to their end."""
    vanished: int
    """Imported files that no longer exist; what they held is kept."""
    expiring_soon: int
    """Files that the assistant will delete within a week."""
    excluded: int = 0
    """Files of which the settings exclude everything; they count as nothing else."""
    skipped_lines: int = 0
    """Lines of all imported files that were left out, wholly or in part."""
    left_out: list[LeftOut] = field(default_factory=list)
    """The first 100 of them."""
    failed: list[Failure] = field(default_factory=list)
    """Folders and files that cannot be read."""
    files: list[SourceFile] = field(default_factory=list)
    """Each file, where that was asked for."""
    last_import: str | None = None


class SourceList(Result):
    """The assistants that Aiana knows."""

    sources: list[SourceStatus]


class Tier(Result):
    """State of one tier."""

    state: Literal["ok", "off", "loading", "unavailable"]
    detail: str = ""
    """What it is, or why it is off and how to fix that."""


class Tiers(Result):
    """All tiers."""

    sqlite: Tier
    redis: Tier
    qdrant: Tier
    embedder: Tier


class Counts(Result):
    """How much of each kind is stored."""

    sessions: int
    messages: int
    memories: int
    preferences: int
    projects: int
    chunks: int
    """Pieces of conversations that are embedded."""
    vectors: int
    """Of the model in use."""


class Indexing(Result):
    """Work that is left to the indexer."""

    pending: int
    """Texts without a vector, and messages that are not yet cut into such texts."""
    rate_per_s: float | None = None
    """Texts embedded per second, while it is running."""


class CaptureState(Result):
    """How what the assistants write is captured."""

    state: Literal["live", "polling", "off"]
    """`live`: within a moment; `polling`: files are looked at now and then; `off`: by nobody."""
    detail: str
    """One line for a person."""


class Arrival(Result):
    """A session in which new messages were stored."""

    id: str
    source: str
    title: str | None
    project: str
    messages: int
    """How many."""
    text: str
    """Beginning of the last one."""
    uri: str


class Excluded(Result):
    """What the settings exclude, and how much of it is stored, and hidden from everything else."""

    assistants: list[str]
    projects: list[str]
    paths: list[str]
    sessions: int
    """Stored from before, and hidden: `aiana forget --excluded` removes them."""
    memories: int


class Status(Result):
    """The state of Aiana."""

    health: Health
    quiescent: bool
    """Nothing is running in the background."""
    message: str
    """One line for a person."""
    tiers: Tiers
    counts: Counts
    indexing: Indexing
    version: str
    data_dir: str
    capture: CaptureState
    settings: list[SettingProblem] = field(default_factory=list)
    """Settings that are not in force since they were not understood."""
    retention: RetentionState | None = None
    """For how long sessions are kept; null is for ever."""
    excluded: Excluded | None = None
    """What is not remembered; null where nothing is excluded."""
    redacted: int = 0
    """Secrets that were taken out of what an older Aiana, which did not know them, had stored."""
    pending_deletions: int = 0
    """Of what was deleted or changed, how much is still being taken out of files."""


class Finding(Result):
    """What `aiana doctor` found of one thing."""

    subject: str
    state: Health
    """`error`: something does not work or is not safe; `warning`: it could be better."""
    detail: str
    fix: str | None = None
    """The command that fixes it, or what to do."""


class Diagnosis(Result):
    """Everything that was checked, after what was fixed."""

    findings: list[Finding]
    fixed: list[str] = field(default_factory=list)
    """Subjects that `--fix` took care of."""


class Changes(Result):
    """What was changed since the last notification, by whichever process."""

    kinds: list[Literal["sessions", "memories", "preferences"]]
    projects: list[str]


class Reindexed(Result):
    """How many items each rebuilt index holds; None where a target was not asked for."""

    fts: int | None = None
    vectors: int | None = None
    qdrant: int | None = None


class Link(Result, gc=False):
    """Words of a page that lead somewhere."""

    line: int
    start: int
    """First UTF-16 unit of the words in their line."""
    end: int
    target: str
    """A URI."""


class Section(Result, gc=False):
    """One message of a session's page; it ends where the next one begins."""

    line: int
    """Zero-based line that it begins on."""
    kind: Literal["turn", "thinking", "tool"]
    """Editors fold all but turns."""
    uri: str
    message_id: str
    title: str = ""
    """For an outline: who, when and the first words; of a tool its name and what it is about."""
    changes: bool = False
    """It changed files: `aiana/session/changes` of its `uri` tells how."""


class Located(Result):
    """Where something stands in its document."""

    uri: str
    """The document's, without a fragment."""
    line: int
    """Zero-based; 0 where the message is not stored any more."""
    title: str


class StoredProject(Result):
    """A project of which there are sessions."""

    id: str
    name: str
    sessions: int
    """Those of sub-agents are not counted."""
    last_activity: str


class ProjectList(Result):
    """Projects, the one in which something happened last first."""

    projects: list[StoredProject]


class QuotedText(Result):
    """One text in full, and where it is from."""

    uri: str
    kind: Literal["message", "memory", "session"]
    title: str
    content: str
    """The whole text, or the paragraphs that hold the snippet; a session as Markdown."""
    source: str
    who: str | None = None
    """The role or the tool of a message, `thinking`, or the type of a memory."""
    project: str = ""
    session_id: str | None = None
    timestamp: str = ""


class Quotation(Result):
    """Texts as Markdown within a budget, each quoted and cited, and what they are in full."""

    text: str
    """Short texts whole, long ones cut to an equal share; empty where nothing fits."""
    tokens: int
    left_out: int
    """How many of the last texts did not fit."""
    texts: list[QuotedText]


class Page(Result):
    """A document that cannot be edited: what `workspace/textDocumentContent` answers."""

    text: str
    uri: str
    """The document's one URI, whatever stood after the id in the one that was asked for."""
    kind: Literal["memory", "session"]
    id: str
    """Of the session or memory."""
    source: str | None = None
    """The assistant whose session it is."""
    line: int = 0
    """Zero-based line that the URI's fragment points at."""
    title: str = ""
    """What to call it, in a few words."""
    links: list[Link] = field(default_factory=list)
    sections: list[Section] = field(default_factory=list)
    """The messages of a session in order; none of a memory."""
