"""The values in databases of keys and values, read one at a time."""

from __future__ import annotations

import hashlib
import sqlite3
from contextlib import suppress
from typing import Any

from aiana.capture.decoding import loads

NAME, TITLE = "cursor", "Cursor"
LARGEST_VALUE = 32 << 20
"""Bytes of the largest value that is read."""
DOCUMENT, BUBBLE, BLOB = "composerData:", "bubbleId:", "agentKv:blob:"
"""How the keys of the editor's database begin."""


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


def key_range(prefix: str) -> tuple[str, str]:
    """The keys that begin so: from this one to that one."""
    return prefix, prefix[:-1] + chr(ord(prefix[-1]) + 1)


def has_table(connection: sqlite3.Connection, name: str) -> bool:
    found = connection.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (name,))
    return found.fetchone() is not None


def json_of(data: bytes | None) -> Any:
    if data is None:
        return None
    with suppress(ValueError):
        return loads(data)
    return None


def digest_of(data: bytes | None) -> str:
    return hashlib.blake2b(data or b"", digest_size=8).hexdigest()
