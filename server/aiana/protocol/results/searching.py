"""What a search, a context and a quotation answer."""

from __future__ import annotations

from typing import Literal

from msgspec import field

from aiana.models import Degraded, Lane, SearchHit, SearchReasons
from aiana.protocol.results.base import Result


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
