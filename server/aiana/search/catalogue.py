"""What ranking knows of every document, as columns in memory: a few bytes each, read in bulk."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from aiana.models import SPOKEN
from aiana.search.ranking import TOOL_WEIGHT, length_norms
from aiana.storage.database import Database

Ints = NDArray[np.int64]
_SPOKEN = ", ".join(f"'{kind}'" for kind in SPOKEN)
# One concatenated text a column is several times faster to hand over than a row a document.
_MESSAGES = (
    "SELECT group_concat(key), group_concat(session_key), group_concat(position), "
    f"group_concat(size), group_concat(type IN ({_SPOKEN})), group_concat(timestamp) FROM "
    "(SELECT key, session_key, position, size, type, timestamp FROM messages {which})"
)
# In the order of an index that holds all of these; of what is new without a walk over it.
_EACH = _MESSAGES.format(which="ORDER BY session_key, position")
_NEW = _MESSAGES.format(which="NOT INDEXED WHERE key > ?")
_MEMORIES = (
    "SELECT group_concat(-key), group_concat(-key), group_concat(0), "
    "group_concat(length(content)), group_concat(1), group_concat(updated_at) FROM memories"
)
_STATE = (
    "SELECT (SELECT count(*) FROM messages), (SELECT coalesce(max(key), 0) FROM messages), "
    "(SELECT coalesce(max(key), 0) FROM memories), "
    "(SELECT coalesce(max(revision), 0) FROM revisions WHERE kind = 'memories'), "
    "(SELECT coalesce(max(revision), 0) FROM revisions WHERE kind = 'order')"
)


def numbers(text: str | None) -> Ints:
    """The integers of a `group_concat`."""
    if not text:
        return np.empty(0, np.int64)
    return np.fromstring(text, dtype=np.int64, sep=",")


def run_starts(values: Ints) -> Ints:
    """Where each run of equal values begins."""
    return np.flatnonzero(np.concatenate(([True], values[1:] != values[:-1]))[: len(values)])


class _State(NamedTuple):
    """What tells whether the catalogue is still that of the database."""

    messages: int
    last_message: int
    last_memory: int
    memory_revision: int
    order_revision: int
    hidden: int


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

    def at(self, rows: Ints) -> Columns:
        """Some of the rows."""
        return Columns._make(column[rows] for column in self)

    def then(self, more: Columns) -> Columns:
        """These rows, then those."""
        pairs: Iterable[tuple[Any, Any]] = zip(self, more, strict=True)
        return Columns._make(np.concatenate(pair) for pair in pairs)


class Catalogue:
    """All documents, those of a session side by side in their order; row numbers are positions."""

    def __init__(self, columns: Columns, last_message: int, last_memory: int) -> None:
        self.columns = columns.at(np.lexsort((columns.positions, columns.sessions)))
        self.keys, self.sessions, _, self.sizes, self.spoken, self.times = self.columns
        self._last_message = last_message
        self._last_memory = last_memory

    def __len__(self) -> int:
        return len(self.keys)

    @cached_property
    def _row_of(self) -> NDArray[np.int32]:
        table = np.full(self._last_message + self._last_memory + 1, -1, np.int32)
        table[self.keys + self._last_memory] = np.arange(len(self.keys), dtype=np.int32)
        return table

    def rows(self, keys: Ints) -> NDArray[np.int32]:
        """Row numbers of documents; -1 for those that came later than this catalogue."""
        if not len(keys) or (keys.min() >= -self._last_memory and keys.max() <= self._last_message):
            return self._row_of[keys + self._last_memory]
        known = (keys >= -self._last_memory) & (keys <= self._last_message)
        return np.where(known, self._row_of[np.where(known, keys, 0) + self._last_memory], -1)

    def present(self, keys: Ints) -> NDArray[np.int32]:
        """Row numbers of those documents that the catalogue holds."""
        rows = self.rows(keys)
        return rows if not len(rows) or rows.min() >= 0 else rows[rows >= 0]

    @cached_property
    def norms(self) -> NDArray[np.float32]:
        """BM25's denominator for each document."""
        return length_norms(self.sizes)

    @cached_property
    def memories(self) -> int:
        """How many of the rows are memories; they stand in front."""
        return int(np.searchsorted(self.sessions, 0))

    @cached_property
    def session_keys(self) -> Ints:
        """Keys of the sessions that hold anything, in the order of `session_numbers`."""
        return self.sessions[run_starts(self.sessions)]

    @cached_property
    def session_numbers(self) -> NDArray[np.int32]:
        """Which session a row belongs to, counted from 0."""
        starts = np.zeros(len(self.sessions), np.int32)
        starts[run_starts(self.sessions)[1:]] = 1
        return np.cumsum(starts, dtype=np.int32)

    def of_sessions(self, keys: Ints) -> NDArray[np.bool_]:
        """Which rows are messages of these sessions."""
        wanted = np.isin(self.session_keys, keys)
        return np.asarray(wanted[self.session_numbers])

    @cached_property
    def weights(self) -> NDArray[np.float32]:
        """How much the words of a document count."""
        return np.where(self.spoken, np.float32(1), np.float32(TOOL_WEIGHT))

    @cached_property
    def session_sizes(self) -> NDArray[np.float64]:
        """Characters that were said in each session."""
        said = np.bincount(self.session_numbers, self.sizes * self.spoken)
        return said.astype(np.float64)

    @cached_property
    def alone(self) -> NDArray[np.bool_]:
        """Rows that are all their session holds: memories, and sessions of one message."""
        single: NDArray[np.bool_] = np.bincount(self.session_numbers) == 1
        return single[self.session_numbers]


class CatalogueReader:
    """Keeps one catalogue in step with the database; of messages only what is new is read."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._state: _State | None = None
        self._generation = database.generation
        self._catalogue = Catalogue(Columns.of((None,) * 6), 0, 0)

    def current(self) -> Catalogue:
        """The catalogue of the database as this thread's transaction sees it."""
        with self._lock, self._database.reading() as connection:
            state = _State._make((*connection.execute(_STATE).fetchone(), self._database.hidden))
            if self._generation != self._database.generation:
                self._state, self._generation = None, self._database.generation
            if self._state is not None and self._state.hidden != state.hidden:
                self._state = None
            if state != self._state:
                columns = self._messages(connection, state).then(self._memories(connection, state))
                self._catalogue = Catalogue(columns, state.last_message, state.last_memory)
                self._state = state
            return self._catalogue

    def _messages(self, connection: sqlite3.Connection, state: _State) -> Columns:
        columns = self._catalogue.columns
        known = columns.at(np.flatnonzero(columns.keys > 0))
        moved = self._state is not None and self._state.order_revision != state.order_revision
        if self._state is not None and len(known.keys) and not moved:
            row = connection.execute(_NEW, (self._state.last_message,)).fetchone()
            known = known.then(Columns.of(row))
            if len(known.keys) == state.messages:
                return known
        return Columns.of(connection.execute(_EACH).fetchone())

    def _memories(self, connection: sqlite3.Connection, state: _State) -> Columns:
        if self._state is not None and self._state.memory_revision == state.memory_revision:
            columns = self._catalogue.columns
            return columns.at(np.flatnonzero(columns.keys < 0))
        return Columns.of(connection.execute(_MEMORIES).fetchone())
