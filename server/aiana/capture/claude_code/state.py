"""What the reader of a Claude Code transcript must remember between two readings of a file."""

from __future__ import annotations

from typing import NamedTuple

from msgspec import Struct, field

from aiana.redaction.door import admitted

_QUEUE = 50
"""Prompts that are remembered in each stage of the queue."""


class Queued(NamedTuple):
    """What was put in the queue while the assistant worked."""

    session_id: str
    time: str
    text: str
    typed: bool
    """By a person; the rest are notices of the program."""
    place: int | None = None
    """In the conversation: where it left the queue."""


class Queue(Struct):
    """What waits for the assistant, in three stages.

    It comes in by `enqueue` and leaves by a record of its own, by an attachment, or by a `remove`,
    which in older versions names no text and is followed by no record. A `remove` without a text
    means what a person typed as long as there is any: a notice that is taken for handed over too
    late costs nothing. Texts are kept as they are stored, without secrets.
    """

    waiting: list[Queued] = field(default_factory=list)
    removed: list[Queued] = field(default_factory=list)
    """Out of the queue, no record of it seen yet."""
    stored: list[str] = field(default_factory=list)
    """Stored without a record having been seen."""
    attached: list[str] = field(default_factory=list)
    """Stored from a record, before leaving the queue."""
    unnamed: int = 0
    """Handed over by a `dequeue`, which names no text: the next prompt is one of those waiting."""

    def put(self, session_id: str, time: str, text: str, typed: bool) -> None:
        """Something was put in the queue."""
        entry = Queued(session_id, time, admitted(text), typed)
        self.waiting = [*self.waiting, entry][-_QUEUE:]

    def remove(self, session_id: str, time: str, text: str, typed: bool, place: int) -> None:
        """Something was handed to the assistant, here; newer versions say what."""
        text = admitted(text)
        if text in self.attached:
            self.attached.remove(text)
            return
        entry = self._take(text) if text else self._oldest()
        if entry is None and text:
            entry = Queued(session_id, time, text, typed)
        if entry is not None:
            self.removed = [*self.removed, entry._replace(place=place)][-_QUEUE:]

    def take_back(self) -> None:
        """The person took back what was waiting."""
        self.waiting = [entry for entry in self.waiting if not entry.typed]

    def record(self, text: str, typed: bool, attached: bool) -> bool:
        """It came in as a record or an attachment; False if it was stored before."""
        if not (attached or self.waiting or self.removed or self.unnamed):
            return True
        text = admitted(text)
        if attached and text in self.stored:
            self.stored.remove(text)
            return False
        for entry in self.removed:
            if entry.text == text:
                self.removed.remove(entry)
                return True
        if self._take(text) is None and self.unnamed and typed and not attached:
            # What was handed over is not always what was typed, word by word.
            self._oldest()
        self.unnamed = max(0, self.unnamed - 1)
        if attached:
            self.attached = [*self.attached, text][-_QUEUE:]
        return True

    def take_removed(self) -> list[Queued]:
        """That of which no record came; it counts as stored from now on."""
        removed, self.removed = self.removed, []
        self.stored = [*self.stored, *(entry.text for entry in removed)][-_QUEUE:]
        return removed

    def _take(self, text: str) -> Queued | None:
        for entry in self.waiting:
            if entry.text == text:
                self.waiting.remove(entry)
                return entry
        return None

    def _oldest(self) -> Queued | None:
        """Take what was typed first, or else what came first."""
        entry = next((e for e in self.waiting if e.typed), next(iter(self.waiting), None))
        if entry is not None:
            self.waiting.remove(entry)
        return entry


class State(Struct):
    """All of it but what the builder remembers."""

    api_message: str = ""
    api_tokens: int = 0
    compacted_at: str = ""
    recent: list[str] = field(default_factory=list)
    """Time and checksum of the newest records."""
    queue: Queue = field(default_factory=Queue)
