"""Reads SQLite databases that belong to another program, while it uses them."""

from __future__ import annotations

import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from aiana.capture.building import SessionBuilder
from aiana.capture.losses import Losses
from aiana.errors import UnreadableFile
from aiana.models import CaptureBatch, CapturePosition
from aiana.paths import readable
from aiana.regular import open_regular

BUSY_S = 5.0
LARGEST_VALUE = 32 << 20
"""Bytes of the largest value that is read."""
BATCH_CHARS = 4 << 20
"""Characters of conversations that become one transaction."""
_WAL = "-wal"
_WRITTEN_THROUGH_LOG = b"\2\2"  # versions of the format for writing and reading


class DatabaseSource(ABC):
    """An assistant that keeps its conversations in one database.

    It is opened for reading alone and never made, mended or checkpointed; what is in its
    write-ahead log is read as well, which a copy of the one file would miss.
    """

    name: str
    title: str
    version = 1
    """Of the reader: a database that an older one read is read again."""

    @abstractmethod
    def rows(
        self, connection: sqlite3.Connection, cursor: dict[str, Any], builder: SessionBuilder
    ) -> Iterator[dict[str, Any]]:
        """Give the builder what changed after `cursor` (empty at first), in steps.

        Yields the cursor after each step. Reads few rows at a time: a transaction that stays open
        keeps the other program's log from being shortened. Texts of one row that cannot be read
        cost that row. Raises sqlite3.Error.
        """

    def left_out(self, cursor: dict[str, Any]) -> list[str]:
        """What was left out of the database up to a cursor, and why."""
        return []

    def enters(self, folder: Path) -> bool:
        """Whether a folder below a root may hold conversations."""
        return True

    def retention_days(self) -> int | None:
        """After how many days the assistant deletes its own data; None if it never does."""
        return None

    def unchanged(self, path: Path, position: CapturePosition) -> bool:
        """Whether neither the database nor its log was written to since."""
        return position.mark.get("files") == _facts(path) and self._knows(position)

    def read(self, path: Path, position: CapturePosition | None) -> Iterator[CaptureBatch]:
        """What is new since `position`; raises UnreadableFile if it is no such database."""
        facts = _facts(path)  # looked at first: what is written meanwhile is read the next time
        known = position if position is not None and self._knows(position) else None
        builder = SessionBuilder(
            self.name, path, path.stat().st_mtime, known.state if known else {}
        )
        cursor: dict[str, Any] = dict(known.mark["cursor"]) if known else {}

        def here(files: list[list[int]] | None) -> CapturePosition:
            mark = {"cursor": cursor, "files": files, "version": self.version}
            state = {"builder": builder.state()}
            losses = Losses(path, self.left_out(cursor))
            return CapturePosition(
                path=readable(path),
                source=self.name,
                mark=mark,
                state=state,
                skipped_lines=losses.count,
                left_out=losses.named,
            )

        try:
            with opened(path) as connection:
                for step in self.rows(connection, cursor, builder):
                    cursor = step
                    yield builder.batch(here(None), 0, 0)
        except sqlite3.Error as error:
            raise UnreadableFile(f"It is no {self.title} database: {error}") from None
        yield builder.batch(here(facts), facts[0][0], facts[0][0])

    def _knows(self, position: CapturePosition) -> bool:
        return position.mark.get("version") == self.version and "cursor" in position.mark


