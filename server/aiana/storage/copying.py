"""Copies of a whole database in one file, which nobody sees before they are whole."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from aiana.errors import AianaError, StorageUnavailable
from aiana.models import Progress
from aiana.private import remove, unavailable

LOG_FILES = ("-wal", "-shm")
"""Endings of the files that SQLite keeps beside a database."""
_PAGES = 2_048
"""Copied in one step, 8 MB, so that progress can be told."""


def copy_into(source: sqlite3.Connection, path: Path, report: Progress | None = None) -> None:
    """Copy what `source` sees over the database at `path`.

    Raises StorageUnavailable if the copy cannot be written.
    """

    def step(_: int, left: int, total: int) -> None:
        if report is not None:
            report(total - left, total, "")

    try:
        with contextlib.closing(sqlite3.connect(path)) as target:
            source.backup(target, pages=_PAGES, progress=step, sleep=0.01)
            # The copy is one file, whatever reads it next.
            target.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.Error as error:
        raise StorageUnavailable(f"The copy cannot be written: {error}.") from error


@contextlib.contextmanager
def beside(path: Path) -> Iterator[Path]:
    """An empty file in the same folder, which is gone at the end unless it was renamed."""
    import secrets

    part = path.with_name(f".{secrets.token_hex(8)}.tmp")
    try:
        os.close(os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        yield part
    except OSError as error:
        raise unavailable(path, error) from error
    finally:
        with contextlib.suppress(AianaError):
            remove_copy(part)


def remove_copy(path: Path) -> None:
    """Remove a copy, and what SQLite keeps beside it. Raises StorageUnavailable."""
    for suffix in ("", "-journal", *LOG_FILES):
        remove(path.with_name(path.name + suffix))


def flush(path: Path) -> None:
    """Have the system write what it holds of a file to the disk."""
    descriptor = os.open(path, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
