"""The embedded vector index: every vector of one model in memory, scanned whole for each query.

All vectors are in the table `vectors`: any number of processes share the index, and each reads
only what is new. Vectors are stored as float16 and held as 8-bit integers with one scale each:
100,000 of 384 dimensions take 38 MB and are scanned faster than floats would be; a cosine is off by
less than 0.002 (a test holds this).
"""

from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from aiana.search.catalogue import Catalogue, Ints, numbers
from aiana.search.stored_vectors import StoredVectors
from aiana.storage.chunks import vectors_of
from aiana.storage.database import Database
from aiana.storage.packing import unpack_all

BLOCK = 1024
_SELECT = (
    "SELECT v.key, coalesce(c.message_keys, v.owner), v.vector FROM vectors v "
    "LEFT JOIN chunks c ON c.key = v.owner WHERE v.model = ? AND v.key > ? ORDER BY v.key"
)


def firsts(lengths: Ints) -> Ints:
    """Where each of several runs begins that stand one behind the other."""
    return np.asarray(np.cumsum(lengths) - lengths)


def ranges(starts: Ints, lengths: Ints) -> Ints:
    """`start, start + 1, ...` of each length, one behind the other."""
    return np.arange(int(lengths.sum())) + np.repeat(starts - firsts(lengths), lengths)


class VectorIndex:
    """Cosines of a query with everything that has a vector of one model. Safe between threads."""

    def __init__(self, database: Database, model: str) -> None:
        self._database = database
        self.model = model
        self.stored = StoredVectors(database, model)
        """The same, of a few documents, without any in memory."""
        self._lock = threading.Lock()
        self._seen = threading.local()
        self._rows = _Rows.empty()
        self._newest = 0
        """The greatest key that was read, of whichever model."""
        self._generation = database.generation
        self._spread: tuple[Catalogue, _Rows, _Spread] | None = None

    def __len__(self) -> int:
        return len(self._rows.keys)

    def release(self) -> None:
        """Give the memory back; the next search reads all vectors again."""
        with self._lock:
            if len(self._rows.keys):
                self._rows, self._newest, self._spread = _Rows.empty(), 0, None

    def refresh(self) -> int:
        """Take in what was added or removed since; returns how many vectors there are."""
        with self._lock:
            return len(self._refreshed().keys)

    def cosines(
        self,
        query: NDArray[np.float32],
        catalogue: Catalogue,
        admitted: NDArray[np.bool_] | None = None,
        words: Callable[[], NDArray[np.float32]] | None = None,
    ) -> NDArray[np.float32]:
        """Cosine of `query` (dimensions,) with each row of the catalogue; NaN where unknown.

        A document has the best cosine of the chunks that it is part of. This index looks at all of
        them, whatever is `admitted` and whatever `words` were found.
        """
        rows, spread = self._spread_over(catalogue)
        found = np.full(len(catalogue), np.nan, np.float32)
        if len(spread.documents):
            chunks = rows.cosines(query)[spread.chunks]
            found[spread.documents] = np.maximum.reduceat(chunks, spread.starts)
        return found

    def cosines_of(
        self, query: NDArray[np.float32], catalogue: Catalogue, chosen: NDArray[np.bool_]
    ) -> NDArray[np.float32]:
        """As `cosines`, of the chosen rows alone; NaN for all others."""
        rows, spread = self._spread_over(catalogue)
        found = np.full(len(catalogue), np.nan, np.float32)
        places = np.flatnonzero(chosen[spread.documents])
        ends = np.append(spread.starts[1:], len(spread.chunks))
        lengths = ends[places] - spread.starts[places]
        if len(places):
            chunks = spread.chunks[ranges(spread.starts[places], lengths)]
            best = np.maximum.reduceat(rows.cosines(query, chunks), firsts(lengths))
            found[spread.documents[places]] = best
        return found

    def _spread_over(self, catalogue: Catalogue) -> tuple[_Rows, _Spread]:
        with self._lock:
            rows = self._refreshed()
            known = self._spread
            if known is None or known[0] is not catalogue or known[1] is not rows:
                known = self._spread = (catalogue, rows, _Spread(catalogue, rows))
        return rows, known[2]

    def _refreshed(self) -> _Rows:
        version = (self._database.data_version(), self._database.generation)
        if getattr(self._seen, "state", None) == (version, id(self._rows)):
            return self._rows
        if self._generation != version[1]:
            self._rows, self._newest, self._generation = _Rows.empty(), 0, version[1]
        self._rows = self._read(self._rows)
        self._seen.state = (version, id(self._rows))
        return self._rows

    def _read(self, rows: _Rows) -> _Rows:
        """The rows as they are now, of which these are known."""
        with self._database.reading() as connection:
            count = vectors_of(connection, self.model)
            (newest,) = connection.execute("SELECT coalesce(max(key), 0) FROM vectors").fetchone()
            if (count, newest) == (len(rows.keys), self._newest):
                return rows
            cursor = connection.execute(_SELECT, (self.model, self._newest))
            blocks = [rows]
            while fetched := cursor.fetchmany(4 * BLOCK):
                blocks.append(_Rows.of(fetched))
            rows, self._newest = _Rows.joined(blocks), newest
            if len(rows.keys) != count:
                (text,) = connection.execute(
                    "SELECT group_concat(key) FROM vectors WHERE model = ?", (self.model,)
                ).fetchone()
                rows = rows.only(numbers(text))
        return rows


