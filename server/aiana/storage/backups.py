"""Copies of the whole database: made while others write, checked, and put back."""

from __future__ import annotations

import contextlib
import os
import re
import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from aiana.errors import Conflict, NotFound, StorageUnavailable
from aiana.models import Progress
from aiana.private import files_in, make_folder, make_own_folder, remove, unavailable
from aiana.storage.copying import LOG_FILES, beside, copy_into, flush
from aiana.storage.database import BUSY_TIMEOUT_S, INDEX
from aiana.storage.migrations import MIGRATIONS, refuse_a_foreign_one
from aiana.storage.sqlite_errors import translated
from aiana.storage.write_turn import WriteTurn
from aiana.times import format_time, now, to_datetime

if TYPE_CHECKING:
    from aiana.storage.carrying import Carried

KEPT = 10
"""Backups that stay in the folder, unless another number is asked for."""
TURN_S = 60.0
"""What is waited for another process that makes or changes backups."""
_MADE = re.compile(r"conversations-(\d{4}-\d\d-\d\dT\d{6}\.\d{3}Z)\.db")
# Whoever has a database with a log open holds a shared lock on these bytes of it: "SHARED" in
# https://www.sqlite.org/src/file/src/os.h
_SHARED_FIRST, _SHARED_SIZE = 0x40000002, 510


class Backup(Struct, frozen=True, kw_only=True, rename="camel"):
    """A whole copy of the database, in one file."""

    path: str
    bytes: int
    sessions: int
    messages: int
    memories: int


@contextlib.contextmanager
def turn(database: Path, seconds: float = TURN_S) -> Iterator[bool]:
    """Held while backups of a database are made or changed; false where another holds it so long.

    What is forgotten is taken out of the backups that there are. One that is being made, of a
    moment before that, would be missed.
    """
    from filelock import FileLock, Timeout  # as slow to import as all of this

    lock = FileLock(database.with_name("backups.lock"), timeout=seconds, mode=0o600)
    try:
        lock.acquire()
    except Timeout:
        yield False
        return
    except (OSError, NotImplementedError):  # some disks know no locks
        yield True
        return
    try:
        yield True
    finally:
        lock.release()


def back_up(
    source: sqlite3.Connection,
    folder: Path,
    output: Path | None = None,
    keep: int = KEPT,
    report: Progress | None = None,
) -> Backup:
    """Copy what `source` sees into a new file of `folder`, or into `output`, and check the copy.

    `source` has a read transaction open, so that it sees one moment while others write; the caller
    has had the `turn` since before that. Of the backups in the folder the newest `keep` stay.
    Raises Conflict if `output` is there already, StorageUnavailable if the copy cannot be written
    or is not whole.
    """
    if output is not None:
        return _into(source, output, report)
    make_own_folder(folder)
    made = _copied(source, output := _named(folder, "conversations"), report)
    for old in backups_in(folder)[max(keep, 1) :]:
        remove(old)
    return made


def _into(source: sqlite3.Connection, output: Path, report: Progress | None) -> Backup:
    folder = output.absolute().parent
    try:
        if folder.is_dir():
            return _copied(source, output, report)
        # It may be a stick that is not there.
        why, remedy = f"there is no folder {folder}", "Make it first, or name another file."
    except (OSError, StorageUnavailable) as error:
        cause = error if isinstance(error, OSError) else error.__cause__
        if not isinstance(cause, OSError) or not cause.strerror:
            raise
        why, remedy = cause.strerror, "Name another file."
    raise StorageUnavailable(f"{output} cannot be written: {why}. {remedy}")


def _copied(source: sqlite3.Connection, output: Path, report: Progress | None) -> Backup:
    if output.exists():
        raise Conflict(f"{output} is there already: name another file.")
    with beside(output) as part:
        copy_into(source, part, report)
        made = checked(part)
        flush(part)
        # A link fails where a file came meanwhile, a rename would replace it.
        try:
            os.link(part, output)
        except FileExistsError:
            raise Conflict(f"{output} is there already: name another file.") from None
        except OSError:  # a file system without links
            part.replace(output)
    return replace(made, path=str(output))


def _named(folder: Path, kind: str) -> Path:
    """A new file of a folder, named by the time: but after all that are there.

    Names tell which is the newest, and a clock that was ahead is put back some day.
    """
    stamp = now().replace(":", "")
    latest = max((path.stem for path in files_in(folder, f"{kind}-20*.db")), default="")
    if latest >= f"{kind}-{stamp}":
        day, _, time = latest.removeprefix(f"{kind}-").partition("T")
        with contextlib.suppress(ValueError):  # somebody named it
            moment = to_datetime(f"{day}T{time[:2]}:{time[2:4]}:{time[4:]}")
            stamp = format_time(moment + timedelta(milliseconds=1)).replace(":", "")
    return folder / f"{kind}-{stamp}.db"