class ConversationDatabase(DatabaseSource):
    """A database of many conversations, each of which is read as a whole when it changed."""

    @abstractmethod
    def conversations(
        self, connection: sqlite3.Connection, path: Path
    ) -> Iterable[tuple[str, str]]:
        """Key and mark of every conversation, the last used first; the mark is another one when
        the conversation was written to. Raises sqlite3.Error."""

    @abstractmethod
    def take(
        self, connection: sqlite3.Connection, key: str, builder: SessionBuilder, lost: list[str]
    ) -> Iterator[None]:
        """Give the builder a conversation, and `lost` what was left out of it.

        Yields between rows, where what was taken may be stored. Raises sqlite3.Error, and
        ValueError if nothing of the conversation can be read.
        """

    def rows(
        self, connection: sqlite3.Connection, cursor: dict[str, Any], builder: SessionBuilder
    ) -> Iterator[dict[str, Any]]:
        told: dict[str, str] = dict(cursor.get("told", {}))
        losses: dict[str, list[str]] = dict(cursor.get("lost", {}))

        def here() -> dict[str, Any]:
            return {"told": dict(told), "lost": dict(losses)}

        for key, mark in list(self.conversations(connection, builder.path)):
            if told.get(key) == mark:
                continue
            builder.begin_anew()
            lost: list[str] = []
            try:
                for _ in self.take(connection, key, builder, lost):
                    if builder.weight > BATCH_CHARS:
                        yield here()
            except sqlite3.OperationalError:
                raise
            except (ValueError, sqlite3.DatabaseError) as error:
                # What is damaged in a database costs what stands there.
                lost.append(f"Conversation {key[:60]} cannot be read: {error}")
            told[key] = mark
            losses.pop(key, None)
            if lost:
                losses[key] = lost
            if builder.weight > BATCH_CHARS:
                yield here()
        yield here()

    def left_out(self, cursor: dict[str, Any]) -> list[str]:
        return [why for lost in cursor.get("lost", {}).values() for why in lost]


@contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    """A database of another program, for reading alone.

    Raises sqlite3.Error, OSError and UnreadableFile.
    """
    # A reader, too, would leave a log where its program has gone and taken its own along.
    how = "immutable=1" if _is_at_rest(path) else "mode=ro"
    uri = f"{path.absolute().as_uri()}?{how}"
    with closing(sqlite3.connect(uri, uri=True, timeout=BUSY_S)) as connection:
        connection.execute("PRAGMA query_only = 1")
        connection.text_factory = lambda data: data.decode("utf-8", "replace")
        try:
            yield connection
        except UnicodeDecodeError:  # what SQLite says of a damaged database may quote it
            raise sqlite3.DatabaseError("It is damaged.") from None


def answers(path: Path, *queries: str) -> bool:
    """Whether a file is a database with the tables and columns of these queries. Raises OSError."""
    try:
        with opened(path) as connection:
            for query in queries:
                connection.execute(query).fetchone()
    except (sqlite3.Error, UnreadableFile):
        return False
    return True


def _is_at_rest(path: Path) -> bool:
    """Whether a database that is written through a log has none: all of it is in the one file."""
    if path.with_name(path.name + _WAL).exists():
        return False
    with open_regular(path) as file:
        header = file.read(20)
    return header.startswith(b"SQLite format 3\0") and header[18:] == _WRITTEN_THROUGH_LOG


def _facts(path: Path) -> list[list[int]]:
    """Size and time of a database and of its log."""
    log = path.with_name(path.name + _WAL)
    stats = [path.stat()] + ([log.stat()] if log.exists() else [])
    return [[stat.st_size, stat.st_mtime_ns] for stat in stats]


def has_table(connection: sqlite3.Connection, name: str) -> bool:
    found = connection.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (name,))
    return found.fetchone() is not None


def columns_of(connection: sqlite3.Connection, table: str) -> set[str]:
    """The names of a table's columns; none if there is no such table."""
    return {row[0] for row in connection.execute("SELECT name FROM pragma_table_info(?)", (table,))}


def value_of(
    connection: sqlite3.Connection,
    table: str,
    key: str,
    columns: tuple[str, str] = ("key", "value"),
) -> bytes | None:
    """The bytes of a value; None if there is none, or it is too large to be one of a text."""
    name, value = columns
    row = connection.execute(
        f"SELECT CASE WHEN length({value}) <= ? THEN {value} END FROM {table} WHERE {name} = ?",
        (LARGEST_VALUE, key),
    ).fetchone()
    found = row[0] if row else None
    if isinstance(found, str):
        return found.encode("utf-8", "replace")
    return found if isinstance(found, bytes) else None