class _Rows:
    """Vectors side by side: their keys, the documents they speak for, and their components."""

    def __init__(
        self,
        keys: Ints,
        documents: Ints,
        lengths: Ints,
        scales: NDArray[np.float32],
        components: NDArray[np.int8],
    ) -> None:
        self.keys = keys
        self.documents, self.lengths = documents, lengths
        """Documents of all vectors one behind the other, and how many each vector has."""
        self.scales, self.components = scales, components

    @classmethod
    def empty(cls) -> _Rows:
        none = np.empty(0, np.int64)
        return cls(none, none, none, np.empty(0, np.float32), np.empty((0, 0), np.int8))

    @classmethod
    def of(cls, fetched: list[tuple[int, str | int, bytes]]) -> _Rows:
        keys, owned, blobs = zip(*fetched, strict=True)
        lists = [str(owner).strip("[]") for owner in owned]
        lengths = np.array([text.count(",") + 1 if text else 0 for text in lists], np.int64)
        documents = numbers(",".join(text for text in lists if text))
        vectors = unpack_all(blobs)
        greatest = np.maximum(vectors.max(axis=1), -vectors.min(axis=1))
        greatest = np.maximum(greatest, np.finfo(np.float32).tiny)
        vectors *= (127 / greatest)[:, None]
        components = np.rint(vectors, out=vectors).astype(np.int8)
        return cls(np.array(keys), documents, lengths, greatest / 127, components)

    @classmethod
    def joined(cls, blocks: list[_Rows]) -> _Rows:
        blocks = [block for block in blocks if len(block.keys)]
        if len(blocks) < 2:
            return blocks[0] if blocks else cls.empty()
        return cls(
            np.concatenate([block.keys for block in blocks]),
            np.concatenate([block.documents for block in blocks]),
            np.concatenate([block.lengths for block in blocks]),
            np.concatenate([block.scales for block in blocks]),
            np.concatenate([block.components for block in blocks]),
        )

    def only(self, keys: Ints) -> _Rows:
        """Those of these keys."""
        return self.only_at(np.flatnonzero(np.isin(self.keys, keys)))

    def only_at(self, places: Ints) -> _Rows:
        """Those at these places."""
        lengths = self.lengths[places]
        return _Rows(
            self.keys[places],
            self.documents[ranges(firsts(self.lengths)[places], lengths)],
            lengths,
            self.scales[places],
            self.components[places],
        )

    def cosines(
        self, query: NDArray[np.float32], places: Ints | None = None
    ) -> NDArray[np.float32]:
        """With all of them, or with those at these places."""
        components = self.components if places is None else self.components[places]
        found = np.empty(len(components), np.float32)
        buffer = np.empty((BLOCK, len(query)), np.float32)
        for start in range(0, len(found), BLOCK):
            block = components[start : start + BLOCK]
            floats = buffer[: len(block)]
            np.copyto(floats, block)
            np.dot(floats, query, out=found[start : start + BLOCK])
        found *= self.scales if places is None else self.scales[places]
        return found


class _Spread:
    """Which rows of the catalogue each vector speaks for, sorted by row."""

    def __init__(self, catalogue: Catalogue, rows: _Rows) -> None:
        documents = catalogue.rows(rows.documents)
        chunks = np.repeat(np.arange(len(rows.lengths)), rows.lengths)
        order = np.argsort(documents, kind="stable")
        # Those that the catalogue does not hold yet, or no longer, stand in front.
        order = order[np.count_nonzero(documents < 0) :]
        self.chunks = chunks[order]
        documents = documents[order]
        self.starts = np.flatnonzero(np.diff(documents, prepend=-1))
        self.documents = documents[self.starts]
