"""Connections to the one SQLite file: many readers, one writer path."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from aiana.errors import ReadOnly, StorageUnavailable
from aiana.exclusions import Exclusions, Wishes, of_environment
from aiana.hiding import hide, prepare, told_by_editors
from aiana.private import make_file, make_folder, refuse_link, unavailable
from aiana.storage.copying import LOG_FILES
from aiana.storage.guarded import GuardedConnection, write_ahead
from aiana.storage.migrations import migrate, refuse_a_foreign_one
from aiana.storage.sqlite_errors import translated
from aiana.storage.text_index_levels import lower_levels
from aiana.storage.write_turn import WAIT_S, Timeout, WriteTurn

INDEX = "index"
"""The folder beside the database for files that are made from it."""
BUSY_TIMEOUT_S = WAIT_S
CACHE_KIB = 8 * 1024
MOST_WAL_BYTES = 16 << 20
"""Beyond this, the log is put into the database after a write though somebody may be reading."""
ANALYSED_ROWS = 400
"""Of each index, from which the planner is told what it holds."""
CHECKPOINT_WAIT_MS = 250
"""What that waits for those who read just now."""
READERS_WAIT_S = 1.0
"""The same before a file that could not be written is opened anew."""


class _Files(NamedTuple):
    """Which files stand at the database's path: device and number of each, None where none does."""

    database: tuple[int, int] | None
    log: tuple[int, int] | None


class _Shown(NamedTuple):
    """What a connection sees, and of which state of the database and which rules that holds."""

    version: int
    exclusions: Exclusions
    hidden: int
    told: tuple[str, ...]


