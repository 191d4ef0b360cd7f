"""Vectors read from the database for a few documents, and a sample of all: for an index elsewhere.

A process that asks a server what is alike need not hold the vectors of everything.
"""

from __future__ import annotations

import json
import threading

import numpy as np
from numpy.typing import NDArray

from aiana.search.catalogue import Catalogue
from aiana.storage.array_file import Ints
from aiana.storage.chunks import vectors_of
from aiana.storage.database import Database
from aiana.storage.guarded import Admitted
from aiana.storage.packing import unpack_all

SAMPLE = 2000
"""Vectors that stand for all, by which the average of all is known well enough."""
_OF_MESSAGES = """
SELECT turn.message_key, v.vector FROM json_each(?1) wanted
    CROSS JOIN chunk_turns turn ON turn.message_key = wanted.value
    CROSS JOIN vectors v ON v.owner = turn.chunk_key AND v.model = ?2
"""
_OF_MEMORIES = """
SELECT v.owner, v.vector FROM json_each(?1) wanted
    CROSS JOIN vectors v ON v.owner = wanted.value AND v.model = ?2
"""
_FROM = """
SELECT coalesce((SELECT json_extract(message_keys, '$[0]') FROM main.chunks WHERE key = v.owner),
    v.owner), v.vector, v.model
FROM vectors v WHERE v.key >= ? ORDER BY v.key LIMIT 1
"""


class StoredVectors:
    """Cosines of a query with documents whose vectors are in the database. Safe between threads."""

    def __init__(self, database: Database, model: str) -> None:
        self._database = database
        self._model = model
        self._lock = threading.Lock()
        self._sample: tuple[int, Ints, NDArray[np.float32]] | None = None

    def cosines(
        self, query: NDArray[np.float32], catalogue: Catalogue, chosen: NDArray[np.bool_]
    ) -> NDArray[np.float32]:
        """Of the chosen rows of the catalogue, each the best of its chunks; NaN for all others."""
        found = np.full(len(catalogue), np.nan, np.float32)
        keys = catalogue.keys[chosen]
        owners: list[int] = []
        blobs: list[bytes] = []
        with self._database.reading() as connection:
            for statement, some in ((_OF_MESSAGES, keys[keys > 0]), (_OF_MEMORIES, keys[keys < 0])):
                if len(some):
                    wanted = Admitted(json.dumps(some.tolist()))
                    for owner, blob in connection.execute(statement, (wanted, self._model)):
                        owners.append(owner)
                        blobs.append(blob)
        if owners:
            rows = catalogue.rows(np.array(owners, np.int64))
            _put_greatest(found, rows, _matrix(blobs) @ query)
        return found

    def sampled(
        self, query: NDArray[np.float32], catalogue: Catalogue, among: NDArray[np.bool_]
    ) -> NDArray[np.float32]:
        """Cosines with those of the sample that are among some rows of the catalogue."""
        _, documents, vectors = self._current_sample()
        rows = catalogue.rows(documents)
        held = rows >= 0
        held[held] = among[rows[held]]
        if not held.any():
            return np.empty(0, np.float32)
        return np.asarray((vectors @ query)[held], np.float32)  # sooner than picking them first

    def _current_sample(self) -> tuple[int, Ints, NDArray[np.float32]]:
        """Drawn once, and again when there are twice as many vectors or half as many."""
        with self._lock, self._database.reading() as connection:
            count = vectors_of(connection, self._model)
            known = self._sample
            if known is None or not known[0] / 2 <= count <= known[0] * 2:
                (newest,) = connection.execute(
                    "SELECT coalesce(max(key), 0) FROM vectors"
                ).fetchone()
                places = range(1, newest + 1, max(1, newest // SAMPLE))
                rows = [connection.execute(_FROM, (place,)).fetchone() for place in places]
                drawn = {row[0]: row[1] for row in rows if row and row[2] == self._model}
                known = (count, np.array([*drawn], np.int64), _matrix([*drawn.values()]))
                self._sample = known
        return known


def _matrix(blobs: list[bytes]) -> NDArray[np.float32]:
    """Stored vectors as the rows of a matrix."""
    return unpack_all(blobs) if blobs else np.empty((0, 0), np.float32)


def _put_greatest(
    into: NDArray[np.float32], rows: NDArray[np.int32], values: NDArray[np.float32]
) -> None:
    """Put the greatest value of each row where it belongs; rows below zero are left out."""
    known = rows >= 0
    rows, values = rows[known], values[known]
    into[rows] = -2
    np.maximum.at(into, rows, values)
