"""What is answered of documents that an editor shows."""

from __future__ import annotations

from typing import Literal

from msgspec import field

from aiana.protocol.results.base import Result


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
