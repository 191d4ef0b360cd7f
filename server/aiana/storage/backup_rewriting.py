"""Takes what was deleted out of the copies of the database, as out of the database itself."""

from __future__ import annotations

import contextlib
import logging
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path

from aiana.models import Progress
from aiana.private import files_in
from aiana.storage.backups import TURN_S, turn
from aiana.storage.copying import remove_copy
from aiana.storage.database import Database
from aiana.storage.forgotten import drop_empty_projects, forget_session
from aiana.storage.overwriting import is_overwritten, note_overwritten
from aiana.storage.pending_scrubs import Owed, settled_in
from aiana.storage.rows import Forgotten
from aiana.storage.text_index_levels import lower_levels
from aiana.storage.text_index_pages import take_out, words_of

logger = logging.getLogger(__name__)

Change = Callable[[sqlite3.Connection], list[str] | None]
"""Changes a copy; returns the words of its index that may have gone, or None if that is unknown."""


def backups_of(database: Database) -> list[Path]:
    """The copies in the data folder."""
    return files_in(database.path.parent / "backups", "*.db")


def rewrite_backups(
    database: Database,
    change: Change,
    turn_s: float = TURN_S,
    report: Progress | None = None,
) -> bool:
    """Change the copies of the database, and leave nothing in them of what was there before.

    A copy that cannot be changed is removed. Returns False, without having done anything, if
    another process makes or changes backups for longer than `turn_s`.
    """
    if not (database.path.parent / "backups").exists():
        return True
    with turn(database.path, turn_s) as mine:
        if not mine:
            return False
        paths = backups_of(database)
        for n, path in enumerate(paths):
            if report is not None:
                report(n, len(paths), path.name)
            rewrite_backup(path, change)
    return True


def rewrite_backup(path: Path, change: Change) -> None:
    """The same for one of them, by whoever has the turn."""
    try:
        with contextlib.closing(
            sqlite3.connect(path, timeout=TURN_S, isolation_level=None)
        ) as connection:
            connection.execute("PRAGMA secure_delete = ON")
            connection.execute("BEGIN IMMEDIATE")
            lower_levels(connection)
            gone = change(connection)
            connection.execute("COMMIT")
            if gone == []:
                return
            if gone and is_overwritten(connection) and _take_out(connection, gone):
                return
            connection.execute("INSERT INTO messages_fts(messages_fts) VALUES ('optimize')")
            lower_levels(connection)
            connection.execute("VACUUM")
            note_overwritten(connection)
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except sqlite3.Error as error:
        logger.warning("The backup %s is removed: it cannot be changed (%s)", path, error)
        remove_copy(path)


def _take_out(connection: sqlite3.Connection, words: list[str]) -> bool:
    connection.execute("BEGIN IMMEDIATE")
    done = take_out(connection, words)
    connection.execute("COMMIT" if done else "ROLLBACK")
    return done


def forget_rows(connection: sqlite3.Connection, owed: Sequence[Owed]) -> list[str] | None:
    """Delete in a copy, whose schema may be an older one, what was deleted.

    Returns the words of its index that may have gone with it, or None if they are not known.
    """
    gone = Forgotten()
    words: list[str] | None = []
    for each in owed:
        _forget(connection, each, gone)
        # What it owed itself, when it was copied, is not owed any more.
        for known in settled_in(connection, each.name):
            words = None if words is None or known is None else words + known
    drop_empty_projects(connection)
    if words is None or not gone.texts:
        return words
    return words + words_of(gone.texts)


def _forget(connection: sqlite3.Connection, owed: Owed, gone: Forgotten) -> None:
    for source, id in owed.sessions:
        if (key := _session(connection, source, id)) is not None:
            forget_session(connection, key, id, source, gone)
            gone.texts.append(id)
    for source, session, message in owed.messages:
        if (key := _session(connection, source, session)) is not None:
            gone.texts.extend(_forget_message(connection, key, message))
    for table, column, ids in (
        ("memories", "content || ' ' || identifiers", owed.memories),
        ("preferences", "text", owed.preferences),
    ):
        for id in ids:
            rows = connection.execute(f"SELECT {column} FROM {table} WHERE id = ?", (id,))
            gone.texts.extend(text for (text,) in rows.fetchall())
            connection.execute(f"DELETE FROM {table} WHERE id = ?", (id,))


def _session(connection: sqlite3.Connection, source: str, id: str) -> int | None:
    row = connection.execute(
        "SELECT key FROM sessions WHERE id = ? AND source = ?", (id, source)
    ).fetchone()
    return None if row is None else int(row[0])


def _forget_message(connection: sqlite3.Connection, session: int, message: str) -> list[str]:
    """Delete a message, and what was made of it."""
    row = connection.execute(
        "SELECT content, identifiers FROM messages WHERE session_key = ? AND id = ?",
        (session, message),
    ).fetchone()
    if row is None:
        return []
    connection.execute("DELETE FROM messages WHERE session_key = ? AND id = ?", (session, message))
    connection.execute("DELETE FROM chunks WHERE session_key = ?", (session,))
    connection.execute(
        "UPDATE sessions SET title = NULL, title_rank = 0, summary = NULL, dirty_from = 0 "
        "WHERE key = ?",
        (session,),
    )
    return [*row, message]
