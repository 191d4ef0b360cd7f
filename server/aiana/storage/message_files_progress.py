"""How far it is known which files the stored messages touched."""

from __future__ import annotations

import json
import sqlite3

VERSION = 3
"""Of the rules: what was told by older ones is told anew in the background."""
FACT = "message_files"


def begin(connection: sqlite3.Connection) -> None:
    """Note where the background work begins and ends: what is stored later is told at once."""
    if connection.execute("SELECT 1 FROM facts WHERE name = ?", (FACT,)).fetchone() is None:
        note_progress(connection, *progress(connection))


def progress(connection: sqlite3.Connection) -> tuple[int, int]:
    """The last message that was looked at, and the last one that has to be."""
    row = connection.execute("SELECT value FROM facts WHERE name = ?", (FACT,)).fetchone()
    if row is not None:
        known = json.loads(row[0])
        if known["version"] == VERSION:
            return known["key"], known["upto"]
    (upto,) = connection.execute("SELECT coalesce(max(key), 0) FROM messages").fetchone()
    return 0, upto


def note_progress(connection: sqlite3.Connection, key: int, upto: int) -> None:
    value = json.dumps({"version": VERSION, "key": key, "upto": upto})
    connection.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (FACT, value))
