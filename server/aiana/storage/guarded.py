"""SQLite connections that let no secret pass: every text that a statement carries is redacted.

The stores clean what they are given; this is what makes it hard to store anything around them. It
holds for lookups too, so that an id or a path that holds a secret still finds its row.
"""

from __future__ import annotations

import sqlite3
import sys
import time
from collections.abc import Iterable
from typing import Any

from aiana.redaction.plain import is_plain
from aiana.storage.rows import storable

_PAUSE_S = 0.005
_RULES = "aiana.redaction.redact"


class Admitted(str):
    """A text that has been through the door, and need not be looked at again."""

    __slots__ = ()


class AdmittedRow(tuple[Any, ...]):
    """Values that have all been through the door, of which UTF-8 can hold each."""

    __slots__ = ()


class GuardedCursor(sqlite3.Cursor):
    """Statements whose texts are redacted, and hold nothing that UTF-8 cannot."""

    def execute(self, sql: str, parameters: Any = (), /) -> GuardedCursor:
        super().execute(sql, _guarded(parameters))
        return self

    def executemany(self, sql: str, parameters: Iterable[Any], /) -> GuardedCursor:
        super().executemany(sql, map(_guarded, parameters))
        return self


class GuardedConnection(sqlite3.Connection):
    """Give it to `sqlite3.connect` as its `factory`."""

    def cursor(self, factory: Any = GuardedCursor) -> Any:
        return super().cursor(factory)

    def execute(self, sql: str, parameters: Any = (), /) -> GuardedCursor:
        return self.cursor().execute(sql, parameters)  # type: ignore[no-any-return]

    def executemany(self, sql: str, parameters: Iterable[Any], /) -> GuardedCursor:
        return self.cursor().executemany(sql, parameters)  # type: ignore[no-any-return]


def write_ahead(connection: sqlite3.Connection, wait_s: float) -> None:
    """Have a database keep its changes in a log, which lets others read while one writes.

    Waits up to `wait_s` for others who open it: where two make this change at the same time,
    SQLite does not wait by itself. Raises sqlite3.OperationalError.
    """
    until = time.monotonic() + wait_s
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(_PAUSE_S)
        else:
            return


def _guarded(parameters: Any) -> Any:
    if type(parameters) is AdmittedRow or not parameters:
        return parameters
    if isinstance(parameters, dict):
        return {name: guarded(value) for name, value in parameters.items()}
    return [guarded(value) for value in parameters]


def guarded(value: Any) -> Any:
    """A value as it may be stored."""
    if type(value) is not str:
        return str(value) if type(value) is Admitted else value
    # Once the rules are there, they tell it sooner than a glance does.
    if value and (_RULES in sys.modules or not is_plain(value)):
        from aiana.redaction.redact import redact, redact_json

        value = (redact_json if value[0] in "{[" else redact)(value)[0]
    return storable(value)