class Database:
    """The database file. Safe to share between threads; any number of processes may hold one.

    A file that was moved, deleted or replaced meanwhile is noticed before anything is read from or
    written to it, and the one that stands at the path now is opened; one that could not be written
    is written again as soon as it can be.

    Raises StorageUnavailable when the file cannot be opened, ReadOnly when it cannot be written.
    """

    def __init__(self, path: Path, wishes: Wishes | None = None) -> None:
        self.path = path
        self.wishes = wishes or Wishes(path.parent, of_environment())
        """What is to be hidden from all that read."""
        self._shown: dict[sqlite3.Connection, _Shown] = {}
        self._hiding: set[sqlite3.Connection] = set()
        """Connections from which something was hidden at some time."""
        self._log = path.with_name(path.name + "-wal")
        self._turn = WriteTurn(path)
        self._lock = threading.RLock()
        """Held to write, and to open anew."""
        self._depth = 0
        self._local = threading.local()
        self._connections: list[sqlite3.Connection] = []
        self._busy: set[sqlite3.Connection] = set()
        """Connections that some thread reads from just now: it alone may close them."""
        self._connections_lock = threading.Condition(threading.Lock())
        """Told when some thread has read."""
        self._generation = 0
        self._closed = False
        self._read_only = self._immutable = False
        self._writer: sqlite3.Connection | None = None
        self._files = _Files(None, None)
        self._open()

    @property
    def generation(self) -> int:
        """A number that changes when another file stands at the path: nothing known of it holds."""
        return int(getattr(self._local, "generation", self._generation))

    @property
    def view(self) -> int:
        """Which of this thread's transactions `reading()` is in: each sees one state of all."""
        return int(getattr(self._local, "views", 0))

    @property
    def read_only(self) -> bool:
        """Whether the database can be read but not written."""
        return self._read_only and not self._can_be_written()

    def _open(self) -> None:
        """Open the file that stands at the path, making it if there is none."""
        self._read_only = self._immutable = False
        try:
            try:
                self._open_to_write()
            except ReadOnly as error:
                self._drop_writer()
                self._open_to_read(error)
            self._files = self._standing()
        except BaseException as error:
            self._drop_writer()
            self._files = _Files(None, None)
            if isinstance(error, OSError):
                raise unavailable(self.path, error) from error
            raise

    def _open_to_write(self) -> None:
        make_folder(self.path.parent)
        if self.path.is_dir():
            raise StorageUnavailable(f"{self.path} is a folder. Move it aside, then try again.")
        refuse_link(self.path)
        # SQLite gives its -wal and -shm files the permissions of the database.
        make_file(self.path)
        if not os.access(self.path, os.W_OK):
            raise ReadOnly(f"{self.path} is read-only. Make it writable to store anything.")
        for suffix in LOG_FILES:
            # Who read the database while its file was read-only has made them so, too.
            log = self.path.with_name(self.path.name + suffix)
            if log.exists() and not os.access(log, os.W_OK):
                log.chmod(0o600)
        self._writer = self._connect("rw")
        with translated(self.path), self._turn:
            refuse_a_foreign_one(self._writer)
            write_ahead(self._writer, BUSY_TIMEOUT_S)
            self._writer.execute("PRAGMA synchronous = FULL")
            self._writer.execute("PRAGMA secure_delete = ON")
            migrate(self._writer, self.path.parent / "backups")
            # What is damaged is told by what reads it.
            with contextlib.suppress(sqlite3.DatabaseError):
                lower_levels(self._writer)

    def _open_to_read(self, why: ReadOnly) -> None:
        if not self.path.exists():
            raise why
        self._read_only = True
        try:
            self._writer = self._connect("ro")
        except StorageUnavailable:
            if self._log.exists() and self._log.stat().st_size:
                raise
            # Nobody can write here, so there is nothing that the missing log would tell.
            self._immutable = True
            self._writer = self._connect("ro")
        with translated(self.path):
            refuse_a_foreign_one(self._writer)
            migrate(self._writer, None)

    def _connect(self, mode: str) -> sqlite3.Connection:
        with translated(self.path):
            connection = sqlite3.connect(
                f"{self.path.absolute().as_uri()}?mode={mode}"
                + ("&immutable=1" if self._immutable else ""),
                uri=True,
                timeout=BUSY_TIMEOUT_S,
                isolation_level=None,
                check_same_thread=False,
                factory=GuardedConnection,
            )
            try:
                connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
                connection.execute("PRAGMA foreign_keys = ON")
                connection.execute("PRAGMA temp_store = MEMORY")
                connection.execute("PRAGMA schema_version").fetchone()
                prepare(connection)
            except BaseException:
                connection.close()
                raise
        with self._connections_lock:
            if not self._closed:
                self._connections.append(connection)
                return connection
        connection.close()
        raise self._was_closed()

    def _standing(self) -> _Files:
        """What stands at the path now."""
        found: list[tuple[int, int] | None] = []
        for path in (self.path, self._log):
            try:
                status = path.stat()
                found.append((status.st_dev, status.st_ino))
            except (FileNotFoundError, NotADirectoryError):
                found.append(None)
            except OSError as error:
                raise unavailable(path, error) from error
        return _Files(*found)

    def _is_current(self) -> bool:
        """Whether what is open is what stands at the path."""
        standing = self._standing()
        if standing.database is None or standing.database != self._files.database:
            return False
        if self._read_only:
            return not self._can_be_written()
        # As long as it is open, nobody who knows SQLite takes the log away.
        return self._files.log is None or standing.log == self._files.log

    def _can_be_written(self) -> bool:
        return os.access(self.path, os.W_OK) and os.access(self.path.parent, os.W_OK | os.X_OK)

    def _ensure_current(self) -> None:
        """Open the file that stands at the path now, if another one is open."""
        if self._closed:
            raise self._was_closed()
        if self._is_current():
            return
        with self._lock:
            if self._depth or self._is_current() or not self._can_leave():
                return
            self._leave()
            self._generation += 1
            self._open()

    def _can_leave(self) -> bool:
        """Close what is open to read of a file that can be written by now; not while it is read.

        Of one process all that have a file open share what they know of its log, and nobody writes
        a log that the first of them could not.
        """
        if not self._read_only or self._standing().database != self._files.database:
            return True
        own = [getattr(self._local, name, None) for name in ("connection", "unhidden")]
        with self._connections_lock:
            if self._busy.intersection(own) or not self._connections_lock.wait_for(
                lambda: not self._busy, READERS_WAIT_S
            ):
                return False
            for each in [c for c in self._connections if c is not self._writer]:
                self._forget(each)
        return True

    def _leave(self) -> None:
        """Close a file that does not stand at the path any more.

        What its log holds is put into it first, since it may be a moved one that somebody wants;
        the log itself must not stay, since it would be taken for that of the file there now.
        """
        if self._writer is not None and not self._read_only:
            with translated(self.path), self._turn:
                emptied = self._checkpoint(self._writer)
            if not emptied:
                raise StorageUnavailable(
                    f"{self.path} was moved or replaced while somebody reads it. Try again."
                )
            if self._files.log is not None and self._standing().log == self._files.log:
                for suffix in LOG_FILES:
                    with contextlib.suppress(OSError):
                        self.path.with_name(self.path.name + suffix).unlink()
        self._drop_writer()

    def _drop_writer(self) -> None:
        """Readers are dropped by the threads that may be using them just now."""
        if self._writer is not None:
            self._drop(self._writer)
            self._writer = None
        self._turn.close()

    def _drop(self, connection: sqlite3.Connection) -> None:
        with self._connections_lock:
            self._forget(connection)

    def _forget(self, connection: sqlite3.Connection) -> None:
        """Close one, with the lock of the connections."""
        if connection in self._connections:
            self._connections.remove(connection)
            self._shown.pop(connection, None)
            self._hiding.discard(connection)
            connection.close()

    def _was_closed(self) -> StorageUnavailable:
        return StorageUnavailable(f"{self.path} was closed.")

    @property
    def reader(self) -> sqlite3.Connection:
        """This thread's connection for reading; wrap its use in `reading()` to translate errors."""
        return self._reader("connection")

    def _reader(self, name: str) -> sqlite3.Connection:
        known: sqlite3.Connection | None = getattr(self._local, name, None)
        if known is not None and known in self._busy:
            return known
        self._ensure_current()
        if getattr(self._local, "generation", None) != self._generation:
            for of in ("connection", "unhidden"):
                if (old := getattr(self._local, of, None)) is not None:
                    self._drop(old)
                setattr(self._local, of, None)
            self._local.generation = self._generation
            known = None
        if known is None:
            known = self._connect("ro")
            setattr(self._local, name, known)
        return known

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """One consistent view of the database for several statements, without what is excluded."""
        if (connection := self._within("connection")) is not None:
            yield connection
            return
        with self._transaction("connection") as connection:
            self._show(connection, reads=True)
            yield connection

    @contextmanager
    def reading_everything(self) -> Iterator[sqlite3.Connection]:
        """The same with what is excluded: for upkeep, and for forgetting it; nobody is shown it."""
        if (connection := self._within("unhidden")) is not None:
            yield connection
            return
        with self._transaction("unhidden") as connection:
            yield connection

    def _within(self, name: str) -> sqlite3.Connection | None:
        """This thread's connection if it is in a transaction."""
        known: sqlite3.Connection | None = getattr(self._local, name, None)
        return known if known in self._busy and known.in_transaction else None

    @contextmanager
    def _using(self, name: str) -> Iterator[sqlite3.Connection]:
        """This thread's connection, which no other closes meanwhile: that would end the process.

        Raises StorageUnavailable if the database was closed before.
        """
        connection = self._reader(name)
        if connection in self._busy:
            yield connection
            return
        while not self._begun(connection):
            connection = self._reader(name)
        try:
            yield connection
        finally:
            with self._connections_lock:
                self._busy.discard(connection)
                if self._closed:
                    self._forget(connection)
                self._connections_lock.notify_all()

    def _begun(self, connection: sqlite3.Connection) -> bool:
        """Have it known as used; false where it was closed, since the file can be written again."""
        with self._connections_lock:
            if self._closed:
                raise self._was_closed()
            if connection in self._connections:
                self._busy.add(connection)
                return True
        return False

    @contextmanager
    def _transaction(self, name: str) -> Iterator[sqlite3.Connection]:
        with self._using(name) as connection, translated(self.path):
            connection.execute("BEGIN")
            self._local.views = self.view + 1
            try:
                yield connection
            finally:
                if connection.in_transaction:
                    connection.execute("COMMIT")
                else:
                    self._shown.pop(connection, None)

    def excluded(self) -> Exclusions:
        """What is excluded just now."""
        with self.reading() as connection:
            return self._shown[connection].exclusions

    @property
    def hidden(self) -> int:
        """A number that changes with what is hidden from this thread, within `reading()`."""
        shown = self._shown.get(self.reader)
        return shown.hidden if shown is not None else 0

    def exclusions(self, connection: sqlite3.Connection) -> Exclusions:
        """What is excluded just now."""
        return self.wishes.now(told_by_editors(connection))

    def _show(self, connection: sqlite3.Connection, reads: bool) -> _Shown:
        """Hide from a connection what is excluded just now."""
        (version,) = connection.execute("PRAGMA data_version").fetchone()
        known = self._shown.get(connection)
        told = known.told if known and known.version == version else told_by_editors(connection)
        exclusions = self.wishes.now(told)
        if known is not None and known.exclusions is exclusions and known.version == version:
            return known
        # Most people exclude nothing, and need no look at what is hidden.
        hidden = 0
        if exclusions or connection in self._hiding:
            hidden = hide(connection, exclusions, reads)
            self._hiding.add(connection)
        shown = _Shown(version, exclusions, hidden, told)
        self._shown[connection] = shown
        return shown

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One short write transaction: committed at the end, rolled back on any error.

        When it is left without an error, what was written is in the file that stands at the path.
        """
        with self._exclusively() as writer:
            if self._depth > 1:
                yield writer
                return
            writer.execute("BEGIN IMMEDIATE")
            try:
                self._show(writer, reads=False)
                yield writer
                writer.execute("COMMIT")
            except BaseException:
                # SQLite has done it already after some errors, such as a full disk.
                if writer.in_transaction:
                    writer.execute("ROLLBACK")
                # With it goes what was hidden in it.
                self._shown.pop(writer, None)
                raise
            if not self._is_current():
                raise StorageUnavailable(
                    f"{self.path} was moved or replaced while it was written, so that nothing was "
                    "kept. Try again."
                )
            self._bound_log(writer)

    @contextmanager
    def maintaining(self) -> Iterator[sqlite3.Connection]:
        """The writing connection outside of any transaction, for what SQLite does only there."""
        with self._exclusively() as writer:
            assert self._depth == 1, "maintenance inside a transaction"
            try:
                yield writer
            finally:
                # Another place for temporary tables takes away those that there are.
                prepare(writer)
                self._shown.pop(writer, None)

    @contextmanager
    def _exclusively(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            if not self._depth:
                self._ensure_current()
            if self._read_only or self._writer is None:
                raise ReadOnly(f"{self.path} is read-only. Make it writable to store anything.")
            self._depth += 1
            try:
                with translated(self.path), self._turn:
                    yield self._writer
            finally:
                self._depth -= 1

    def _bound_log(self, writer: sqlite3.Connection) -> None:
        """Readers that never pause keep SQLite from beginning the log anew by itself."""
        with contextlib.suppress(OSError, sqlite3.Error):
            if self._log.stat().st_size > MOST_WAL_BYTES:
                self._checkpoint(writer)

    @staticmethod
    def _analyse(writer: sqlite3.Connection) -> None:
        """Tell the planner what the indexes hold; next to nothing where little has changed."""
        writer.execute(f"PRAGMA busy_timeout = {CHECKPOINT_WAIT_MS}")
        # With the limit, no samples are kept, which would be what people wrote.
        writer.execute(f"PRAGMA analysis_limit = {ANALYSED_ROWS}")
        writer.execute("PRAGMA optimize")

    @staticmethod
    def _checkpoint(writer: sqlite3.Connection) -> bool:
        """Put the log into the database and empty it; returns whether all of it is there now."""
        writer.execute(f"PRAGMA busy_timeout = {CHECKPOINT_WAIT_MS}")
        try:
            busy, logged, done = writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        finally:
            writer.execute(f"PRAGMA busy_timeout = {int(BUSY_TIMEOUT_S * 1000)}")
        return not busy or logged == done

    def checkpoint(self) -> bool:
        """Put the log into the database file and empty it; returns whether all of it is there now.

        Raises ReadOnly.
        """
        with self.maintaining() as writer:
            return self._checkpoint(writer)

    def empty_log(self) -> bool:
        """The same; returns whether the log is empty, which others that read it prevent."""
        with self.maintaining() as writer:
            self._checkpoint(writer)
            with contextlib.suppress(OSError):
                return not self._log.stat().st_size
            return True

    def data_version(self) -> int:
        """A number that changes when another process, or this one's writer, has committed."""
        with self._using("connection") as connection, translated(self.path):
            return int(connection.execute("PRAGMA data_version").fetchone()[0])

    def close(self) -> None:
        """Put the log into the database file if nobody else reads it, and close that.

        A thread that is reading reads on to the end of its transaction.
        """
        with self._lock:
            writer = self._writer
            with self._connections_lock:
                if self._closed:
                    return
                self._closed = True
                idle = [c for c in self._connections if c is not writer and c not in self._busy]
            # The writer goes last: one that only reads cannot put the log into the file.
            for connection in idle:
                self._drop(connection)
            if writer is not None and not self._read_only:
                with contextlib.suppress(sqlite3.Error, Timeout, OSError), self._turn:
                    self._analyse(writer)
                    self._checkpoint(writer)
            self._drop_writer()