def backups_in(folder: Path) -> list[Path]:
    """The backups of a folder that were asked for, newest first."""
    found = [path for path in files_in(folder, "*.db") if _MADE.fullmatch(path.name)]
    return sorted(found, key=lambda path: path.name, reverse=True)


def checked(path: Path) -> Backup:
    """What a copy holds.

    Raises NotFound if there is none, and StorageUnavailable if it is not whole.
    """
    if not path.is_file():
        raise NotFound(f"{path} is no file.")
    try:
        with contextlib.closing(_opened(path)) as copy:
            refuse_a_foreign_one(copy)
            version = copy.execute("PRAGMA user_version").fetchone()[0]
            if not version:
                raise StorageUnavailable(f"{path} holds no memory of Aiana.")
            if version > len(MIGRATIONS):
                raise StorageUnavailable(
                    f"{path} was made by a newer Aiana: upgrade with `pip install -U aiana`."
                )
            (verdict,) = copy.execute("PRAGMA integrity_check(1)").fetchone()
            if verdict != "ok":
                raise StorageUnavailable(f"{path} is damaged ({verdict}): use another copy.")
            counts = {
                table: copy.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
                for table in ("sessions", "messages", "memories")
            }
    except sqlite3.Error as error:
        raise StorageUnavailable(f"{path} is damaged or no backup ({error}).") from error
    return Backup(path=str(path), bytes=path.stat().st_size, **counts)


def restore(
    database: Path, backup: Path, report: Progress | None = None
) -> tuple[Path | None, Carried | None]:
    """Put a copy of `backup` in the place of the database, but for what was forgotten since.

    Returns where what it replaces is kept, if it is, and what was left out; None if what was
    forgotten cannot be read any more. Raises Conflict while another process has the database open,
    and StorageUnavailable if the backup is not whole, in which case nothing was changed.
    """
    from aiana.storage.carrying import carry_forgotten

    checked(backup)
    make_folder(database.parent)
    with beside(database) as part:
        with contextlib.closing(_opened(backup)) as source, translated(backup):
            copy_into(source, part, report)
        _fold_log(database)
        read = _state(database)
        carried = carry_forgotten(database, part)
        flush(part)
        with _alone(database):
            if _state(database) != read:
                raise Conflict(_in_use(database))
            kept = _set_aside(database)
            for derived in files_in(database.parent / INDEX, "*.bin"):
                remove(derived)
            try:
                part.replace(database)
            except OSError as error:
                if kept is not None:
                    _move(kept, database)
                raise unavailable(database, error) from error
    return kept, carried


def _state(database: Path) -> list[tuple[int, int] | None]:
    """What tells whether somebody has written a database."""
    found: list[tuple[int, int] | None] = []
    for path in (database, database.with_name(database.name + "-wal")):
        try:
            status = path.stat()
            found.append((status.st_mtime_ns, status.st_size) if status.st_size else None)
        except FileNotFoundError:
            found.append(None)
    return found


def _opened(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)


def _fold_log(database: Path) -> None:
    """Put the log into the file, so that one file is all; what is damaged stays as it is."""
    if not database.exists():
        return
    with (
        contextlib.suppress(sqlite3.Error),
        contextlib.closing(sqlite3.connect(database, timeout=BUSY_TIMEOUT_S)) as connection,
        contextlib.closing(WriteTurn(database)) as writing,
        writing,
    ):
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


@contextlib.contextmanager
def _alone(database: Path) -> Iterator[None]:
    """Keep others from opening the file. Raises Conflict if another process has it open."""
    try:
        import fcntl
    except ImportError:  # Windows, where a file that is open cannot be moved
        yield
        return
    if not database.exists():
        yield
        return
    descriptor = os.open(database, os.O_RDWR)
    try:
        try:
            fcntl.lockf(
                descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, _SHARED_SIZE, _SHARED_FIRST, os.SEEK_SET
            )
        except OSError:
            raise Conflict(_in_use(database)) from None
        yield
    finally:
        os.close(descriptor)


def _set_aside(database: Path) -> Path | None:
    """Move the database, and a log that could not be folded in, to where it is kept."""
    if not database.exists():
        return None
    folder = database.parent / "backups"
    make_own_folder(folder)
    kept = _named(folder, "replaced")
    try:
        _move(database, kept)
    except PermissionError:
        raise Conflict(_in_use(database)) from None
    return kept


def _move(path: Path, target: Path) -> None:
    path.replace(target)
    for suffix in LOG_FILES:
        log = path.with_name(path.name + suffix)
        if log.exists():
            log.replace(target.with_name(target.name + suffix))


def _in_use(database: Path) -> str:
    return (
        f"Another program has {database} open: close the editors and end what else of Aiana runs, "
        "then try again."
    )
