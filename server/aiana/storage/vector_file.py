"""The vectors of one model in a file that all processes map (see `array_file`).

A vector's row never changes; one that is gone from the database is overwritten with zeros where it
stands. Check sums cover all but the components, of which a few are compared with the database.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from aiana.storage.array_file import (
    ArrayFile,
    Ints,
    fitting,
    folder_of,
    has_given,
    mapped,
    overwrite,
    sampled,
    store_of,
    writing,
    written_anew,
)
from aiana.storage.chunks import vectors_of
from aiana.storage.database import Database
from aiana.storage.packing import numbers, unpack_all

LEAST = 4_000
"""Vectors that are worth a file, and that are read from the database beside one."""
_KEYS = "SELECT group_concat(key) FROM vectors WHERE model = ?"
_ROWS = (
    "SELECT v.key, coalesce(c.message_keys, v.owner), v.vector FROM vectors v "
    "LEFT JOIN main.chunks c ON c.key = v.owner WHERE v.model = ? "
)
_ONE = _ROWS + "AND v.key = ?"
LATER = _ROWS + "AND v.key > ? ORDER BY v.key"
"""Key, documents and vector of one model's vectors after a key."""


class Vectors(NamedTuple):
    """Vectors side by side."""

    keys: Ints
    """Ascending; 0 where one is gone."""
    documents: Ints
    """Documents of all vectors one behind the other; 0 where one is gone."""
    lengths: Ints
    """How many documents each vector speaks for."""
    scales: NDArray[np.float32]
    components: NDArray[np.int8]
    """Times the scale, a vector a row."""

    @classmethod
    def of(cls, fetched: list[tuple[int, str | int, bytes]]) -> Vectors:
        """Of rows of the database: key, documents as JSON or one of them, vector."""
        keys, owned, blobs = zip(*fetched, strict=True)
        lists = [str(owner).strip("[]") for owner in owned]
        lengths = np.array([text.count(",") + 1 if text else 0 for text in lists], np.int64)
        joined = ",".join(text for text in lists if text)
        documents = np.fromstring(joined, np.int64, sep=",") if joined else np.empty(0, np.int64)
        vectors = unpack_all(blobs)
        greatest = np.maximum(vectors.max(axis=1), -vectors.min(axis=1))
        greatest = np.maximum(greatest, np.finfo(np.float32).tiny)
        vectors *= (127 / greatest)[:, None]
        components = np.rint(vectors, out=vectors).astype(np.int8)
        return cls(np.array(keys), documents, lengths, greatest / 127, components)

    def without(self, gone: NDArray[np.bool_]) -> Vectors:
        """The same places, those that are gone being nobody's; components stay."""
        return self._replace(
            keys=np.where(gone, 0, self.keys),
            documents=np.where(np.repeat(gone, self.lengths), 0, self.documents),
        )


class Held(NamedTuple):
    """What a file holds."""

    vectors: Vectors
    newest: int
    """The greatest key of any model when it was written: all up to this one are in it."""


class VectorFile:
    """The file of one database and model. Other threads may use other objects of the same file."""

    def __init__(self, database: Database, model: str, least: int = LEAST) -> None:
        self._database = database
        self._model = model
        self._least = least
        self.path = folder_of(database) / f"vectors-{sha256(model.encode()).hexdigest()[:12]}.bin"
        self.problem: str | None = None
        """Why it could not be written, when that was tried last."""

    def opened(self, connection: sqlite3.Connection) -> Held | None:
        """What the file holds, mapped; None if there is none that fits the database."""
        file = fitting(self.path, store_of(connection))
        if file is None or file.described["model"] != self._model:
            return None
        held = Held(_vectors(file), file.described["newest"])
        return held if self._fits(connection, held) else None

    def _fits(self, connection: sqlite3.Connection, held: Held) -> bool:
        if not has_given(connection, "vectors", held.newest):
            return False
        vectors = held.vectors
        ends = np.cumsum(vectors.lengths)
        for place in sampled(len(vectors.keys)):
            key = int(vectors.keys[place])
            row = connection.execute(_ONE, (self._model, key)).fetchone() if key else None
            if row is None:
                continue
            stored = Vectors.of([row])
            documents = vectors.documents[ends[place] - vectors.lengths[place] : ends[place]]
            if not (
                np.array_equal(stored.components[0], vectors.components[place])
                and np.array_equal(stored.documents, documents)
                and stored.scales[0] == vectors.scales[place]
            ):
                return False
        return True

    def renew(self) -> None:
        """Write the file anew, if there is none or much is new or gone.

        Whatever keeps it from being written is in `problem`; nothing depends on the file.
        """
        with self._database.reading() as connection:
            if vectors_of(connection, self._model) < self._least or not self._is_stale(connection):
                return
        reading = self._database.reading
        self.problem = written_anew(self._database, self.path, reading, self._renew)

    def _is_stale(self, connection: sqlite3.Connection) -> bool:
        """Whether no file fits, or much is new or gone since it was written."""
        count = vectors_of(connection, self._model)
        if not count:  # all were forgotten meanwhile
            return False
        held = self.opened(connection)
        if held is None:
            return True
        known = len(held.vectors.keys)
        live = int(np.count_nonzero(held.vectors.keys))
        return abs(count - live) + known - live >= max(self._least, known // 8)

    def _renew(self, connection: sqlite3.Connection) -> None:
        if not self._is_stale(connection):
            return
        (newest,) = connection.execute("SELECT coalesce(max(key), 0) FROM vectors").fetchone()
        described = {"store": store_of(connection), "model": self._model, "newest": newest}
        columns: list[Vectors] = []
        with writing(self.path, described) as writer:
            cursor = connection.execute(LATER, (self._model, 0))
            writer.add("components", _components(cursor, columns), checked=False)
            for name in ("keys", "documents", "lengths", "scales"):
                writer.add(name, [getattr(block, name) for block in columns])


def wipe_vectors(database: Database, path: Path) -> None:
    """Overwrite in a file what the database has no more, under the lock.

    Raises OSError, and ValueError if it is no such file.
    """
    file = mapped(path)
    held = _vectors(file)
    with database.reading() as connection:
        (text,) = connection.execute(_KEYS, (file.described["model"],)).fetchone()
    gone = (held.keys != 0) & ~np.isin(held.keys, numbers(text))
    if not gone.any():
        return
    left = held.without(gone)
    scales = np.where(gone, np.float32(0), held.scales).astype(np.float32)
    columns: dict[str, NDArray[Any]] = {
        "keys": left.keys,
        "documents": left.documents,
        "scales": scales,
    }
    overwrite(path, file, columns, {"components": np.flatnonzero(gone)})


def _components(cursor: sqlite3.Cursor, columns: list[Vectors]) -> Iterator[NDArray[np.int8]]:
    """Components of a batch of rows at a time; all else of them is put into `columns`."""
    while fetched := cursor.fetchmany(4096):
        batch = Vectors.of(fetched)
        columns.append(batch._replace(components=batch.components[:0]))
        yield batch.components


def _vectors(file: ArrayFile) -> Vectors:
    return Vectors(**{name: file.arrays[name] for name in Vectors._fields})
