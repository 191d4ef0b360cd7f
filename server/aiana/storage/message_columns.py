"""What ranking knows of every message, as columns: a few bytes each, read in bulk.

Reading them out of the database takes seconds for a million messages, so a file keeps them, which
all processes map (see `array_file`); of the database only what is newer is read.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from aiana.models import SPOKEN
from aiana.storage.array_file import (
    Ints,
    fitting,
    folder_of,
    has_given,
    sampled,
    store_of,
    writing,
    written_anew,
)
from aiana.storage.database import Database
from aiana.storage.guarded import Admitted
from aiana.storage.packing import numbers

LEAST = 4_000
"""Messages that are worth a file, and that are read from the database beside one."""
FILE = "messages.bin"
_SPOKEN = ", ".join(f"'{kind}'" for kind in SPOKEN)
# One concatenated text a column is several times faster to hand over than a row a document.
_READ = (
    "SELECT group_concat(key), group_concat(session_key), group_concat(position), "
    f"group_concat(size), group_concat(type IN ({_SPOKEN})), group_concat(timestamp) FROM "
    "(SELECT key, session_key, position, size, type, timestamp FROM messages {which})"
)
# In the order of an index that holds all of these; of what is new without a walk over it.
_EACH = _READ.format(which="ORDER BY session_key, position")
_NEW = _READ.format(which="NOT INDEXED WHERE key > ?")
_CHANGED = _READ.format(which="WHERE changed > ? AND key <= ?")
_SAME = _READ.format(
    which="WHERE key IN (SELECT value FROM json_each(?)) AND coalesce(changed, 0) <= ? ORDER BY key"
)
_KEYS = "SELECT group_concat(key) FROM messages"
_MARK = (
    "SELECT (SELECT count(*) FROM messages), (SELECT coalesce(max(key), 0) FROM messages), "
    "(SELECT coalesce(max(revision), 0) FROM revisions WHERE kind = 'messages')"
)


class Columns(NamedTuple):
    """One array a column, all of one length."""

    keys: Ints
    """Of documents."""
    sessions: Ints
    """Keys of sessions; a memory is a session of its own, below zero."""
    positions: Ints
    """Places of messages in their session."""
    sizes: NDArray[np.float32]
    """Characters."""
    spoken: NDArray[np.bool_]
    """Whether it is what a person or assistant said or kept."""
    times: Ints
    """When it was said or last changed, in milliseconds since 1970."""

    @classmethod
    def of(cls, row: Sequence[str | None]) -> Columns:
        """The columns of a row of `group_concat`s."""
        keys, sessions, positions, sizes, spoken, times = row
        moments = times.replace("Z", "").split(",") if times else []
        return cls(
            numbers(keys),
            numbers(sessions),
            numbers(positions),
            numbers(sizes).astype(np.float32),
            numbers(spoken).astype(bool),
            np.array(moments, "datetime64[ms]").astype(np.int64),
        )

    @classmethod
    def none(cls) -> Columns:
        """Those of nothing."""
        return cls.of((None,) * 6)

    def at(self, rows: Ints) -> Columns:
        """Some of the rows."""
        return Columns._make(column[rows] for column in self)

    def then(self, more: Columns) -> Columns:
        """These rows, then those."""
        if not len(more.keys):
            return self
        pairs: Iterable[tuple[Any, Any]] = zip(self, more, strict=True)
        return Columns._make(np.concatenate(pair) for pair in pairs)

    def equals(self, other: Columns) -> bool:
        """Whether these are the same rows in the same order."""
        pairs: Iterable[tuple[Any, Any]] = zip(self, other, strict=True)
        return all(np.array_equal(own, its) for own, its in pairs)

    def in_order(self) -> Columns:
        """Those of a session side by side, by their places."""
        before, after = self.sessions[:-1], self.sessions[1:]
        further = self.positions[1:] >= self.positions[:-1]
        if np.all((before < after) | ((before == after) & further)):
            return self
        return self.at(np.lexsort((self.positions, self.sessions)))


class Mark(NamedTuple):
    """Up to where columns hold what the database does."""

    messages: int
    last: int
    """Greatest key."""
    changed: int
    """The newest change of a message that was stored before."""

    @classmethod
    def of(cls, connection: sqlite3.Connection) -> Mark:
        """That of the database as it is now."""
        return cls._make(connection.execute(_MARK).fetchone())


class Known(NamedTuple):
    """Columns of messages, and up to where they go."""

    columns: Columns
    mark: Mark

    def brought_up(self, connection: sqlite3.Connection, mark: Mark) -> Known:
        """The columns as the database is now, which `mark` says; little of it is read again."""
        if mark == self.mark:
            return self
        columns = self._refreshed(connection, mark) if len(self.columns.keys) else self.columns
        if len(columns.keys) != mark.messages:
            columns = Columns.of(connection.execute(_EACH).fetchone())
        return Known(columns, mark)

    def _refreshed(self, connection: sqlite3.Connection, mark: Mark) -> Columns:
        """What is known, with what has changed and is new, and without what has gone."""
        columns = self.columns
        if mark.changed != self.mark.changed:
            since = (self.mark.changed, self.mark.last)
            changed = Columns.of(connection.execute(_CHANGED, since).fetchone())
            columns = columns.at(np.flatnonzero(~np.isin(columns.keys, changed.keys))).then(changed)
        columns = columns.then(Columns.of(connection.execute(_NEW, (self.mark.last,)).fetchone()))
        if len(columns.keys) != mark.messages:
            live = numbers(connection.execute(_KEYS).fetchone()[0])
            columns = columns.at(np.flatnonzero(np.isin(columns.keys, live)))
        return columns


NOTHING = Known(Columns.none(), Mark(0, 0, 0))


class MessageFile:
    """The file of one database. Other threads may use other objects of the same file."""

    def __init__(self, database: Database, least: int = LEAST) -> None:
        self._database = database
        self._least = least
        self.path = folder_of(database) / FILE

    def opened(self, connection: sqlite3.Connection) -> Known:
        """What the file holds, mapped, with what is hidden; nothing if it does not fit."""
        file = fitting(self.path, store_of(connection))
        if file is None or "mark" not in file.described:
            return NOTHING
        columns = Columns._make(file.arrays[name] for name in Columns._fields)
        mark = Mark(*file.described["mark"])
        return Known(columns, mark) if _fits(connection, columns, mark) else NOTHING

    def is_worth_renewing(self, then: Mark, now: Mark) -> bool:
        """Whether there is none of `then`, or much is new or gone since."""
        much = max(self._least, then.messages // 8)
        return now.messages >= self._least and abs(now.messages - then.messages) >= much

    def renew(self) -> None:
        """Write the file anew; nothing depends on it, and another process may do so just now."""
        written_anew(self._database, self.path, self._database.reading_everything, self._renew)

    def _renew(self, connection: sqlite3.Connection) -> None:
        then, now = self.opened(connection), Mark.of(connection)
        if self.is_worth_renewing(then.mark, now):
            self._write(then.brought_up(connection, now), store_of(connection))

    def wipe(self) -> None:
        """Take out what the database has no more, under the lock. Raises OSError."""
        with self._database.reading_everything() as connection:
            known = self.opened(connection)
            mark = Mark.of(connection)
            if mark != known.mark:
                self._write(known.brought_up(connection, mark), store_of(connection))

    def _write(self, known: Known, store: str) -> None:
        with writing(self.path, {"store": store, "mark": known.mark}) as writer:
            for name, column in known.columns.in_order()._asdict().items():
                writer.add(name, [column])


def _fits(connection: sqlite3.Connection, columns: Columns, mark: Mark) -> bool:
    """Whether a file may be of this state of the database or of an earlier one."""
    if not has_given(connection, "messages", mark.last):
        return False
    if Mark.of(connection).changed < mark.changed:
        return False
    places = np.array(sampled(len(columns.keys)), np.int64)
    compared = columns.at(places[np.argsort(columns.keys[places])])
    asked = Admitted(json.dumps(compared.keys.tolist()))
    stored = Columns.of(connection.execute(_SAME, (asked, mark.changed)).fetchone())
    left = set(stored.keys.tolist())
    same = compared.at(np.array([key in left for key in compared.keys.tolist()]).nonzero()[0])
    return same.equals(stored)
