"""The embedded vector index: every vector of one model, scanned whole for each query.

All vectors are in the table `vectors`: any number of processes share the index. They map one file
of those that were there when it was written (`storage/vector_file.py`), and read what is new.
Vectors are stored as float16 and held as 8-bit integers with one scale each: 100,000 of 384
dimensions take 38 MB and are scanned faster than floats would be; a cosine is off by less than
0.002 (a test holds this).
"""

from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from aiana.search.catalogue import Catalogue
from aiana.search.stored_vectors import StoredVectors
from aiana.storage.array_file import Ints
from aiana.storage.chunks import vectors_of
from aiana.storage.database import Database
from aiana.storage.packing import numbers
from aiana.storage.vector_file import LATER, LEAST, VectorFile, Vectors

BLOCK = 1024
_NOTHING = np.empty(0, np.int64)
_NONE = Vectors(_NOTHING, _NOTHING, _NOTHING, np.empty(0, np.float32), np.empty((0, 0), np.int8))


def firsts(lengths: Ints) -> Ints:
    """Where each of several runs begins that stand one behind the other."""
    return np.asarray(np.cumsum(lengths) - lengths)


def ranges(starts: Ints, lengths: Ints) -> Ints:
    """`start, start + 1, ...` of each length, one behind the other."""
    return np.arange(int(lengths.sum())) + np.repeat(starts - firsts(lengths), lengths)


class VectorIndex:
    """Cosines of a query with everything that has a vector of one model. Safe between threads."""

    def __init__(self, database: Database, model: str, worth_a_file: int = LEAST) -> None:
        self._database = database
        self.model = model
        self._file = VectorFile(database, model, worth_a_file)
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
        return self._rows.known

    @property
    def problem(self) -> str | None:
        """Why there is no file of the vectors that processes share; None if nothing is wrong."""
        return self._file.problem

    def release(self) -> None:
        """Give the memory back; the next search reads all vectors again."""
        with self._lock:
            if len(self._rows.keys):
                self._rows, self._newest, self._spread = _Rows.empty(), 0, None

    def refresh(self, catalogue: Catalogue | None = None) -> int:
        """Take in what was added or removed since; returns how many vectors there are.

        Where much is new since the file was written, or there is none, that is done first. With a
        catalogue, also find out of which of its rows each vector speaks.
        """
        with self._lock:
            if not len(self._rows.keys):
                self._file.renew()
            known = self._refreshed().known
        if catalogue is not None:
            self._spread_over(catalogue)
        return known

    def ask(self, query: NDArray[np.float32]) -> None:
        """Nothing: it is all in this process."""

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
            if (count, newest) == (rows.known, self._newest):
                return rows
            if not len(rows.keys) and (held := self._file.opened(connection)) is not None:
                rows, self._newest = _Rows(held.vectors, _NONE), held.newest
            cursor = connection.execute(LATER, (self.model, self._newest))
            blocks = []
            while fetched := cursor.fetchmany(4 * BLOCK):
                blocks.append(Vectors.of(fetched))
            rows, self._newest = rows.then(blocks), newest
            if rows.known != count:
                (text,) = connection.execute(
                    "SELECT group_concat(key) FROM vectors WHERE model = ?", (self.model,)
                ).fetchone()
                rows = rows.only(numbers(text))
        return rows


class _Rows:
    """Vectors side by side: first those of a file, if there is one, then those in memory."""

    def __init__(self, filed: Vectors | None, read: Vectors) -> None:
        self.parts = [read] if filed is None else [filed, read]
        self.filed, self.read = filed, read
        self.keys = np.concatenate([part.keys for part in self.parts])
        self.documents = np.concatenate([part.documents for part in self.parts])
        self.lengths = np.concatenate([part.lengths for part in self.parts])
        self.known = int(np.count_nonzero(self.keys))
        """How many there are, without those of a file that are gone."""

    @classmethod
    def empty(cls) -> _Rows:
        return cls(None, _NONE)

    def then(self, blocks: list[Vectors]) -> _Rows:
        """These, and more that were read."""
        blocks = [block for block in [self.read, *blocks] if len(block.keys)]
        if len(blocks) < 2:
            return _Rows(self.filed, blocks[0]) if blocks else self
        return _Rows(self.filed, Vectors._make(map(np.concatenate, zip(*blocks, strict=True))))

    def only(self, keys: Ints) -> _Rows:
        """Those of these keys."""
        read = self.read
        places = np.flatnonzero(np.isin(read.keys, keys))
        lengths = read.lengths[places]
        kept = Vectors(
            read.keys[places],
            read.documents[ranges(firsts(read.lengths)[places], lengths)],
            lengths,
            read.scales[places],
            read.components[places],
        )
        filed = self.filed
        return _Rows(filed and filed.without(~np.isin(filed.keys, keys)), kept)

    def cosines(
        self, query: NDArray[np.float32], places: Ints | None = None
    ) -> NDArray[np.float32]:
        """With all of them, or with those at these places."""
        found = np.empty(len(self.keys) if places is None else len(places), np.float32)
        start = 0
        for part in self.parts:
            end = start + len(part.keys)
            if places is None:
                _dot(part.components, part.scales, query, found[start:end])
            else:
                here = (places >= start) & (places < end)
                own = places[here] - start
                some = np.empty(len(own), np.float32)
                _dot(part.components[own], part.scales[own], query, some)
                found[here] = some
            start = end
        return found


def _dot(
    components: NDArray[np.int8],
    scales: NDArray[np.float32],
    query: NDArray[np.float32],
    out: NDArray[np.float32],
) -> None:
    buffer = np.empty((BLOCK, len(query)), np.float32)
    for start in range(0, len(out), BLOCK):
        block = components[start : start + BLOCK]
        floats = buffer[: len(block)]
        np.copyto(floats, block)
        np.dot(floats, query, out=out[start : start + BLOCK])
    out *= scales


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
