"""The values that travel through Aiana. No I/O, no behaviour beyond what a value knows of itself.

Times are RFC 3339 in UTC with milliseconds (`2026-02-01T12:00:00.000Z`, see `aiana.times`): fixed
width, so that they sort as text. Field names become camelCase on the wire.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from msgspec import Struct, field

MessageType = Literal[
    "user", "assistant", "thinking", "tool_use", "tool_result", "system", "summary"
]
MemoryType = Literal["conversation", "preference", "pattern", "insight"]
MEMORY_TYPES: tuple[MemoryType, ...] = ("conversation", "preference", "pattern", "insight")
Kind = Literal["message", "memory"]
Lane = Literal["keyword", "semantic"]
Mode = Literal["hybrid", "keyword", "semantic"]
Scope = Literal["project", "all"]
Rating = Literal["helpful", "unhelpful", "harmful"]
Progress = Callable[[int, int, str], None]
"""Called with how much is done, of how much (0: nobody knows), and what it is at."""

OWN_SOURCE = "aiana"
"""Source of memories, and of sessions that a front end announces."""

PINNED = "pinned"
"""The tag of memories that stand first in every list."""
SPOKEN: tuple[MessageType, ...] = ("user", "assistant", "summary")
"""Types of messages that are embedded: what people and assistants said, and not tool traffic."""


class Project(Struct, frozen=True, kw_only=True, rename="camel"):
    """A project is the same project wherever it is checked out: its identity is the git remote."""

    id: str
    """`github.com/owner/name` from the git remote, else the path of its root, else a name."""
    name: str
    """Last component of the identity: what people type after `project:`."""
    root: str = ""
    """Absolute path of the git root or working directory as it was last seen."""


class Session(Struct, frozen=True, kw_only=True, rename="camel"):
    """One conversation with one assistant."""

    id: str
    """The source's own identifier."""
    source: str
    project: str = ""
    """Identity of the project (`Project.id`)."""
    project_path: str = ""
    """The working directory that the session recorded."""
    transcript_path: str = ""
    started_at: str = ""
    ended_at: str | None = None
    title: str | None = None
    summary: str | None = None
    parent_id: str | None = None
    """The session that spawned this one (sub-agents)."""
    message_count: int = 0
    token_count: int = 0
    agents: int = 0
    """How many sessions of sub-agents stand under it; set on what is read from the storage."""
    metadata: dict[str, Any] = field(default_factory=dict)
    uri: str = ""
    """Where it can be opened; set on what is read from the storage."""


class Message(Struct, frozen=True, kw_only=True, rename="camel", gc=False):
    """One turn of a session: what was said by either side, or one tool call or result."""

    id: str
    """The source's own identifier, unique within the session."""
    session_id: str
    type: MessageType
    role: str | None = None
    """Who speaks: `user`, `assistant`, `system`, `tool`, or a name that the source gives."""
    content: str = ""
    tool_name: str | None = None
    tool_input: str | None = None
    """The call's arguments as JSON."""
    parent_id: str | None = None
    timestamp: str
    position: int | None = None
    """Place in the session as its source tells, ascending; None: after all that are stored."""
    tokens: int | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    uri: str = ""
    """Where it can be opened; set on what is read from the storage."""


class Memory(Struct, frozen=True, kw_only=True, rename="camel"):
    """Something a person or an assistant chose to keep."""

    id: str
    """A UUID."""
    content: str
    memory_type: MemoryType = "insight"
    project: str = ""
    session_id: str | None = None
    tags: list[str] = field(default_factory=list)
    metadata: dict[str, Any] = field(default_factory=dict)
    created_at: str
    updated_at: str
    helpful: int = 0
    unhelpful: int = 0
    harmful: int = 0
    """Memories that somebody called harmful are found by search but never put into a context."""
    uri: str = ""
    """Where it can be opened; set on what is read from the storage."""


class Preference(Struct, frozen=True, kw_only=True, rename="camel"):
    """How the user likes to work; static ones hold always, dynamic ones fade with newer ones."""

    id: str
    text: str
    static: bool = True
    created_at: str


class LeftOut(Struct, frozen=True, kw_only=True, rename="camel"):
    """A line of a transcript that was left out, wholly or in part, and why."""

    path: str
    line: int
    """Counted from 1; 0 where the file has no lines."""
    reason: str


class CapturePosition(Struct, frozen=True, kw_only=True):
    """How far a transcript has been read, and what must be known to read on."""

    path: str
    source: str
    mark: dict[str, Any] = field(default_factory=dict)
    """Where the reading stopped and how to tell that nothing before it changed; the source's own
    affair."""
    skipped_lines: int = 0
    """Lines that were left out, wholly or in part."""
    left_out: list[LeftOut] = field(default_factory=list)
    """The first of them."""
    state: dict[str, Any] = field(default_factory=dict)
    """What the reader must remember between two reads of the file."""
    failed: str = ""
    """Why the last reading brought nothing; empty where it did not fail."""
    excluded: str = ""
    """The fingerprint of the rules by which something of it was not stored."""


class Spent(Struct, frozen=True, kw_only=True):
    """What a message took, told by its source after it."""

    session_id: str
    message_id: str
    tokens: int
    """In all, as far as it is known."""


