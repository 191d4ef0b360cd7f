"""Secrets in what is stored already: an older Aiana, whose rules knew fewer, let them through.

Every text of every table is looked at once for each version of the rules, in batches that can be
left at any time and are gone on with by whichever process comes next.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator
from heapq import nlargest
from pathlib import Path
from typing import Any

from aiana.models import Message
from aiana.private import files_in, remove
from aiana.redaction.door import admit
from aiana.redaction.redact import RULES, redact, redact_json
from aiana.storage.backup_rewriting import rewrite_backups
from aiana.storage.cleaned import Cleaned, cleaned_so_far, note_cleaned
from aiana.storage.database import Database
from aiana.storage.forgetting import MOST_PROBES, purge
from aiana.storage.guarded import Admitted
from aiana.storage.identifiers import derived_words
from aiana.storage.rows import bump_revision, content_hash

BATCH_CHARS = 1_000_000
BATCH_ROWS = 500
_LEFT_OUT = ("facts", "revisions", "outbox")
"""Tables that hold no text that came from outside."""
_WORD = re.compile(r"\w{6,}")
_NAMES_SESSION = {"messages": "session_key", "chunks": "session_key", "sessions": "key"}


def clean_store(
    database: Database, cancelled: Callable[[], bool], pages: Path | None = None
) -> int:
    """Take the secrets out of everything that is stored; returns how many there were.

    Changed texts are found by their new words, and their chunks are made anew. `pages` is a folder
    of rendered texts, which go if anything was changed. Raises StorageUnavailable.
    """
    removed = 0
    traces: set[str] = set()
    while not cancelled():
        with database.reading_everything() as connection:
            reached = cleaned_so_far(connection)
            if reached.is_done:
                return removed
            found = _next_batch(connection, reached)
        if found is None:
            if reached.removed and not _clean_copies(database, traces, pages):
                return removed  # Another process makes backups; this is gone on with later.
            with database.writing() as connection:
                note_cleaned(connection, Cleaned(rules=RULES, table=None, removed=reached.removed))
            return removed
        table, last, keys = found
        with database.writing() as connection:
            if cleaned_so_far(connection) != reached:
                continue  # Another process was faster.
            n = sum(_clean_row(connection, table, key, traces) for key in keys)
            total = reached.removed + n
            note_cleaned(connection, Cleaned(rules=RULES, table=table, rowid=last, removed=total))
        removed += n
        traces = set(nlargest(MOST_PROBES, traces, key=len))
    return removed


def _next_batch(
    connection: sqlite3.Connection, reached: Cleaned
) -> tuple[str, int, list[int]] | None:
    """A table, the last row that was looked at, and those that hold secrets; None after all."""
    for table in _tables(connection):
        if table < (reached.table or ""):
            continue
        after = reached.rowid if table == reached.table else 0
        last, chars, keys = None, 0, []
        rows = connection.execute(
            f'SELECT rowid AS "rowid of it", * FROM "{table}" WHERE rowid > ? '
            "ORDER BY rowid LIMIT ?",
            (after, BATCH_ROWS),
        )
        names = [column[0] for column in rows.description]
        for row in rows:
            last = row[0]
            if _cleaned(table, dict(zip(names[1:], row[1:], strict=True)))[1]:
                keys.append(last)
            chars += sum(len(value) for value in row if isinstance(value, str))
            if chars > BATCH_CHARS:
                break
        if last is not None:
            return table, last, keys
    return None


def _tables(connection: sqlite3.Connection) -> list[str]:
    """The tables that hold texts, by name; those of the full-text index follow them."""
    rows = connection.execute(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%' "
        "AND sql NOT LIKE '%WITHOUT ROWID' AND name NOT LIKE 'messages~_fts~_%' ESCAPE '~' "
        "AND name NOT LIKE 'sqlite~_%' ESCAPE '~' ORDER BY name"
    )
    return [name for (name,) in rows if name not in _LEFT_OUT]


def _cleaned(table: str, row: dict[str, Any]) -> tuple[dict[str, Any], int]:
    """The columns of a row that hold secrets, without them, and how many there were."""
    changes: dict[str, Any] = {}
    total = 0
    if table == "messages":
        # Together: the arguments of a tool stand in the content without their names.
        both = {name: row[name] for name in ("content", "tool_input")}
        message, total = admit(Message(id="", session_id="", type="user", timestamp="", **both))
        changes = {name: getattr(message, name) for name in both} if total else {}
        row = {name: value for name, value in row.items() if name not in both}
    for name, value in row.items():
        if isinstance(value, str) and value and name != "identifiers":
            clean, n = (redact_json if value[0] in "{[" else redact)(value)
            if n:
                changes[name] = clean
                total += n
    return changes, total


def _clean_row(connection: sqlite3.Connection, table: str, key: int, traces: set[str]) -> int:
    cursor = connection.execute(f'SELECT * FROM "{table}" WHERE rowid = ?', (key,))
    names = [column[0] for column in cursor.description]
    values = cursor.fetchone()
    if values is None:
        return 0
    row = dict(zip(names, values, strict=True))
    changes, n = _cleaned(table, row)
    if not n:
        return 0
    for name, new in changes.items():
        traces.update(set(_WORD.findall(row[name] or "")) - set(_WORD.findall(new or "")))
    if "identifiers" in row:
        parts = row.get("type") != "tool_result"
        content = str(changes.get("content", row["content"]))
        changes["identifiers"] = derived_words(content, parts=parts)
    if "content_hash" in row and "content" in changes:
        changes["content_hash"] = content_hash(changes["content"])
    _store(connection, table, key, changes)
    if table in _NAMES_SESSION:
        session = row[_NAMES_SESSION[table]]
        connection.execute("DELETE FROM chunks WHERE session_key = ?", (session,))
        (project,) = connection.execute(
            "UPDATE sessions SET dirty_from = 0 WHERE key = ? RETURNING project_key", (session,)
        ).fetchone()
        bump_revision(connection, "sessions", project)
    elif table in ("memories", "preferences"):
        bump_revision(connection, table, row.get("project_key", 0))
    return n


def _store(connection: sqlite3.Connection, table: str, key: int, changes: dict[str, Any]) -> None:
    columns = ", ".join(f'"{name}" = ?' for name in changes)
    # They have been through the door.
    values = [_admitted(value) for value in changes.values()]
    statement = f'UPDATE "{table}" SET {columns} WHERE rowid = ?'
    try:
        connection.execute(statement, (*values, key))
    except sqlite3.IntegrityError:
        # Two names that differed in their secrets alone: neither row may be lost.
        marked = [f"{value} ({key})" if isinstance(value, str) else value for value in values]
        connection.execute(statement, (*map(_admitted, marked), key))


def _admitted(value: Any) -> Any:
    return Admitted(value) if isinstance(value, str) else value


def _clean_copies(database: Database, traces: set[str], pages: Path | None) -> bool:
    """Where else the texts stood: backups, pages, free space, and the log; whether all is clean."""
    if not rewrite_backups(database, lambda copy: None if _clean_all(copy) else []):
        return False
    for page in files_in(pages, "*") if pages is not None else ():
        remove(page)
    purge(database, sorted(traces))
    return True


def _clean_all(connection: sqlite3.Connection) -> int:
    """Clean a copy of the database, whichever version; how many texts were changed."""
    return sum(
        _clean_row(connection, table, key, set())
        for table, keys in list(_dirty_rows(connection))
        for key in keys
    )


def _dirty_rows(connection: sqlite3.Connection) -> Iterator[tuple[str, list[int]]]:
    reached = Cleaned()
    while found := _next_batch(connection, reached):
        table, last, keys = found
        yield table, keys
        reached = Cleaned(table=table, rowid=last)
