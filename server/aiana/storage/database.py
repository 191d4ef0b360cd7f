"""Connections to the one SQLite file: many readers, one writer path, errors in plain words."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from aiana.errors import ReadOnly, StorageUnavailable
from aiana.storage.guarded import GuardedConnection
from aiana.storage.migrations import migrate

BUSY_TIMEOUT_S = 15.0
CACHE_KIB = 8 * 1024


class Database:
    """The database file. Safe to share between threads; any number of processes may hold one.

    Raises StorageUnavailable when the file cannot be opened, ReadOnly when it cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.read_only = False
        self._write_lock = threading.RLock()
        self._local = threading.local()
        self._connections: list[sqlite3.Connection] = []
        self._connections_lock = threading.Lock()
        self._closed = False
        try:
            self._prepare_files()
            self._writer = self._connect("rw")
            with translated(path):
                self._writer.execute("PRAGMA journal_mode = WAL")
                self._writer.execute("PRAGMA synchronous = FULL")
                migrate(self._writer, path.parent / "backups")
        except (ReadOnly, PermissionError) as error:
            if not path.exists():
                raise StorageUnavailable(
                    f"{path.parent} cannot be written ({error}). Make it writable, or set "
                    "AIANA_HOME to another folder."
                ) from error
            self.read_only = True
            self._writer = self._connect("ro")

    def _prepare_files(self) -> None:
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError) as error:
            raise StorageUnavailable(
                f"{self.path.parent} is not a folder. Set AIANA_HOME to a folder."
            ) from error
        if self.path.is_dir():
            raise StorageUnavailable(f"{self.path} is a folder. Move it aside, then try again.")
        # SQLite gives its -wal and -shm files the permissions of the database.
        os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))

    def _connect(self, mode: str) -> sqlite3.Connection:
        with translated(self.path):
            connection = sqlite3.connect(
                f"{self.path.absolute().as_uri()}?mode={mode}",
                uri=True,
                timeout=BUSY_TIMEOUT_S,
                isolation_level=None,
                check_same_thread=False,
                factory=GuardedConnection,
            )
            connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("PRAGMA temp_store = MEMORY")
        with self._connections_lock:
            self._connections.append(connection)
        return connection

    @property
    def reader(self) -> sqlite3.Connection:
        """This thread's connection for reading; wrap its use in `reading()` to translate errors."""
        if self._closed:
            raise StorageUnavailable(f"{self.path} was closed.")
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = self._connect("ro")
        return connection

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """One consistent view of the database for several statements."""
        connection = self.reader
        if connection.in_transaction:
            yield connection
            return
        with translated(self.path):
            connection.execute("BEGIN")
            try:
                yield connection
            finally:
                connection.execute("COMMIT")

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One short write transaction: committed at the end, rolled back on any error."""
        if self._closed:
            raise StorageUnavailable(f"{self.path} was closed.")
        if self.read_only:
            raise ReadOnly(f"{self.path} is read-only. Make it writable to store anything.")
        with self._write_lock, translated(self.path):
            if self._writer.in_transaction:
                yield self._writer
                return
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield self._writer
            except BaseException:
                self._writer.execute("ROLLBACK")
                raise
            self._writer.execute("COMMIT")

    def data_version(self) -> int:
        """A number that changes when another process, or this one's writer, has committed."""
        with translated(self.path):
            return int(self.reader.execute("PRAGMA data_version").fetchone()[0])

    def close(self) -> None:
        with self._write_lock, self._connections_lock:
            self._closed = True
            for connection in self._connections:
                connection.close()
            self._connections.clear()


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turns SQLite's errors into ones that say what to do."""
    try:
        yield
    except sqlite3.OperationalError as error:
        text = str(error)
        if "readonly" in text:
            raise ReadOnly(f"{path} is read-only. Make it writable to store anything.") from error
        if "locked" in text or "busy" in text:
            raise StorageUnavailable(
                f"{path} has been locked by another program for {BUSY_TIMEOUT_S:.0f} s. "
                "Close the program that holds it, and try again."
            ) from error
        if "full" in text:
            raise StorageUnavailable(
                f"The disk that holds {path} is full. Nothing was lost; free some space, then "
                "try again."
            ) from error
        raise StorageUnavailable(f"{path} cannot be used: {text}.") from error
    except sqlite3.DatabaseError as error:
        if "closed database" in str(error):
            raise StorageUnavailable(f"{path} was closed.") from error
        if isinstance(error, sqlite3.IntegrityError | sqlite3.ProgrammingError):
            raise
        raise StorageUnavailable(
            f"{path} is damaged or no Aiana database ({error}). Move it aside, and restore a copy "
            f"from {path.parent / 'backups'} if there is one; then run `aiana import` again."
        ) from error
