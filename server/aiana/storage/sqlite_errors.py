"""SQLite's errors in plain words: what happened, and what to do about it."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from aiana.errors import InvalidQuery, ReadOnly, StorageUnavailable
from aiana.invocation import command
from aiana.private import files_in, unavailable
from aiana.storage.write_turn import WAIT_S, Timeout

LEAST_FREE = 1 << 16
"""Bytes that a disk must have free for a database to be opened: its index of the log has 32 KiB."""


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turns SQLite's errors into ones that say what to do."""
    try:
        yield
    except sqlite3.Error as error:
        closed = "closed database" in str(error)
        if isinstance(error, sqlite3.IntegrityError | sqlite3.ProgrammingError) and not closed:
            raise
        raise _in_plain_words(path, error) from error
    except Timeout as error:
        raise _locked(path) from error
    except UnicodeEncodeError as error:
        raise InvalidQuery(
            "This holds half a character (a lone surrogate), which no text can: leave it out."
        ) from error
    except OverflowError as error:
        raise InvalidQuery("This holds a number that is too large.") from error


def _in_plain_words(path: Path, error: sqlite3.Error) -> StorageUnavailable:
    text = str(error)
    # Errors of Python's own module have no code.
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if "closed database" in text:
        return StorageUnavailable(f"{path} was closed.")
    match code:
        case sqlite3.SQLITE_READONLY:
            return ReadOnly(f"{path} is read-only. Make it writable to store anything.")
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return _locked(path)
        case sqlite3.SQLITE_FULL:
            return _full(path)
        case sqlite3.SQLITE_IOERR if _has_no_room(path):
            return _full(path)
        case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
            return StorageUnavailable(
                f"{path} is damaged or no Aiana database ({text}). {restoring(path)}"
            )
        case sqlite3.SQLITE_CANTOPEN:
            return _not_opened(path)
    return StorageUnavailable(f"{path} cannot be used: {text}.")


def restoring(path: Path) -> str:
    """What to do about a database that is damaged."""
    folder = path.parent / "backups"
    if files_in(folder, "conversations-20*.db"):
        return f"Run `{command('restore')}`, which puts the newest backup in its place."
    return (
        f"There is no backup in {folder}: move the file aside, then run `{command('import')}`, "
        "which reads again what the assistants still have."
    )


def _locked(path: Path) -> StorageUnavailable:
    return StorageUnavailable(
        f"{path} has been locked by another program for {WAIT_S:.0f} s. "
        "Close the program that holds it, and try again."
    )


def _full(path: Path) -> StorageUnavailable:
    return StorageUnavailable(
        f"The disk that holds {path} is full. Nothing was lost; free some space, then try again."
    )


def _has_no_room(path: Path) -> bool:
    """Whether the disk is too full for what SQLite keeps beside a database while it is open."""
    from shutil import disk_usage  # brings every way of compressing along

    with contextlib.suppress(OSError):
        return disk_usage(path.parent).free < LEAST_FREE
    return False


def _not_opened(path: Path) -> StorageUnavailable:
    """SQLite does not say why; the system does."""
    try:
        os.close(os.open(os.devnull, os.O_RDONLY))
        path.stat()
    except OSError as error:
        return unavailable(path, error)
    if not os.access(path, os.R_OK):
        return StorageUnavailable(f"{path} cannot be read. Run `chmod u+rw {path}`.")
    if not os.access(path.parent, os.W_OK):
        return ReadOnly(
            f"{path.parent} cannot be written, and {path.name} was not closed properly when it "
            "last could: make the folder writable once, then try again."
        )
    return StorageUnavailable(f"{path} cannot be opened.")
