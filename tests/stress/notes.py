"""What was acknowledged, and what a database may hold by it: compared by plain SQL."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple


@dataclass
class Change:
    """A memory is added, changed or deleted (its text is None then)."""

    id: str | None
    """Not known of a new one before it is acknowledged."""
    text: str | None
    begun: int
    done: int | None = None


class Gone(NamedTuple):
    """What was forgotten by some moment."""

    memories: set[str]
    said: set[str]


class Possible(NamedTuple):
    """What a database may hold that saw one moment between two."""

    texts: dict[str, set[str | None]]
    """By id; None where it may lack the memory."""
    added: set[str]
    """Texts of memories of which nobody knows an id yet."""
    said: set[str]
    """What it must hold of transcripts."""
    gone: Gone
    """What it must not hold, if it was copied, and not kept as a backup."""


@dataclass
class Notes:
    """What many threads began, and what they were told is done. Moments are numbers that grow."""

    changes: list[Change] = field(default_factory=list)
    kept: dict[str, str] = field(default_factory=dict)
    """The memories that are there by what was acknowledged."""
    said: list[str] = field(default_factory=list)
    """What stands in the transcripts."""
    erasing: set[str] = field(default_factory=set)
    """What was said and is, or may be by now, forgotten."""
    erased: set[str] = field(default_factory=set)
    dropped: set[str] = field(default_factory=set)
    """Ids of the memories whose deletion was acknowledged at any time."""
    taken: set[str] = field(default_factory=set)
    """The same, and of those that a process deleted which could not say so."""
    moment: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self, id: str | None, text: str | None) -> Change:
        with self.lock:
            self.moment += 1
            change = Change(id, text, self.moment)
            self.changes.append(change)
            return change

    def end(self, change: Change, id: str, sure: bool = True) -> None:
        """It is done; not `sure` where a process did it that could not say so: what it leaves to
        be taken out of backups is done later."""
        with self.lock:
            self.moment += 1
            change.id, change.done = id, self.moment
            if change.text is None:
                self.taken.add(id)
                if sure:
                    self.dropped.add(id)
                self.kept.pop(id, None)
            else:
                self.kept[id] = change.text

    def say(self, texts: list[str]) -> None:
        with self.lock:
            self.said += texts

    def erase(self, texts: set[str], done: bool) -> None:
        with self.lock:
            (self.erased if done else self.erasing).update(texts)

    def now(self) -> int:
        with self.lock:
            self.moment += 1
            return self.moment

    def possible(self, first: int, last: int) -> Possible:
        """What may have been there at a moment between these."""
        with self.lock:
            texts: dict[str, set[str | None]] = {}
            added: set[str] = set()
            later: list[Change] = []
            for change in sorted(self.changes, key=lambda each: each.done or 0):
                if change.begun > last:
                    continue
                if change.id is None:
                    added.add(change.text or "")
                elif change.done is not None and change.done <= first:
                    texts[change.id] = {change.text}
                else:
                    later.append(change)
            for change in later:
                texts.setdefault(str(change.id), {None}).add(change.text)
            return Possible(texts, added, set(), Gone(set(self.dropped), set(self.erased)))

    def put_back(self, stored: dict[str, str]) -> None:
        """From now on this is what was acknowledged."""
        with self.lock:
            self.kept = dict(stored)
            self.changes = [Change(id, text, 0, 0) for id, text in stored.items()]

    def gone(self) -> Gone:
        """What must not stand anywhere by now."""
        with self.lock:
            return Gone(set(self.dropped), set(self.erased))

    def faults(self, database: Path, possible: Possible) -> list[str]:
        """What is wrong in a database."""
        with contextlib.closing(sqlite3.connect(database)) as connection:
            found = [row for (row,) in connection.execute("PRAGMA integrity_check") if row != "ok"]
            stored = dict(connection.execute("SELECT id, content FROM memories"))
            said = Counter(text for (text,) in connection.execute("SELECT content FROM messages"))
            connection.execute(
                "INSERT INTO messages_fts(messages_fts, rank) VALUES ('integrity-check', 1)"
            )
            connection.rollback()
        with self.lock:
            dropping = {each.id for each in self.changes if each.text is None} | self.taken
            known, erasing = set(self.said), self.erasing | self.erased
        for id, texts in possible.texts.items():
            text = stored.get(id)
            if text not in texts and not (text is None and id in dropping):
                found.append(f"lost: {max(map(str, texts))!r} is {text!r}")
        for id, text in stored.items():
            unknown = id not in possible.texts and text not in possible.added
            if id in possible.gone.memories or unknown:
                found.append(f"came back: {text!r}")
        found += [f"message twice: {text}" for text, times in said.items() if times > 1]
        found += [f"message from nowhere: {text}" for text in said if text not in known]
        found += [f"message came back: {text}" for text in said if text in possible.gone.said]
        found += [f"message lost: {text}" for text in possible.said - said.keys() - erasing]
        return found


def memories(database: Path) -> dict[str, str]:
    """The memories of a database by id."""
    with contextlib.closing(sqlite3.connect(database)) as connection:
        return dict(connection.execute("SELECT id, content FROM memories"))
