"""The vectors of one model in a file that all processes map, so that none reads or holds them all.

The file is derived: the database is the truth, and what does not fit it is not used and written
anew. A vector's row never changes; one that is gone from the database is overwritten with zeros
where it stands. A new file takes the old one's place in one step, so that whoever has mapped that
keeps it whole. One process writes at a time, by a lock.

    4 KiB     a magic word, the check sum and length of a description, the description as JSON
    int8      components, a row a vector
    int64     keys of vectors, ascending; documents that they speak for; how many each speaks for
    float32   what components are to be multiplied with

Check sums cover all but the components, of which a few are compared with the database.
"""

from __future__ import annotations

import contextlib
import json
import logging
import mmap
import os
import sqlite3
import struct
import zlib
from collections.abc import Iterable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from filelock import FileLock, Timeout
from numpy.typing import NDArray

from aiana.errors import AianaError
from aiana.private import files_in, make_own_folder, remove
from aiana.storage.chunks import vectors_of
from aiana.storage.database import INDEX, Database
from aiana.storage.packing import unpack_all

logger = logging.getLogger(__name__)

LEAST = 4_000
"""Vectors that are worth a file, and that are read from the database beside one."""
VERSION = 1
_MAGIC = b"AIANAVEC"
_HEADER = 4096
_WAIT_S = 60.0
"""What forgetting waits for a process that writes the file just now."""
_COMPARED = 24
"""Vectors that are compared with the database whenever the file is opened."""
_KEYS = "SELECT group_concat(key) FROM vectors WHERE model = ?"
_ROWS = (
    "SELECT v.key, coalesce(c.message_keys, v.owner), v.vector FROM vectors v "
    "LEFT JOIN main.chunks c ON c.key = v.owner WHERE v.model = ? "
)
_ONE = _ROWS + "AND v.key = ?"
LATER = _ROWS + "AND v.key > ? ORDER BY v.key"
"""Key, documents and vector of one model's vectors after a key."""

Ints = NDArray[np.int64]


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