class CaptureBatch(Struct, frozen=True, kw_only=True):
    """One atomic step of reading a transcript: all of it is stored, or none."""

    sessions: list[Session] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    before: dict[str, str] = field(default_factory=dict)
    """Session -> the message that its file tells before these; "" at the file's beginning."""
    memories: list[Memory] = field(default_factory=list)
    """Of an archive, which holds more than conversations; so do the preferences."""
    preferences: list[Preference] = field(default_factory=list)
    titles: dict[str, str] = field(default_factory=dict)
    """Message id -> title of the session that holds it (summaries describe another session)."""
    spent: list[Spent] = field(default_factory=list)
    """Of messages that an earlier step stored."""
    replay_ids: bool = False
    """Message ids are unique across the source: a replay in another session is not stored again."""
    adds_only: bool = False
    """It holds less than its source did: messages that are stored stay as they are."""
    redactions: int = 0
    bytes_read: int = 0
    """Bytes of transcript that this step took."""
    reached: int = 0
    """Bytes of the file that have been read in all, for people who wait."""
    position: CapturePosition


class Following(Struct, frozen=True, kw_only=True):
    """How the process that captures follows what the assistants write."""

    process: int
    folders: int = 0
    """Those of which the system tells what changes in them."""
    why_not_live: str | None = None
    """Why the system does not tell, so that the files are looked at now and then."""


class Degraded(Struct, frozen=True, kw_only=True, rename="camel"):
    """A tier that did not answer as it should, and why."""

    tier: Literal["redis", "qdrant", "embedder", "index"]
    reason: str
    since: str


class SettingProblem(Struct, frozen=True, kw_only=True, rename="camel"):
    """A setting that was not understood and is not in force."""

    setting: str
    """Its name as it was written; empty where a whole file could not be read."""
    message: str
    """What is wrong with it, what is allowed, or what was probably meant; never its value."""
    file: str | None = None
    """Path of the file that says it; None for the environment and an editor's settings."""
    line: int | None = None
    """The line in that file, from 1, where it is known."""


class SearchFilter(Struct, frozen=True, kw_only=True, rename="camel"):
    """Restricts a search; empty lists restrict nothing."""

    project: str | None = None
    """Identity, path or name of a project."""
    kinds: list[Kind] = field(default_factory=list)
    memory_types: list[MemoryType] = field(default_factory=list)
    """Of memories; together with `roles`, `types` or `tools` either kind may match."""
    sources: list[str] = field(default_factory=list)
    roles: list[str] = field(default_factory=list)
    """Of messages; a memory has no role."""
    types: list[MessageType] = field(default_factory=list)
    """Of messages."""
    tools: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    """Of sessions that touched each of these files, memories of them included: paths, or ends of
    paths."""
    errors: list[str] = field(default_factory=list)
    """Of sessions in which, for each of these phrases, a tool failed with an answer that holds it;
    memories of them included."""
    session_id: str | None = None
    after: str | None = None
    before: str | None = None


class Newer(Struct, kw_only=True, rename="camel"):
    """A later text of another session that says that what a hit says has changed."""

    uri: str
    timestamp: str


class HitReasons(Struct, kw_only=True, rename="camel", omit_defaults=True):
    """How a hit came to its place."""

    ranks: dict[str, int]
    """Its place, from 1, in each lane that found it."""
    parts: dict[str, float]
    """What made up its score: what `keyword`, `session` and `semantic` gave, then what was added or
    taken since it holds the identifiers that are asked for or lacks them (`named`), was only
    thought (`thought`), would lie below 0 or above 1 (`cut`), is not of today (`recency`), or tells
    what is newer (`newer`). Of these only those that changed the score."""
    words: list[str]
    """Words of the query that it holds in some form."""
    missing: list[str]
    named: str | None = None
    """It holds the identifiers that are asked for, `exactly` or `in another case`."""


class SearchReasons(Struct, kw_only=True, rename="camel", omit_defaults=True):
    """What a ranking went by."""

    words: dict[str, int]
    """The words that counted, and how many texts of the store hold each in some form."""
    weights: dict[str, float]
    """How much each signal counted beside the words of the text itself, which count 1."""
    least_cosine: float | None = None
    """How much alike a text had to be to be found by meaning."""
    demanded: list[str] = field(default_factory=list)
    """What every hit must hold."""
    excluded: list[str] = field(default_factory=list)
    """What no hit may hold."""
    restriction: str = ""
    """The filter, as people say it; `outside` counts what it left out."""


class SearchHit(Struct, kw_only=True, rename="camel", omit_defaults=True):
    """One thing found."""

    id: str
    kind: Kind
    uri: str
    snippet: str
    highlights: list[tuple[int, int]]
    """UTF-16 code unit ranges of `snippet` that match the query."""
    content: str | None = None
    score: float
    scores: dict[str, float]
    """`keyword`, `semantic`, `recency`, each 0..1, where the lane knows the hit."""
    project: str
    source: str
    timestamp: str
    lanes: list[Lane]
    role: str | None = None
    type: str | None = None
    tool_name: str | None = None
    memory_type: MemoryType | None = None
    session_id: str | None = None
    session_title: str | None = None
    message_id: str | None = None
    speaker: str = ""
    """Who speaks, or what: the role, `thinking`, a tool's name, a memory's type."""
    user: str | None = None
    """The colleague whose memory it is; none for what is one's own."""
    newer: Newer | None = None
    """What was said later of the same and says that it changed; it stands before the hit."""
    reasons: HitReasons | None = None
    """With `explain`."""
