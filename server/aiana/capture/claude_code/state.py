"""What the reader of a Claude Code transcript must remember between two readings of a file."""

from __future__ import annotations

from msgspec import Struct, field

from aiana.redaction.door import admitted

_QUEUE = 50
"""Prompts that are remembered in each stage of the queue."""


class Known(Struct):
    """A session that the file has records of."""

    cwd: str = ""
    parent: str | None = None
    title: str | None = None
    title_rank: int = 0


class Queue(Struct):
    """Prompts typed while the assistant worked, by where they were seen.

    A steering prompt leaves the queue (`remove`) and comes in as an attachment, in either order;
    older versions write only one of the two. Texts are kept, and compared, without their secrets.
    """

    waiting: list[str] = field(default_factory=list)
    """Put in the queue, not yet out of it."""
    removed: list[tuple[str, str, str]] = field(default_factory=list)
    """Session, time and text: out of the queue, attachment not yet seen."""
    stored: list[str] = field(default_factory=list)
    """Stored without an attachment having been seen."""
    attached: list[str] = field(default_factory=list)
    """Stored from the attachment, before leaving the queue."""

    def put(self, text: str) -> None:
        """A prompt was typed."""
        text = admitted(text)
        self.waiting = [*self.waiting, text][-_QUEUE:]

    def remove(self, session_id: str, time: str, text: str) -> None:
        """A prompt was handed to the assistant; newer versions say which one."""
        text = admitted(text)
        if not text and self.waiting:
            text = self.waiting[0]
        if text in self.waiting:
            self.waiting.remove(text)
        if text in self.attached:
            self.attached.remove(text)
        elif text:
            self.removed = [*self.removed, (session_id, time, text)][-_QUEUE:]

    def attach(self, text: str) -> bool:
        """A prompt came in as an attachment; False if it was stored before."""
        text = admitted(text)
        if text in self.stored:
            self.stored.remove(text)
            return False
        for entry in self.removed:
            if entry[2] == text:
                self.removed.remove(entry)
                return True
        self.attached = [*self.attached, text][-_QUEUE:]
        return True

    def take_removed(self) -> list[tuple[str, str, str]]:
        """Prompts whose attachment did not come; they count as stored from now on."""
        removed, self.removed = self.removed, []
        self.stored = [*self.stored, *(text for _, _, text in removed)][-_QUEUE:]
        return removed


class State(Struct):
    """All of it."""

    sessions: dict[str, Known] = field(default_factory=dict)
    tools: dict[str, str] = field(default_factory=dict)
    """Tool call id -> tool name, for calls without a result so far."""
    api_message: str = ""
    api_tokens: int = 0
    time: str = ""
    compacted_at: str = ""
    recent: list[str] = field(default_factory=list)
    """Time and checksum of the newest records."""
    queue: Queue = field(default_factory=Queue)
