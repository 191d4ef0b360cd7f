"""The whole protocol: every method with its params, result and errors.

Handlers, commands, `docs/protocol.md` and the tests are made from, or checked against, METHODS.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field

from aiana import results
from aiana.models import Memory, MemoryType, Mode, Rating, Scope, SearchFilter

PROTOCOL_VERSION = 1

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603
SERVER_NOT_INITIALIZED = -32002
REQUEST_CANCELLED = -32800
REQUEST_FAILED = -32803

STATUS_CHANGED = "aiana/statusChanged"
DID_CHANGE = "aiana/didChange"

Limit = Annotated[int, Meta(ge=1, le=1000)]
Token = str | int
Text = Annotated[str, Meta(min_length=1)]


class Params(Struct, kw_only=True, rename="camel"):
    """Base of all params: one object, unknown fields ignored."""


class TextDocument(Params):
    """A document in the editor."""

    uri: str


class Position(Params):
    """Zero-based, in the negotiated position encoding."""

    line: int
    character: int


class Range(Params):
    """A stretch of a document."""

    start: Position
    end: Position


class Origin(Params):
    """Where a memory was taken from."""

    uri: str
    range: Range | None = None


class SearchParams(Params):
    """Find messages and memories."""

    query: str
    """See the query language."""
    limit: Limit = 20
    cursor: str | None = None
    """`nextCursor` of the page before."""
    mode: Mode = "hybrid"
    scope: Scope | None = None
    """Default: `project` when one is known, else `all`."""
    text_document: TextDocument | None = None
    """Whose workspace folder is the project; default: the first folder."""
    filter: SearchFilter = field(default_factory=SearchFilter)
    group_by_session: bool = False
    """At most one hit, the best, of each session."""
    work_done_token: Token | None = None
    partial_result_token: Token | None = None
    """Keyword hits are reported here at once; the answer then waits for the model."""


class ContextParams(Params):
    """Build a context block for a chat."""

    query: str | None = None
    text_document: TextDocument | None = None
    selection: str | None = None
    """Text that is selected in the document."""
    project: str | None = None
    """Default: the workspace folder of the document."""
    scope: Scope = "project"
    max_tokens: Annotated[int, Meta(ge=0, le=100_000)] | None = None
    """Default: the setting `contextMaxTokens` (1,000)."""
    refresh: bool = False
    """Do not answer from a cache."""


class MemoryAddParams(Params):
    """Keep a text."""

    content: Text
    memory_type: MemoryType = "insight"
    project: str | None = None
    """Default: the workspace folder of the origin; an empty text means no project."""
    session_id: str | None = None
    tags: list[str] = field(default_factory=list)
    metadata: dict[str, Any] = field(default_factory=dict)
    origin: Origin | None = None
    idempotency_key: str | None = None
    """A retry with the same key stores nothing and returns what the first try stored."""


class MemoryGetParams(Params):
    """Name one memory."""

    id: Text


class MemoryUpdateParams(Params):
    """Change what is given of a memory, and leave the rest."""

    id: Text
    content: Text | None = None
    memory_type: MemoryType | None = None
    project: str | None = None
    tags: list[str] | None = None
    metadata: dict[str, Any] | None = None


class MemoryListParams(Params):
    """List memories, newest first."""

    filter: SearchFilter = field(default_factory=SearchFilter)
    limit: Limit = 50
    cursor: str | None = None


class MemoryDeleteParams(Params):
    """Delete memories by id, or all that a filter admits."""

    ids: list[str] | None = None
    filter: SearchFilter | None = None
    dry_run: bool = False


class MemoryRestoreParams(Params):
    """Undo a deletion."""

    memory: Memory
    """As it was, from `aiana/memory/get` or a list."""


class MemoryFeedbackParams(Params):
    """Judge a memory."""

    id: Text
    rating: Rating


class SessionListParams(Params):
    """List sessions, newest first."""

    filter: SearchFilter = field(default_factory=SearchFilter)
    """`project`, `sources`, `after` and `before` apply."""
    limit: Limit = 50
    cursor: str | None = None


class SessionParams(Params):
    """Name one session."""

    id: Text


class SessionMessagesParams(Params):
    """Read messages of a session."""

    id: Text
    around: str | None = None
    """Id of the message in the middle."""
    limit: Limit | None = None


class SessionExportParams(Params):
    """Write a session as text."""

    id: Text
    format: Literal["markdown", "json"] = "markdown"


class SessionStartParams(Params):
    """Announce a session that an editor or assistant begins."""

    id: Text
    project: str
    metadata: dict[str, Any] = field(default_factory=dict)


class SessionEndParams(Params):
    """Announce the end of a session."""

    id: Text
    summary: str | None = None


class PreferenceAddParams(Params):
    """Keep a preference."""

    text: Text
    static: bool = True
    """False: something of these days, which newer ones push out of a context."""


class PreferenceRemoveParams(Params):
    """Name one preference."""

    id: Text


class NoParams(Params):
    """Nothing is needed."""


class ImportParams(Params):
    """Read new transcripts."""

    sources: list[str] | None = None
    """Names of assistants; default all, or none if paths are given."""
    paths: list[str] | None = None
    """Files and folders."""
    since: str | None = None
    """Only files changed since this time or span (`7d`)."""
    work_done_token: Token | None = None


class ReindexParams(Params):
    """Rebuild indexes from what is stored."""

    targets: list[Literal["fts", "vectors", "qdrant"]] = field(
        default_factory=lambda: ["fts", "vectors", "qdrant"]
    )
    work_done_token: Token | None = None


Lane = Literal["read", "write", "long"]


class Method(Struct, frozen=True):
    """One request of the protocol."""

    name: str
    summary: str
    params: type[Params]
    result: type[results.Result]
    lane: Lane
    """Which executor serves it: reads run side by side, writes one after the other."""
    example: dict[str, Any]
    errors: tuple[str, ...] = ()
    """Values of `data.kind` with -32803."""

    @property
    def command(self) -> str:
        """Name of the `workspace/executeCommand` that does the same."""
        return self.name.replace("/", ".")


METHODS: tuple[Method, ...] = (
    Method(
        "aiana/search",
        "Find messages and memories by words and by meaning.",
        SearchParams,
        results.SearchResult,
        "read",
        {"query": 'flaky login test after:30d -"jest"', "limit": 5},
        ("storageUnavailable", "modelUnavailable"),
    ),
    Method(
        "aiana/context",
        "Build a context block for a chat: what is worth knowing, within a budget of tokens.",
        ContextParams,
        results.ContextResult,
        "read",
        {"query": "why did we pin the redis client", "maxTokens": 500},
        ("storageUnavailable",),
    ),
    Method(
        "aiana/memory/add",
        "Keep a text. What is known already is not stored twice, and secrets are taken out.",
        MemoryAddParams,
        results.MemoryAdded,
        "write",
        {"content": "Integration tests need `make services` first", "memoryType": "pattern"},
        ("storageUnavailable", "readOnly", "tooLarge"),
    ),
    Method(
        "aiana/memory/get",
        "Read one memory.",
        MemoryGetParams,
        results.MemoryResult,
        "read",
        {"id": "7d4ff1de-5b3c-4a3e-9a7e-2f1f2f0b8c11"},
        ("notFound", "storageUnavailable"),
    ),
    Method(
        "aiana/memory/update",
        "Change what is given of a memory, and leave the rest.",
        MemoryUpdateParams,
        results.MemoryResult,
        "write",
        {"id": "7d4ff1de-5b3c-4a3e-9a7e-2f1f2f0b8c11", "tags": ["ci"]},
        ("notFound", "storageUnavailable", "readOnly", "tooLarge"),
    ),
    Method(
        "aiana/memory/list",
        "List memories, newest first.",
        MemoryListParams,
        results.MemoryPage,
        "read",
        {"filter": {"memoryTypes": ["pattern"]}, "limit": 10},
        ("storageUnavailable",),
    ),
    Method(
        "aiana/memory/delete",
        "Delete memories by id, or all that a filter admits; `dryRun` counts them only.",
        MemoryDeleteParams,
        results.Deleted,
        "write",
        {"filter": {"project": "shop", "before": "2026-01-01"}, "dryRun": True},
        ("notFound", "storageUnavailable", "readOnly"),
    ),
    Method(
        "aiana/memory/feedback",
        "Judge a memory; how often it was found so is kept with it.",
        MemoryFeedbackParams,
        results.MemoryResult,
        "write",
        {"id": "7d4ff1de-5b3c-4a3e-9a7e-2f1f2f0b8c11", "rating": "helpful"},
        ("notFound", "storageUnavailable", "readOnly"),
    ),
    Method(
        "aiana/memory/restore",
        "Undo a deletion.",
        MemoryRestoreParams,
        results.MemoryResult,
        "write",
        {
            "memory": {
                "id": "7d4ff1de-5b3c-4a3e-9a7e-2f1f2f0b8c11",
                "content": "Integration tests need `make services` first",
                "memoryType": "pattern",
                "project": "github.com/ada/shop",
                "createdAt": "2026-02-01T12:00:00.000Z",
                "updatedAt": "2026-02-01T12:00:00.000Z",
            }
        },
        ("conflict", "storageUnavailable", "readOnly", "tooLarge"),
    ),
    Method(
        "aiana/session/list",
        "List sessions, newest first.",
        SessionListParams,
        results.SessionPage,
        "read",
        {"filter": {"sources": ["claude-code"]}, "limit": 10},
        ("storageUnavailable",),
    ),
    Method(
        "aiana/session/get",
        "Read what is known of one session, without its messages.",
        SessionParams,
        results.SessionResult,
        "read",
        {"id": "5f0c9d3e-0b1a-4c8d-9e2f-6a7b8c9d0e1f"},
        ("notFound", "storageUnavailable"),
    ),
    Method(
        "aiana/session/messages",
        "Read messages of a session: all, or those around one.",
        SessionMessagesParams,
        results.MessageList,
        "read",
        {"id": "5f0c9d3e-0b1a-4c8d-9e2f-6a7b8c9d0e1f", "limit": 20},
        ("notFound", "storageUnavailable"),
    ),
    Method(
        "aiana/session/delete",
        "Delete a session with its messages.",
        SessionParams,
        results.Deleted,
        "write",
        {"id": "5f0c9d3e-0b1a-4c8d-9e2f-6a7b8c9d0e1f"},
        ("notFound", "storageUnavailable", "readOnly"),
    ),
    Method(
        "aiana/session/export",
        "Write a session as a text, for people or for programs.",
        SessionExportParams,
        results.Exported,
        "read",
        {"id": "5f0c9d3e-0b1a-4c8d-9e2f-6a7b8c9d0e1f", "format": "markdown"},
        ("notFound", "storageUnavailable"),
    ),
    Method(
        "aiana/session/start",
        "Announce a session that an editor or assistant begins.",
        SessionStartParams,
        results.SessionResult,
        "write",
        {"id": "chat-42", "project": "/home/ada/shop"},
        ("storageUnavailable", "readOnly"),
    ),
    Method(
        "aiana/session/end",
        "Announce the end of a session.",
        SessionEndParams,
        results.SessionResult,
        "write",
        {"id": "chat-42", "summary": "Moved the cart to Redis"},
        ("notFound", "storageUnavailable", "readOnly"),
    ),
    Method(
        "aiana/preference/add",
        "Keep how the user likes to work.",
        PreferenceAddParams,
        results.Profile,
        "write",
        {"text": "Uses uv for Python dependencies"},
        ("storageUnavailable", "readOnly", "tooLarge"),
    ),
    Method(
        "aiana/preference/list",
        "List all preferences.",
        NoParams,
        results.Profile,
        "read",
        {},
        ("storageUnavailable",),
    ),
    Method(
        "aiana/preference/remove",
        "Forget one preference.",
        PreferenceRemoveParams,
        results.Profile,
        "write",
        {"id": "0b8c11aa-5b3c-4a3e-9a7e-2f1f2f0b8c11"},
        ("notFound", "storageUnavailable", "readOnly"),
    ),
    Method(
        "aiana/capture/import",
        "Read new transcripts of the assistants on this machine.",
        ImportParams,
        results.ImportResult,
        "long",
        {"sources": ["claude-code"], "since": "30d"},
        ("notFound", "storageUnavailable", "readOnly"),
    ),
    Method(
        "aiana/capture/sources",
        "List the assistants that can be read, and where.",
        NoParams,
        results.SourceList,
        "read",
        {},
        ("storageUnavailable",),
    ),
    Method(
        "aiana/status",
        "Say how Aiana is: what is stored, what serves, what is still to be done.",
        NoParams,
        results.Status,
        "read",
        {},
        (),
    ),
    Method(
        "aiana/reindex",
        "Rebuild indexes from what is stored.",
        ReindexParams,
        results.Reindexed,
        "long",
        {"targets": ["fts"]},
        ("storageUnavailable", "readOnly", "modelUnavailable", "conflict", "tierUnavailable"),
    ),
)
