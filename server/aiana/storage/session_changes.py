"""The calls by which a session and its sub-agents changed files."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from heapq import merge
from typing import NamedTuple

from aiana.protocol.uris import session_uri
from aiana.storage.database import Database
from aiana.storage.touching import absolute
from aiana.touches.edits import Edit, edits_of_call
from aiana.touches.values import Touched

_CHANGES = """
SELECT m.key, m.id, m.timestamp, coalesce(m.tool_name, ''), coalesce(m.tool_input, m.content),
    f.path, f.touch
FROM message_files f JOIN messages m ON m.key = f.message_key
WHERE f.session_key = :session AND f.touch IN ('edited', 'created', 'deleted')
    AND (:message IS NULL OR m.id = :message)
ORDER BY m.position, m.key, f.key
"""


class Change(NamedTuple):
    """A call that changed files."""

    moment: str
    """When; never before the call before it in its session."""
    key: int
    uri: str
    touched: list[tuple[str, Touched]]
    edits: list[Edit]


class SessionChanges:
    """What can be asked of the changes of sessions."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, source: str, ids: Sequence[str], message: str | None = None) -> Iterator[Change]:
        """The calls of these sessions, each in its own order; or the one call of this message."""
        with self._database.reading() as connection:
            sessions = [list(_of_session(connection, source, id, message)) for id in ids]
        return merge(*sessions)

    def changing(self, source: str, id: str) -> set[str]:
        """Ids of the messages of a session that changed a file."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT m.id FROM sessions s JOIN message_files f ON f.session_key = s.key "
                "JOIN messages m ON m.key = f.message_key WHERE s.id = ? AND s.source = ? "
                "AND f.touch IN ('edited', 'created', 'deleted')",
                (id, source),
            )
            return {row[0] for row in rows}


def _of_session(
    connection: sqlite3.Connection, source: str, id: str, message: str | None
) -> Iterator[Change]:
    key, folder = connection.execute(
        "SELECT key, project_path FROM sessions WHERE id = ? AND source = ?", (id, source)
    ).fetchone()
    change: Change | None = None
    moment = ""
    for row in connection.execute(_CHANGES, {"session": key, "message": message}):
        message_key, message_id, timestamp, tool, arguments, path, touch = row
        if change is None or change.key != message_key:
            if change is not None:
                yield change
            moment = max(moment, timestamp)
            edits = [
                edit if not edit.path else Edit(absolute(edit.path, folder), edit.old, edit.new)
                for edit in edits_of_call(tool, arguments)
            ]
            change = Change(moment, message_key, session_uri(source, id, message_id), [], edits)
        change.touched.append((path, touch))
    if change is not None:
        yield change
