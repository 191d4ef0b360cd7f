"""Files of arrays that all processes map, so that none reads or holds them all.

Such a file is derived from the database, which is the truth: what does not fit it is not used and
written anew. A new file takes the old one's place in one step, so that whoever has mapped that
keeps it whole. One process writes at a time, by a lock.

    4 KiB     a magic word, the check sum and length of a description, the description as JSON
    arrays    one behind the other, each from a multiple of eight bytes on

A check sum covers the arrays, but for those that are too large to be read at each start.
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
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from aiana.errors import AianaError
from aiana.private import make_own_folder
from aiana.storage.database import INDEX, Database
from aiana.storage.write_turn import Timeout

logger = logging.getLogger(__name__)

VERSION = 2
_MAGIC = b"AIANAVEC"
_HEADER = 4096
_SAMPLE = 24
"""Rows that are compared with the database whenever a file is opened."""

Ints = NDArray[np.int64]


class ArrayFile(NamedTuple):
    """A file that was opened."""

    described: dict[str, Any]
    """What its writer said of it."""
    arrays: dict[str, NDArray[Any]]
    """Read-only, by name."""


class ArrayWriter:
    """Writes arrays one behind the other."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.places: dict[str, tuple[str, list[int], int]] = {}
        """Type, shape and beginning of each."""
        self.unchecked: list[str] = []
        self.checked = 0

    def add(self, name: str, blocks: Iterable[NDArray[Any]], checked: bool = True) -> None:
        """Add an array that is given in one or more blocks of rows."""
        self._file.write(bytes(-self._file.tell() % 8))
        start, rows = self._file.tell(), 0
        for block in blocks:
            self._file.write(block.tobytes())
            rows += len(block)
            self.places[name] = (block.dtype.str, [rows, *block.shape[1:]], start)
            if checked:
                self.checked = zlib.crc32(block.tobytes(), self.checked)
        if not checked:
            self.unchecked.append(name)


@contextlib.contextmanager
def writing(path: Path, described: dict[str, Any]) -> Iterator[ArrayWriter]:
    """Write a file beside, which takes the place of the one that is there when all is well.

    `described` may be filled until then. Raises OSError.
    """
    beside = path.with_name(f".{os.urandom(8).hex()}.tmp")
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
    flags |= getattr(os, "O_BINARY", 0)
    try:
        with os.fdopen(os.open(beside, flags, 0o600), "wb") as file:
            file.write(bytes(_HEADER))
            writer = ArrayWriter(file)
            yield writer
            layout = {
                "version": VERSION,
                "arrays": writer.places,
                "unchecked": writer.unchecked,
                "sum": writer.checked,
            }
            file.seek(0)
            file.write(_header({**described, **layout}))
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            beside.unlink()
        raise


def mapped(path: Path) -> ArrayFile:
    """Open a file. Raises OSError, or ValueError if it is damaged or of another version."""
    if path.is_symlink():
        raise ValueError("it is a link")
    with path.open("rb") as file:
        described = _described(file.read(_HEADER))
        size = os.fstat(file.fileno()).st_size
        data = mmap.mmap(file.fileno(), size, access=mmap.ACCESS_READ)
    arrays = {}
    end = _HEADER
    try:
        for name, (dtype, shape, start) in described["arrays"].items():
            count = int(np.prod(shape))
            arrays[name] = np.frombuffer(data, dtype, count, start).reshape(shape)
            end = start + arrays[name].nbytes
        whole = size == end and _sum(described, arrays) == described["sum"]
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError("its head is damaged") from error
    if not whole:
        raise ValueError("it is damaged, or not whole")
    return ArrayFile(described, arrays)


def fitting(path: Path, store: str) -> ArrayFile | None:
    """Open a file, if there is a sound one that was made from this store."""
    try:
        file = mapped(path)
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        logger.info("%s is not used, and made anew: %s", path, error)
        return None
    return file if file.described["store"] == store else None


