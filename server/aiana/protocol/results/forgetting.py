"""What is answered of what was deleted, and what is to go."""

from __future__ import annotations

from typing import Literal

from msgspec import field

from aiana.protocol.results.base import Result

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
