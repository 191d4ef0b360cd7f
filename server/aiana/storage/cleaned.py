"""How far the rules of redaction have been applied to what was stored before them."""

from __future__ import annotations

import json
import sqlite3

from msgspec import Struct

from aiana.redaction.redact import RULES

FACT = "redaction"
"""Under this name the table of facts holds a `Cleaned`."""


class Cleaned(Struct, kw_only=True):
    """How far what is stored has been looked at."""

    rules: int = 0
    """The version of the rules."""
    table: str | None = ""
    """That is being looked at; None when all have been."""
    rowid: int = 0
    """The last one of it that has been looked at."""
    removed: int = 0
    """Secrets that were taken out, by all versions together."""

    @property
    def is_done(self) -> bool:
        return self.rules >= RULES and self.table is None


def cleaned_so_far(connection: sqlite3.Connection) -> Cleaned:
    """How far the rules of now have been applied to what is stored."""
    row = connection.execute("SELECT value FROM facts WHERE name = ?", (FACT,)).fetchone()
    known = Cleaned(**json.loads(row[0])) if row else Cleaned()
    return known if known.rules >= RULES else Cleaned(rules=RULES, removed=known.removed)


def note_cleaned(connection: sqlite3.Connection, reached: Cleaned) -> None:
    value = json.dumps({name: getattr(reached, name) for name in reached.__struct_fields__})
    connection.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (FACT, value))
