"""What is answered of memories and preferences."""

from __future__ import annotations

from msgspec import field

from aiana.models import Memory, Preference
from aiana.protocol.results.base import Result


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


class Profile(Result):
    """The user's preferences."""

    static: list[Preference]
    dynamic: list[Preference]