class _Places(NamedTuple):
    """Where each part of a file begins."""

    components: int
    keys: int
    documents: int
    lengths: int
    scales: int
    end: int

    @classmethod
    def of(cls, rows: int, documents: int, dimensions: int) -> _Places:
        keys = _HEADER + -(-rows * dimensions // 8) * 8
        after = keys + 8 * rows
        lengths = after + 8 * documents
        scales = lengths + 8 * rows
        return cls(_HEADER, keys, after, lengths, scales, scales + 4 * rows)


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
        self.path = _folder(database) / f"vectors-{sha256(model.encode()).hexdigest()[:12]}.bin"
        self.problem: str | None = None
        """Why it could not be written, when that was tried last."""

    def opened(self, connection: sqlite3.Connection) -> Held | None:
        """What the file holds, mapped; None if there is none that fits the database."""
        try:
            held, store = _mapped(self.path, self._model)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError, struct.error) as error:
            logger.info("%s is not used, and made anew: %s", self.path, error)
            return None
        return held if self._fits(connection, held, store) else None

    def _fits(self, connection: sqlite3.Connection, held: Held, store: str) -> bool:
        (own,) = connection.execute("SELECT value FROM facts WHERE name = 'store'").fetchone()
        given = connection.execute(
            "SELECT seq FROM sqlite_sequence WHERE name = 'vectors'"
        ).fetchone()
        # An older state that was put back gives the keys of the file once more.
        if own != store or given is None or given[0] < held.newest:
            return False
        vectors = held.vectors
        ends = np.cumsum(vectors.lengths)
        for place in np.unique(np.linspace(0, len(vectors.keys) - 1, _COMPARED).astype(int)):
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
            if vectors_of(connection, self._model) < self._least:
                return
        try:
            # Read when the lock is held: what was forgotten before that is not read any more.
            with _locked(self._database, 0), self._database.reading() as connection:
                self._renew(connection)
            self.problem = None
        except Timeout:
            pass  # Another process writes it.
        except (OSError, NotImplementedError, AianaError) as error:  # some disks know no locks
            self.problem = f"{self.path} cannot be written: {getattr(error, 'strerror', error)}"
            logger.info("Vectors are held in memory: %s", self.problem)

    def _renew(self, connection: sqlite3.Connection) -> None:
        count = vectors_of(connection, self._model)
        if not count:  # all were forgotten meanwhile
            return
        held = self.opened(connection)
        if held is not None:
            known = len(held.vectors.keys)
            live = int(np.count_nonzero(held.vectors.keys))
            if abs(count - live) + known - live < max(self._least, known // 8):
                return
        (newest,) = connection.execute("SELECT coalesce(max(key), 0) FROM vectors").fetchone()
        cursor = connection.execute(LATER, (self._model, 0))
        (store,) = connection.execute("SELECT value FROM facts WHERE name = 'store'").fetchone()
        _write(self.path, _batches(cursor), {"store": store, "model": self._model}, newest)


def wipe(database: Database) -> list[Path]:
    """Overwrite in every file what the database has no more; returns the files that may hold it.

    A file that cannot be changed is removed.
    """
    left = []
    paths = [path for path in files_in(_folder(database), "*") if path.suffix != ".lock"]
    if not paths:
        return []
    try:
        with _locked(database, _WAIT_S):
            for path in paths:
                try:
                    if path.suffix == ".bin":
                        _wipe(database, path)
                    else:
                        remove(path)  # of a process that was killed while it wrote
                except (OSError, ValueError, KeyError, TypeError, struct.error, AianaError):
                    try:
                        remove(path)
                    except AianaError:
                        left.append(path)
    except (Timeout, OSError, NotImplementedError, AianaError):
        return paths
    return left


def _wipe(database: Database, path: Path) -> None:
    described = _described(path)
    held, _ = _mapped(path, described["model"])
    keys = held.vectors.keys
    with database.reading() as connection:
        (text,) = connection.execute(_KEYS, (described["model"],)).fetchone()
    live = np.fromstring(text, np.int64, sep=",") if text else np.empty(0, np.int64)
    gone = (keys != 0) & ~np.isin(keys, live)
    if not gone.any():
        return
    places = _Places.of(len(keys), len(held.vectors.documents), described["dimensions"])
    vectors = held.vectors.without(gone)
    scales = np.where(gone, np.float32(0), vectors.scales).astype(np.float32)
    blank = bytes(described["dimensions"])
    with path.open("r+b", buffering=0) as file:
        for row in np.flatnonzero(gone).tolist():
            file.seek(places.components + row * len(blank))
            file.write(blank)
        for place, column in (
            (places.keys, vectors.keys),
            (places.documents, vectors.documents),
            (places.scales, scales),
        ):
            file.seek(place)
            file.write(column.tobytes())
        columns = (vectors.keys, vectors.documents, vectors.lengths, scales)
        described["sum"] = _sum(columns)
        file.seek(0)
        file.write(_header(described))
        os.fsync(file.fileno())


def _write(path: Path, batches: Iterable[Vectors], described: dict[str, Any], newest: int) -> None:
    """Write a file beside and put it in the place of the one that is there."""
    beside = path.with_name(f".{os.urandom(8).hex()}.tmp")
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
    flags |= getattr(os, "O_BINARY", 0)
    columns: list[Vectors] = []
    dimensions = 0
    try:
        with os.fdopen(os.open(beside, flags, 0o600), "wb") as file:
            file.write(bytes(_HEADER))
            for batch in batches:
                file.write(batch.components.tobytes())
                dimensions = batch.components.shape[1]
                columns.append(batch._replace(components=batch.components[:0]))
            keys = np.concatenate([batch.keys for batch in columns])
            documents = np.concatenate([batch.documents for batch in columns])
            lengths = np.concatenate([batch.lengths for batch in columns])
            scales = np.concatenate([batch.scales for batch in columns])
            places = _Places.of(len(keys), len(documents), dimensions)
            file.write(bytes(places.keys - file.tell()))
            for column in (keys, documents, lengths, scales):
                file.write(column.tobytes())
            file.seek(0)
            file.write(
                _header(
                    {
                        **described,
                        "version": VERSION,
                        "rows": len(keys),
                        "documents": len(documents),
                        "dimensions": dimensions,
                        "newest": newest,
                        "sum": _sum((keys, documents, lengths, scales)),
                    }
                )
            )
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            beside.unlink()
        raise


def _batches(cursor: sqlite3.Cursor) -> Iterator[Vectors]:
    while fetched := cursor.fetchmany(4096):
        yield Vectors.of(fetched)


def _header(described: dict[str, Any]) -> bytes:
    text = json.dumps(described).encode()
    return (_MAGIC + struct.pack("<II", zlib.crc32(text), len(text)) + text).ljust(_HEADER, b"\0")


def _described(path: Path) -> dict[str, Any]:
    """What the head of a file says. Raises ValueError if it is damaged or of another version."""
    with path.open("rb") as file:
        head = file.read(_HEADER)
    checked, length = struct.unpack_from("<II", head, len(_MAGIC))
    text = head[len(_MAGIC) + 8 :][:length]
    if not head.startswith(_MAGIC) or zlib.crc32(text) != checked:
        raise ValueError("its head is damaged")
    described: dict[str, Any] = json.loads(text)
    if described["version"] != VERSION:
        raise ValueError(f"it has version {described['version']}")
    return described


def _mapped(path: Path, model: str) -> tuple[Held, str]:
    """What a file holds, and the store that it is of. Raises OSError and ValueError."""
    if path.is_symlink():
        raise ValueError("it is a link")
    described = _described(path)
    rows, dimensions = described["rows"], described["dimensions"]
    places = _Places.of(rows, described["documents"], dimensions)
    with path.open("rb") as file:
        if os.fstat(file.fileno()).st_size != places.end or described["model"] != model:
            raise ValueError("it is not whole, or of another model")
        data = mmap.mmap(file.fileno(), places.end, access=mmap.ACCESS_READ)
    keys = np.frombuffer(data, np.int64, rows, places.keys)
    documents = np.frombuffer(data, np.int64, described["documents"], places.documents)
    lengths = np.frombuffer(data, np.int64, rows, places.lengths)
    scales = np.frombuffer(data, np.float32, rows, places.scales)
    if _sum((keys, documents, lengths, scales)) != described["sum"]:
        raise ValueError("it is damaged")
    components = np.frombuffer(data, np.int8, rows * dimensions, places.components)
    vectors = Vectors(keys, documents, lengths, scales, components.reshape(rows, dimensions))
    return Held(vectors, described["newest"]), described["store"]


def _sum(columns: Iterable[NDArray[Any]]) -> int:
    checked = 0
    for column in columns:
        checked = zlib.crc32(column.data, checked)
    return checked


def _folder(database: Database) -> Path:
    return database.path.parent / INDEX


@contextlib.contextmanager
def _locked(database: Database, seconds: float) -> Iterator[None]:
    make_own_folder(_folder(database))
    with FileLock(_folder(database) / "write.lock", timeout=seconds, mode=0o600):
        yield
