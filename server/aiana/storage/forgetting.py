"""Forgetting for good: not a word of what was deleted stays in a file of the data folder.

Deleting a row leaves its words in the segments of the full-text index, in the log and in backups,
and what capture remembers of a transcript may quote it.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from aiana.errors import AianaError
from aiana.private import files_in, remove
from aiana.storage.backups import TURN_S, turn
from aiana.storage.copying import remove_copy
from aiana.storage.database import INDEX, Database
from aiana.storage.forgotten import forget_session
from aiana.storage.pending_scrubs import owed, settle
from aiana.storage.rows import Forgotten
from aiana.storage.text_index_levels import lower_levels

logger = logging.getLogger(__name__)

_WORD = re.compile(r"\w{6,}")
_MOST_WORDS = 2000
"""Of a deleted text that are looked up; one that has more is taken to have some of its own."""
MOST_PROBES = 3
"""Words that are looked for in the files."""
_SHORTEST_PROBE = 4
"""Bytes; shorter ones occur by chance."""
_MERGE_PAGES = 500
"""Of the full-text index, merged in one step, so that others can write in between."""
_LOG_WAIT_S = 2.0
"""What emptying the log waits for those who read just now."""
_LEFT_OUT = {"models"}
_BLOCK = 4 << 20

_kept_open: dict[tuple[int, int], int] = {}
"""Closing a database would take away the locks that SQLite has on it in this process."""
_reading = threading.Lock()


def scrub(database: Database, forgotten: Forgotten) -> list[Path]:
    """Take the words of what was deleted out of every file; returns those that still hold some.

    That is so where something that is kept says the same word, or where another program reads the
    log all the time. What cannot be done just now is done later, since the deletion is.
    """
    try:
        left = _scrub(database, forgotten)
        settle(database, forgotten)
    except AianaError as error:
        logger.warning("What was forgotten is taken out of all files later: %s", error)
        return [database.path, *files_in(database.path.parent / "backups", "*.db")]
    return left


def scrub_owed(database: Database) -> None:
    """Do what processes left that ended too early, or had no room."""
    left = owed(database)
    if not left:
        return
    try:
        rewrite_backups(database, lambda copy: sum(_forget_rows(copy, each) for each in left))
        purge(database, [])
        for each in left:
            settle(database, each)
    except AianaError as error:
        logger.warning("What was forgotten is taken out of all files later: %s", error)


def _scrub(database: Database, forgotten: Forgotten) -> list[Path]:
    rewrite_backups(database, lambda copy: _forget_rows(copy, forgotten))
    words = _own_words(database, forgotten.texts)
    if words is None or words:
        _merge_text_index(database)
    sought = _own_words(database, [forgotten.sought]) or ()
    return _purged(database, words or _words(forgotten.texts), sought)


def scrub_changed(database: Database, old: Sequence[str]) -> list[Path]:
    """The same for texts that were changed; backups keep what stood there before.

    Costs little where no word has gone.
    """
    words = _own_words(database, old)
    if words is not None and not words:
        return _wipe_vectors(database)
    return purge(database, words or _words(old))


def purge(database: Database, words: Iterable[str]) -> list[Path]:
    """The same for words that no text holds any more since it was changed."""
    _merge_text_index(database)
    return _purged(database, words)


def _purged(database: Database, words: Iterable[str], sought: Iterable[str] = ()) -> list[Path]:
    left = _wipe_vectors(database)
    _empty_log(database)
    # What it was found by may stand where no search looks: in a branch's name, in a path.
    probes = list(dict.fromkeys([*_probes(database, sought), *_probes(database, words)]))
    if not probes:
        return []
    found = _holding(database.path.parent, probes)
    if database.path in found:
        # Pages that were freed before Aiana had them overwritten.
        with database.maintaining() as connection:
            connection.execute("PRAGMA temp_store = FILE")
            try:
                connection.execute("VACUUM")
            finally:
                connection.execute("PRAGMA temp_store = MEMORY")
        _empty_log(database)
        found = _holding(database.path.parent, probes)
    for path in [path for path in found if path.suffix == ".log"]:
        remove(path)
        found.remove(path)
    return [*found, *left]


def _wipe_vectors(database: Database) -> list[Path]:
    """Take vectors that are gone out of the files that processes share."""
    # numpy takes as long to import as all the rest of forgetting a memory.
    if not files_in(database.path.parent / INDEX, "*"):
        return []
    from aiana.storage.index_files import wipe

    return wipe(database)


def _probes(database: Database, words: Iterable[str]) -> list[str]:
    """Words that would prove something: short ones, and those of the schema, stand anywhere."""
    with database.reading() as connection:
        (schema,) = connection.execute("SELECT group_concat(sql) FROM sqlite_schema").fetchone()
    schema = schema.lower()
    telling = [w for w in words if len(w.encode("utf-8", "replace")) >= _SHORTEST_PROBE]
    own = (word for word in telling if word.lower() not in schema)
    return sorted(own, key=len, reverse=True)[:MOST_PROBES]


def _words(texts: Iterable[str]) -> set[str]:
    return {word for text in texts for word in _WORD.findall(text)}


def _own_words(database: Database, texts: Sequence[str]) -> set[str] | None:
    """The words that no text has any more; None if there are too many to look each up."""
    own: set[str] = set()
    words = {word for text in texts for word in re.findall(r"\w+", text)}
    if len(words) > _MOST_WORDS:
        return None
    with database.reading() as connection:
        for word in words:
            known = connection.execute(
                "SELECT 1 FROM messages_fts WHERE messages_fts MATCH ? LIMIT 1", (f'"{word}"',)
            ).fetchone()
            if known is None:
                own.add(word)
    return own


def _merge_text_index(database: Database) -> None:
    """Merge its segments into one: only then are the words gone that no text has any more."""
    pages = -_MERGE_PAGES  # Below zero begins with all segments.
    while True:
        with database.writing() as connection:
            before = connection.total_changes
            connection.execute(
                "INSERT INTO messages_fts(messages_fts, rank) VALUES ('merge', ?)", (pages,)
            )
            if connection.total_changes - before < 2:
                lower_levels(connection)
                return
        pages = _MERGE_PAGES


def _empty_log(database: Database) -> None:
    deadline = time.monotonic() + _LOG_WAIT_S
    log = database.path.with_name(database.path.name + "-wal")
    while True:
        database.checkpoint()
        with contextlib.suppress(OSError):
            if log.stat().st_size and time.monotonic() < deadline:
                continue
        return


def rewrite_backups(database: Database, change: Callable[[sqlite3.Connection], object]) -> None:
    """Change the copies of the database, and leave nothing in them of what was there before.

    `change` says whether it changed anything. A copy that cannot be changed is removed.
    """
    folder = database.path.parent / "backups"
    if not folder.exists():
        return
    with turn(database.path):
        for path in files_in(folder, "*.db"):
            rewrite_backup(path, change)


def rewrite_backup(path: Path, change: Callable[[sqlite3.Connection], object]) -> None:
    """The same for one of them, by whoever has the turn."""
    try:
        with contextlib.closing(
            sqlite3.connect(path, timeout=TURN_S, isolation_level=None)
        ) as connection:
            connection.execute("PRAGMA secure_delete = ON")
            connection.execute("BEGIN IMMEDIATE")
            lower_levels(connection)
            changed = change(connection)
            if changed:
                connection.execute("INSERT INTO messages_fts(messages_fts) VALUES ('optimize')")
                lower_levels(connection)
            connection.execute("COMMIT")
            if changed:
                connection.execute("VACUUM")
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except sqlite3.Error as error:
        logger.warning("The backup %s is removed: it cannot be changed (%s)", path, error)
        remove_copy(path)


def _forget_rows(connection: sqlite3.Connection, forgotten: Forgotten) -> bool:
    changed = False
    for source, id in forgotten.sessions:
        row = connection.execute(
            "SELECT key FROM sessions WHERE id = ? AND source = ?", (id, source)
        ).fetchone()
        if row is not None:
            forget_session(connection, row[0], id, source)
            changed = True
    for source, session, message in forgotten.messages:
        row = connection.execute(
            "SELECT key FROM sessions WHERE id = ? AND source = ?", (session, source)
        ).fetchone()
        if row is not None:
            changed |= _forget_message(connection, row[0], message)
    for table, ids in (("memories", forgotten.memories), ("preferences", forgotten.preferences)):
        for id in ids:
            changed |= bool(connection.execute(f"DELETE FROM {table} WHERE id = ?", (id,)).rowcount)
    return changed


def _forget_message(connection: sqlite3.Connection, session: int, message: str) -> bool:
    """Delete a message, and what was made of it; the schema may be an older one."""
    deleted = connection.execute(
        "DELETE FROM messages WHERE session_key = ? AND id = ?", (session, message)
    ).rowcount
    if deleted:
        connection.execute("DELETE FROM chunks WHERE session_key = ?", (session,))
        connection.execute(
            "UPDATE sessions SET title = NULL, title_rank = 0, summary = NULL, dirty_from = 0 "
            "WHERE key = ?",
            (session,),
        )
    return bool(deleted)


def _holding(home: Path, words: Sequence[str]) -> list[Path]:
    """The files of the data folder in which one of the words stands."""
    wanted = [word.encode("utf-8", "replace") for word in words]
    return [path for path in _files(home) if wanted and _holds(path, wanted)]


def _files(home: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(home):
        if Path(folder) == home:
            folders[:] = [name for name in folders if name not in _LEFT_OUT]
        for name in names:
            path = Path(folder, name)
            # The index of a log holds no words, but the locks of all who use the database, which
            # whoever opens and closes it takes away from their own process.
            if name.endswith("-shm"):
                continue
            if path.is_file() and not path.is_symlink():
                yield path


def _holds(path: Path, words: Sequence[bytes]) -> bool:
    overlap = max(map(len, words)) - 1
    with _reading:
        try:
            descriptor = _opened(path)
        except OSError:
            return False
        try:
            block = b""
            os.lseek(descriptor, 0, os.SEEK_SET)
            while read := os.read(descriptor, _BLOCK):
                block = block[-overlap:] + read
                if any(word in block for word in words):
                    return True
            return False
        finally:
            if descriptor not in _kept_open.values():
                os.close(descriptor)


def _opened(path: Path) -> int:
    """A descriptor for reading; that of a database is shared, and stays open."""
    status = path.stat()
    place = (status.st_dev, status.st_ino)
    if place in _kept_open:
        return _kept_open[place]
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    descriptor = os.open(path, flags)
    if path.suffix == ".db" and path.parent.name != "backups":
        _kept_open[place] = descriptor
    return descriptor
