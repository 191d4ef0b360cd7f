"""Hides what the settings exclude from everything that reads the database.

A connection that reads has views in place of the tables, which leave out what is excluded: no
statement has to think of it, and none can forget to. One that writes has but the keys.
"""

from __future__ import annotations

import sqlite3

from aiana.errors import Excluded
from aiana.exclusions import Exclusions
from aiana.paths import SETTINGS_FILE

EDITORS = "excluded by "
"""Beginning of the names of facts: what an editor's settings exclude holds for all processes."""
OF_EXCLUDED = "excluded "
"""Beginning of the kind of tombstones that name a session of which nothing was stored; then the
fingerprint of the rules."""

_TABLES = """
CREATE TEMP TABLE IF NOT EXISTS hidden_sessions (key INTEGER PRIMARY KEY);
CREATE TEMP TABLE IF NOT EXISTS hidden_memories (key INTEGER PRIMARY KEY);
"""
_BY_SESSION = "session_key NOT IN (SELECT key FROM temp.hidden_sessions)"
_BY_KEY = "key NOT IN (SELECT key FROM temp.hidden_{table})"
_VIEWS = {
    "sessions": _BY_KEY.format(table="sessions"),
    "memories": _BY_KEY.format(table="memories"),
    "messages": _BY_SESSION,
    "chunks": _BY_SESSION,
    "message_files": _BY_SESSION,
    "message_refs": _BY_SESSION,
}
VISIBLE_SESSION = _VIEWS["sessions"]
VISIBLE_MEMORY = _VIEWS["memories"]
"""What a connection that writes says of rows that it may touch."""


def prepare(connection: sqlite3.Connection) -> None:
    """Make room for the keys of what is hidden; nothing is, so far."""
    for statement in _TABLES.strip().split("\n"):
        connection.execute(statement)


def told_by_editors(connection: sqlite3.Connection) -> tuple[str, ...]:
    """What the settings of editors exclude, as JSON."""
    rows = connection.execute(
        "SELECT value FROM facts WHERE name >= ?1 AND name < ?1 || char(1114111) ORDER BY name",
        (EDITORS,),
    )
    return tuple(row[0] for row in rows)


def refuse(setting: str, what: str) -> None:
    """Raises Excluded if a setting was found that excludes something."""
    if setting:
        raise Excluded(
            f"Nothing was kept: {setting} says that {what or 'this'} is not remembered. It is set "
            f"in {SETTINGS_FILE} of the data folder, in the environment or in an editor's settings."
        )


def hide(connection: sqlite3.Connection, exclusions: Exclusions, reads: bool) -> int:
    """Hide what is excluded from a connection; a number that changes with what is hidden.

    `reads`: with views in place of the tables, which only a connection that never writes can have.
    """
    sessions, memories = hidden(connection, exclusions) if exclusions else (set(), set())
    for table, keys in (("hidden_sessions", sessions), ("hidden_memories", memories)):
        connection.execute(f"DELETE FROM temp.{table}")
        connection.executemany(f"INSERT INTO temp.{table} VALUES (?)", [(key,) for key in keys])
    for table, condition in _VIEWS.items() if reads else ():
        if exclusions:
            connection.execute(
                f"CREATE TEMP VIEW IF NOT EXISTS {table} AS "
                f"SELECT * FROM main.{table} WHERE {condition}"
            )
        else:
            connection.execute(f"DROP VIEW IF EXISTS temp.{table}")
    return hash((frozenset(sessions), frozenset(memories))) if sessions or memories else 0


def hidden(connection: sqlite3.Connection, exclusions: Exclusions) -> tuple[set[int], set[int]]:
    """Keys of the stored sessions and memories that are excluded.

    With a session go those of its sub-agents and its forks, and what was remembered from it.
    """
    gone = {
        (source, id)
        for source, id in connection.execute(
            "SELECT source, id FROM tombstones WHERE kind = ?",
            (OF_EXCLUDED + exclusions.fingerprint,),
        )
    }
    rows = connection.execute(
        "SELECT s.key, s.id, s.source, s.parent_id, p.id, s.project_path, s.transcript_path "
        "FROM main.sessions s JOIN projects p ON p.key = s.project_key"
    ).fetchall()
    sessions = set()
    children: dict[tuple[str, str], list[tuple[int, str, str]]] = {}
    waiting: list[tuple[str, str]] = [*gone]
    for key, id, source, parent, *place in rows:
        if parent is not None:
            children.setdefault((source, parent), []).append((key, id, source))
        if exclusions.session(source, *place):
            sessions.add(key)
            waiting.append((source, id))
    ids = {id for _, id in waiting}
    while waiting:
        for key, id, source in children.get(waiting.pop(), ()):
            if key not in sessions:
                sessions.add(key)
                ids.add(id)
                waiting.append((source, id))
    kept = connection.execute(
        "SELECT m.key, m.session_id, p.id, p.root FROM main.memories m "
        "JOIN projects p ON p.key = m.project_key"
    )
    memories = {
        key
        for key, session, project, root in kept
        if (session and session in ids) or exclusions.memory(project, root)
    }
    return sessions, memories