def has_given(connection: sqlite3.Connection, table: str, key: int) -> bool:
    """Whether a table has had a key: an older state that was put back gives its keys once more."""
    row = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = ?", (table,)).fetchone()
    return row is not None and row[0] >= key


def overwrite(
    path: Path,
    held: ArrayFile,
    replaced: Mapping[str, NDArray[Any]],
    blanked: Mapping[str, Ints],
) -> None:
    """Put other values in the place of arrays, and zeros into some rows of others, on the disk.

    Raises OSError.
    """
    described = dict(held.described)
    with path.open("r+b", buffering=0) as file:
        for name, rows in blanked.items():
            start, width = described["arrays"][name][2], held.arrays[name][:1].nbytes
            for row in rows.tolist():
                file.seek(start + row * width)
                file.write(bytes(width))
        for name, array in replaced.items():
            file.seek(described["arrays"][name][2])
            file.write(array.tobytes())
        described["sum"] = _sum(described, {**held.arrays, **replaced})
        file.seek(0)
        file.write(_header(described))
        os.fsync(file.fileno())


def sampled(rows: int) -> list[int]:
    """Some of the places of so many rows, from the first to the last, ascending."""
    return sorted({place * (rows - 1) // (_SAMPLE - 1) for place in range(_SAMPLE) if rows})


def store_of(connection: sqlite3.Connection) -> str:
    """What tells one database from another, wherever it lies."""
    return str(connection.execute("SELECT value FROM facts WHERE name = 'store'").fetchone()[0])


def folder_of(database: Database) -> Path:
    """Where the files of a database are."""
    return database.path.parent / INDEX


@contextlib.contextmanager
def locked(database: Database, seconds: float) -> Iterator[None]:
    """Be the only process that writes files of this database. Raises Timeout."""
    # It takes as long to import as a file of columns takes to be opened.
    from filelock import FileLock
    from filelock import Timeout as HeldByAnother

    make_own_folder(folder_of(database))
    lock = FileLock(folder_of(database) / "write.lock", timeout=seconds, mode=0o600)
    try:
        lock.acquire()
    except HeldByAnother as error:
        raise Timeout from error
    try:
        yield
    finally:
        lock.release()


def written_anew(
    database: Database,
    path: Path,
    reading: Callable[[], AbstractContextManager[sqlite3.Connection]],
    write: Callable[[sqlite3.Connection], None],
) -> str | None:
    """Have a file written by what is stored, unless another process writes one just now.

    Nothing depends on it: returns what keeps it from being written, if anything does.
    """
    try:
        # Read when the lock is held: what was forgotten before that is not read any more.
        with locked(database, 0), reading() as connection:
            write(connection)
    except Timeout:
        pass
    except (OSError, NotImplementedError, AianaError) as error:  # some disks know no locks
        problem = f"{path} cannot be written: {getattr(error, 'strerror', error)}"
        logger.info("It is held in memory: %s", problem)
        return problem
    return None


def _header(described: dict[str, Any]) -> bytes:
    text = json.dumps(described).encode()
    return (_MAGIC + struct.pack("<II", zlib.crc32(text), len(text)) + text).ljust(_HEADER, b"\0")


def _described(head: bytes) -> dict[str, Any]:
    try:
        checked, length = struct.unpack_from("<II", head, len(_MAGIC))
    except struct.error as error:
        raise ValueError("it is cut") from error
    text = head[len(_MAGIC) + 8 :][:length]
    if not head.startswith(_MAGIC) or zlib.crc32(text) != checked:
        raise ValueError("its head is damaged")
    described: dict[str, Any] = json.loads(text)
    if described["version"] != VERSION:
        raise ValueError(f"it has version {described['version']}")
    return described


def _sum(described: dict[str, Any], arrays: Mapping[str, NDArray[Any]]) -> int:
    checked = 0
    for name in described["arrays"]:
        if name not in described["unchecked"]:
            checked = zlib.crc32(arrays[name].data, checked)
    return checked
