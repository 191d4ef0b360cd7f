"""A copy of a whole database in one file."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

from aiana.errors import StorageUnavailable
from aiana.models import Progress

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
