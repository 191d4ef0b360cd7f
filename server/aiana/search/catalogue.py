"""What ranking knows of every document, as columns in memory: a few bytes each, read in bulk."""

from __future__ import annotations

import sqlite3
import threading
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from aiana.search.ranking import TOOL_WEIGHT, length_norms
from aiana.storage.array_file import Ints
from aiana.storage.database import Database
from aiana.storage.message_columns import LEAST, NOTHING, Columns, Known, Mark, MessageFile

_MEMORIES = (
    "SELECT group_concat(-key), group_concat(-key), group_concat(0), "
    "group_concat(length(content)), group_concat(1), group_concat(updated_at) FROM "
    "(SELECT key, content, updated_at FROM memories ORDER BY key DESC)"
)
_REVISIONS = (
    "SELECT (SELECT coalesce(max(revision), 0) FROM revisions), "
    "(SELECT coalesce(max(key), 0) FROM memories), "
    "(SELECT coalesce(max(revision), 0) FROM revisions WHERE kind = 'memories')"
)


def run_starts(values: Ints) -> Ints:
    """Where each run of equal values begins."""
    return np.flatnonzero(np.concatenate(([True], values[1:] != values[:-1]))[: len(values)])


class _State(NamedTuple):
    """What tells whether the catalogue is still that of the database."""

    revision: int
    """Of anything."""
    last_memory: int
    memory_revision: int
    hidden: int
    generation: int


class Catalogue:
    """All documents, those of a session side by side in their order; row numbers are positions."""

    def __init__(self, columns: Columns, last_message: int, last_memory: int) -> None:
        self.columns = columns.in_order()
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

    def __init__(self, database: Database, worth_a_file: int = LEAST) -> None:
        self._database = database
        self._file = MessageFile(database, worth_a_file)
        self._lock = threading.Lock()
        self._state: _State | None = None
        self._messages = NOTHING
        self._memories = Columns.none()
        self._catalogue = Catalogue(self._memories, 0, 0)

    def current(self) -> Catalogue:
        """The catalogue of the database as this thread's transaction sees it."""
        with self._lock, self._database.reading() as connection:
            revisions = connection.execute(_REVISIONS).fetchone()
            database = self._database
            state = _State._make((*revisions, database.hidden, database.generation))
            known = self._state
            if known == state:
                return self._catalogue
            mark = Mark.of(connection)
            if known is None or known[-2:] != state[-2:]:
                self._messages = self._filed(connection, mark)
            if known is None or known[1:] != state[1:]:
                self._memories = Columns.of(connection.execute(_MEMORIES).fetchone())
            messages = self._messages.brought_up(connection, mark)
            if messages is not self._messages or known is None or known[1:] != state[1:]:
                columns = self._memories.then(messages.columns)
                self._catalogue = Catalogue(columns, mark.last, state.last_memory)
            self._messages, self._state = messages, state
            return self._catalogue

    def _filed(self, connection: sqlite3.Connection, mark: Mark) -> Known:
        """What the file holds, which is written first where that spares later processes much."""
        known = self._file.opened(connection)
        if self._file.is_worth_renewing(known.mark, mark):
            self._file.renew()
            return self._file.opened(connection)
        return known
