"""What was forgotten stays forgotten in a backup of before that is put back."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from aiana.storage.filters import marks
from aiana.storage.forgotten import Tombstones, take_keys
from aiana.storage.pending_scrubs import carry_owed
from aiana.storage.rows import MESSAGE_COLUMNS, message_of
from aiana.storage.sqlite import AianaStorage

_KINDS = ("session", "memory", "preference", "transcript")
"""Of tombstones; the others say what was not stored since settings exclude it."""
_FIRST_WITH_KEYS = 13
"""Version of the schema."""


class _Damaged(Exception):
    """What is replaced cannot be asked."""


class _Known:
    """A database that is only asked. Raises _Damaged."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)

    def __call__(self, query: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        try:
            return self._connection.execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise _Damaged from error

    def close(self) -> None:
        self._connection.close()


class Carried(Struct, frozen=True, kw_only=True, rename="camel"):
    """What a backup still had of that which was forgotten since, and has no more."""

    sessions: int = 0
    messages: int = 0
    memories: int = 0
    preferences: int = 0

    @property
    def things(self) -> int:
        return self.sessions + self.messages + self.memories + self.preferences


def carry_forgotten(replaced: Path, restored: Path) -> Carried | None:
    """Forget in a copy that is to be restored what was forgotten in what it replaces.

    It is brought to the newest version of the schema. Returns None if what it replaces is too
    damaged to be asked. Raises StorageUnavailable if the copy cannot be changed.
    """
    if not replaced.exists():
        return Carried()
    with contextlib.closing(_Known(replaced)) as known:
        try:
            [(version,)] = known("PRAGMA user_version")
            if not version:
                return Carried()
            with AianaStorage(restored) as storage:
                return _carried(known, version, storage)
        except _Damaged:
            return None


def _carried(known: _Known, version: int, storage: AianaStorage) -> Carried:
    with storage.database.writing() as connection:
        new = _tombstones(known, connection)
        if version >= _FIRST_WITH_KEYS:
            new += _hashes(known, connection)
            carry_owed(known("SELECT name, value FROM facts"), connection)
        if not new:
            return Carried()
        sessions = _gone_sessions(known, connection)
        messages = list(_gone_messages(known, connection, {*sessions}))
        memories = _gone_memories(known, connection)
        preferences = storage.preferences.forget(connection, _gone_preferences(known, connection))
        carried = Carried(preferences=len(preferences.preferences))
        if not (sessions or messages or memories):
            return carried
        erased = storage.eraser.erase_keys(connection, sessions, messages, memories)
    return replace(
        carried,
        sessions=len(erased.sessions),
        messages=len(erased.rows.forgotten.messages),
        memories=len(erased.memories),
    )


def _tombstones(known: _Known, connection: sqlite3.Connection) -> int:
    """Note what is known by name; returns how many are new."""
    rows = known(
        f"SELECT kind, source, id, deleted_at FROM tombstones WHERE kind IN ({marks(_KINDS)})",
        _KINDS,
    )
    before = connection.total_changes
    connection.executemany("INSERT OR IGNORE INTO tombstones VALUES (?, ?, ?, ?)", rows)
    return connection.total_changes - before


def _hashes(known: _Known, connection: sqlite3.Connection) -> int:
    """Note what is known by hash, and the key without which no hash says anything."""
    rows = known("SELECT hash, at FROM forgotten")
    if not rows:
        return 0
    take_keys(known("SELECT name, value FROM facts"), connection)
    before = connection.execute("SELECT count(*) FROM forgotten").fetchone()[0]
    connection.executemany(
        "INSERT INTO forgotten (hash, at) VALUES (?, ?) "
        "ON CONFLICT DO UPDATE SET at = max(at, excluded.at)",
        rows,
    )
    after = connection.execute("SELECT count(*) FROM forgotten").fetchone()[0]
    return int(after - before)


def _gone_sessions(known: _Known, connection: sqlite3.Connection) -> list[int]:
    rows = connection.execute(
        "SELECT s.key, s.id, s.source FROM tombstones t "
        "JOIN sessions s ON s.id = t.id AND s.source = t.source WHERE t.kind = 'session'"
    ).fetchall()
    there = "SELECT 1 FROM sessions WHERE id = ? AND source = ?"
    return [key for key, *named in rows if not known(there, named)]


def _gone_messages(known: _Known, connection: sqlite3.Connection, gone: set[int]) -> Iterator[int]:
    """Of sessions that stay, as if what is not there any more were imported now."""
    tombstones = Tombstones(connection)
    sessions = connection.execute("SELECT key, id, source FROM sessions").fetchall()
    for key, id, source in sessions:
        if key in gone:
            continue
        still = {
            message
            for (message,) in known(
                "SELECT m.id FROM messages m JOIN sessions s ON s.key = m.session_key "
                "WHERE s.id = ? AND s.source = ?",
                (id, source),
            )
        }
        rows = connection.execute(
            f"SELECT m.key, {MESSAGE_COLUMNS} FROM messages m "
            "JOIN sessions s ON s.key = m.session_key WHERE m.session_key = ? "
            "ORDER BY m.position, m.key",
            (key,),
        ).fetchall()
        missing = [(row[0], message_of(row[1:])) for row in rows if row[1] not in still]
        forgotten = tombstones.among(source, [message for _, message in missing])
        yield from (number for number, message in missing if message.id in forgotten)


def _gone_memories(known: _Known, connection: sqlite3.Connection) -> list[int]:
    tombstones = Tombstones(connection)
    rows = connection.execute("SELECT key, id, content, content_hash FROM memories").fetchall()
    named = {id for (id,) in connection.execute("SELECT id FROM tombstones WHERE kind = 'memory'")}
    return [
        key
        for key, id, content, hash in rows
        # What was kept again since has another id.
        if not known("SELECT 1 FROM memories WHERE id = ? OR content_hash = ?", (id, hash))
        and (id in named or tombstones.holds_text(content))
    ]


def _gone_preferences(known: _Known, connection: sqlite3.Connection) -> list[str]:
    tombstones = Tombstones(connection)
    rows = connection.execute("SELECT id, text FROM preferences").fetchall()
    return [
        id
        for id, text in rows
        if not known("SELECT 1 FROM preferences WHERE id = ? OR text = ?", (id, text))
        and tombstones.holds_preference(id, text)
    ]
