"""Whether all that a database ever held and lost was overwritten where it stood.

One that was made before Aiana had SQLite do so may have words of long ago in pages and parts of
pages that are free, until it is written anew as a whole.
"""

from __future__ import annotations

import sqlite3

_FACT = "overwritten"


def note_overwritten(connection: sqlite3.Connection) -> None:
    """It was, from now on. The schema may be one that keeps no facts."""
    if connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'facts'").fetchone():
        connection.execute("INSERT OR REPLACE INTO facts VALUES (?, '')", (_FACT,))


def is_overwritten(connection: sqlite3.Connection) -> bool:
    """Whether it was. The schema may be one that keeps no facts."""
    if not connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'facts'").fetchone():
        return False
    row = connection.execute("SELECT 1 FROM facts WHERE name = ?", (_FACT,)).fetchone()
    return row is not None
