"""What ranking knows of every document, as columns in memory: a few bytes each, read in bulk."""

from __future__ import annotations

import threading
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from aiana.retrieval.chunking import SPOKEN
from aiana.storage.database import Database

Ints = NDArray[np.int64]
_SPOKEN = ", ".join(f"'{kind}'" for kind in SPOKEN)
# One concatenated text a column is several times faster to hand over than a row a document.
_MESSAGES = (
    "SELECT group_concat(key), group_concat(session_key), group_concat(size), "
    f"group_concat(type IN ({_SPOKEN})) FROM "
    "(SELECT key, session_key, size, type FROM messages {where} ORDER BY session_key, timestamp)"
)
_MEMORIES = "SELECT group_concat(-key), group_concat(length(content)) FROM memories {where}"
_COUNTS = (
    "SELECT (SELECT count(*) FROM messages), (SELECT coalesce(max(key), 0) FROM messages), "
    "(SELECT count(*) FROM memories), (SELECT coalesce(max(key), 0) FROM memories)"
)


def numbers(text: str | None) -> Ints:
    """The integers of a `group_concat`."""
    if not text:
        return np.empty(0, np.int64)
    return np.fromstring(text, dtype=np.int64, sep=",")


class Catalogue:
    """All documents, those of a session side by side in their order; row numbers are positions.

    `keys` are document keys, `sessions` session keys (a memory is a session of its own, below
    zero), `sizes` characters, `spoken` whether it is what a person or assistant said or kept.
    """

    def __init__(
        self, keys: Ints, sessions: Ints, sizes: Ints, spoken: Ints, counts: tuple[int, ...]
    ) -> None:
        # Stable: documents that are new come after those of their session.
        order = np.argsort(sessions, kind="stable")
        self.keys = keys[order]
        self.sessions = sessions[order]
        self.sizes = sizes[order].astype(np.float32)
        self.spoken = spoken[order].astype(bool)
        self.counts = counts
        """Messages, greatest message key, memories, greatest memory key."""

    def __len__(self) -> int:
        return len(self.keys)

    @cached_property
    def _row_of(self) -> NDArray[np.int32]:
        _, last_message, _, last_memory = self.counts
        table = np.full(last_message + last_memory + 1, -1, np.int32)
        table[self.keys + last_memory] = np.arange(len(self.keys), dtype=np.int32)
        return table

    def rows(self, keys: Ints) -> NDArray[np.int32]:
        """Row numbers of documents; -1 for those that came later than this catalogue."""
        _, last_message, _, last_memory = self.counts
        known = (keys >= -last_memory) & (keys <= last_message)
        if known.all():
            return self._row_of[keys + last_memory]
        return np.where(known, self._row_of[np.where(known, keys, 0) + last_memory], -1)

    def present(self, keys: Ints) -> NDArray[np.int32]:
        """Row numbers of those documents that the catalogue holds."""
        rows = self.rows(keys)
        return rows if not len(rows) or rows.min() >= 0 else rows[rows >= 0]

    @cached_property
    def session_numbers(self) -> NDArray[np.int32]:
        """Which session a row belongs to, counted from 0."""
        if not len(self.sessions):
            return np.empty(0, np.int32)
        starts = self.sessions[1:] != self.sessions[:-1]
        return np.concatenate(([0], np.cumsum(starts))).astype(np.int32)

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
    """Keeps one catalogue in step with the database; only what is new is read."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._catalogue: Catalogue | None = None

    def current(self) -> Catalogue:
        """The catalogue of the database as this thread's transaction sees it."""
        with self._lock, self._database.reading() as connection:
            counts = tuple(connection.execute(_COUNTS).fetchone())
            known = self._catalogue
            if known is not None and known.counts == counts:
                return known
            fresh = None
            if known is not None:
                fresh = self._read(known.counts[1], known.counts[3], counts)
                if len(known) + len(fresh) == counts[0] + counts[2]:
                    fresh = Catalogue(
                        np.concatenate((known.keys, fresh.keys)),
                        np.concatenate((known.sessions, fresh.sessions)),
                        np.concatenate((known.sizes, fresh.sizes)).astype(np.int64),
                        np.concatenate((known.spoken, fresh.spoken)),
                        counts,
                    )
                else:
                    fresh = None
            self._catalogue = fresh or self._read(0, 0, counts)
            return self._catalogue

    def _read(self, message: int, memory: int, counts: tuple[int, ...]) -> Catalogue:
        """Documents with keys beyond these."""
        with self._database.reading() as connection:
            keys, sessions, sizes, spoken = map(
                numbers,
                connection.execute(
                    _MESSAGES.format(where="WHERE +key > ?" if not message else "WHERE key > ?"),
                    (message,),
                ).fetchone(),
            )
            memories, memory_sizes = map(
                numbers,
                connection.execute(_MEMORIES.format(where="WHERE key > ?"), (memory,)).fetchone(),
            )
        return Catalogue(
            np.concatenate((keys, memories)),
            np.concatenate((sessions, memories)),
            np.concatenate((sizes, memory_sizes)),
            np.concatenate((spoken, np.ones(len(memories), np.int64))),
            counts,
        )
