"""What the methods of the protocol are asked with."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field

from aiana.errors import InvalidQuery
from aiana.models import Memory, MemoryType, Mode, Rating, Scope, SearchFilter

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
    explain: bool = False
    """Say of the answer and of each hit what it went by: `reasons`."""
    work_done_token: Token | None = None
    partial_result_token: Token | None = None
    """The first keyword hits are reported here at once; the answer then waits for the model."""


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


class DeletionFilter(
    SearchFilter, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"
):
    """A filter of which every field must be known: one that was left out would delete more."""


class MemoryDeleteParams(Params):
    """Delete memories by whole ids, or all that a filter admits."""

    ids: list[str] | None = None
    filter: DeletionFilter | None = None
    """Must restrict something; unlike elsewhere, a field that is not known is an error."""
    dry_run: bool = False
    """Change nothing and say what would be deleted."""
    expected: Annotated[int, Meta(ge=0, le=1_000_000_000)] | None = None
    """How many the dry run said; with other than so many nothing is deleted (`conflict`). Needed
    where a filter admits more than one."""


class ForgetParams(Params):
    """Forget what a filter admits, or what the settings say."""

    filter: DeletionFilter = field(default_factory=DeletionFilter)
    """What a search with this filter could find; a field that is not known is an error."""
    text: Text | None = None
    """Words that all occur in what is to be forgotten; in quotes, a phrase."""
    excluded: bool = False
    """What is stored of that which the settings exclude, instead of a filter."""
    expired: bool = False
    """The sessions that were kept for as long as the settings say, instead of a filter."""
    dry_run: bool = False
    """Change nothing and say what would be forgotten."""
    expected: Annotated[int, Meta(ge=0, le=1_000_000_000)] | None = None
    """The `deleted` of the dry run; if it is another number by now nothing is forgotten
    (`conflict`). Needed for more than one thing."""


class MemoryRestoreParams(Params):
    """Undo a deletion."""

    memory: Memory
    """As it was, from `aiana/memory/get` or a list."""


class MemoryFeedbackParams(Params):
    """Judge a memory."""

    id: Text
    rating: Rating


class MemoryPinParams(Params):
    """Pin a memory, or let it go."""

    id: Text
    pinned: bool = True


class LocateParams(Params):
    """Name a session, a message or a memory."""

    uri: Text
    as_file: bool = False
    """Write the document to a file, which goes away after a day, and answer that file's URI."""


class TextToQuote(Params):
    """One text to quote."""

    uri: Text
    """Of a message, a memory or a session."""
    snippet: str | None = None
    """What is shown of it: only the paragraphs that hold these words are quoted."""


class QuoteParams(Params):
    """Quote texts that a person chose."""

    texts: Annotated[list[TextToQuote], Meta(min_length=1, max_length=1000)]
    max_tokens: Annotated[int, Meta(ge=0, le=100_000)] | None = None
    """Default: the setting `contextMaxTokens` (1,000)."""


class FileHistoryParams(Params):
    """Ask which sessions had to do with a file."""

    text_document: TextDocument | None = None
    path: Text | None = None
    """Instead of a document; a relative one is below the first workspace folder."""
    limit: Limit = 50
    cursor: str | None = None


class WhyParams(Params):
    """Ask why lines of a file are as they are."""

    range: Range
    """At most its first 400 lines are looked at; a line at the beginning of which it ends is left
    out, and so is what is beyond the end of the file. Where it begins there, it is invalid."""
    text_document: TextDocument | None = None
    path: Text | None = None
    """Instead of a document; a relative one is below the first workspace folder."""
    limit: Limit = 20


class Diagnostic(Params):
    """What an editor shows beside a line; as in LSP."""

    message: Text
    code: int | str | None = None


class FixesParams(Params):
    """Ask what made an error go away: one of the two is given."""

    text: Text | None = None
    """A message, a stack trace or the output of a command."""
    diagnostic: Diagnostic | None = None
    limit: Limit = 20

    def error(self) -> tuple[str, str | None]:
        """The text, and the rule where a diagnostic tells it. Raises InvalidQuery."""
        if self.text is not None:
            return self.text, None
        if self.diagnostic is None:
            raise InvalidQuery("Say which error: a text, or a diagnostic.")
        code = self.diagnostic.code
        return self.diagnostic.message, "" if code is None else str(code)


class SessionListParams(Params):
    """List sessions, newest first."""

    filter: SearchFilter = field(default_factory=SearchFilter)
    """Sessions in which a search with this filter could find a message."""
    agents: bool = False
    """Those of sub-agents, too, whose `parentId` names the session that they worked for."""
    limit: Limit = 50
    cursor: str | None = None


class SessionParams(Params):
    """Name one session."""

    id: Text
    source: str | None = None
    """The assistant that it is of; only needed where several have a session with this id."""


class SessionDeleteParams(SessionParams):
    """Delete a session, by its whole id, with those of its sub-agents."""

    dry_run: bool = False
    """Change nothing and say what would be deleted."""


class SessionMessagesParams(SessionParams):
    """Read messages of a session."""

    around: str | None = None
    """Id of the message in the middle."""
    limit: Limit | None = None


class SessionExportParams(SessionParams):
    """Write a session as text."""

    format: Literal["markdown", "json"] = "markdown"


class SessionResumeParams(Params):
    """Ask how to go on with a session."""

    uri: Text
    """Of the session, or of anything in it."""
    mode: Literal["resume", "new"] = "resume"
    """`new` begins another session with the same assistant."""


class SessionChangesParams(Params):
    """Ask what a session changed."""

    uri: Text
    """Of the session; with a message, what that one changed."""
    as_diff: bool = False
    """Answer a unified diff in the place of texts."""


class SessionHandoverParams(Params):
    """Ask for an account of a session."""

    uri: Text
    max_tokens: Annotated[int, Meta(ge=0, le=100_000)] = 2000


class ShareParams(Params):
    """Ask for something to be given to somebody else."""

    uri: Text
    """Of a session, of anything in it, or of a memory."""
    format: Literal["markdown", "json"] = "markdown"
    """JSON is an archive, a record a line, and whole; `aiana import` reads both."""


class SessionStartParams(Params):
    """Announce a session that an editor or assistant begins."""

    id: Text
    project: str
    metadata: dict[str, Any] = field(default_factory=dict)


class SessionEndParams(SessionParams):
    """Announce the end of a session."""

    summary: str | None = None


class PreferenceAddParams(Params):
    """Keep a preference."""

    text: Text
    static: bool = True
    """False: something of these days, which newer ones push out of a context."""


class PreferenceRemoveParams(Params):
    """Name one preference."""

    id: Text


class SourcesParams(Params):
    """Reconcile what the assistants keep with what is stored."""

    sources: list[str] | None = None
    """Names of assistants; default all."""
    files: bool = False
    """Name each file, too."""


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
