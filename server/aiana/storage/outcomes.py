"""What tools answered: where some words stand in it, and what a session did from there on."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from msgspec import Struct

from aiana.storage.database import Database
from aiana.storage.migrations import ACTIVITY

_MOST_MENTIONS = 500
_MOST_EVENTS = 5000
_MOST_BETWEEN = 50
"""Calls and answers that may stand between a call and its answer."""
_MOST_CHARS = 200_000
"""Of what a tool answered."""

_MENTIONS = f"""
SELECT m.key, m.session_key FROM messages_fts t JOIN messages m ON m.key = t.rowid
WHERE messages_fts MATCH ? AND m.type = 'tool_result'
ORDER BY t.rowid DESC LIMIT {_MOST_MENTIONS}
"""
_SESSIONS = f"""
SELECT {ACTIVITY}, key, id, source, title, project_path FROM sessions
WHERE key IN (SELECT value FROM json_each(?))
"""
_PLACES = """
SELECT key FROM messages WHERE session_key = ? AND type = 'tool_result' ORDER BY position DESC
"""
_EVENT = f"""
SELECT id, type, position, timestamp, coalesce(tool_name, ''),
    CASE WHEN type = 'tool_use' THEN coalesce(nullif(tool_input, ''), content) ELSE '' END,
    CASE WHEN type = 'tool_use' THEN '' ELSE substr(content, 1, {_MOST_CHARS}) END,
    json_extract(metadata, '$.toolCallId'), coalesce(json_extract(metadata, '$.isError'), 0)
FROM messages
"""
_ONE = f"{_EVENT} WHERE key = ?"
_CALLS_BEFORE = f"""
{_EVENT} WHERE session_key = ? AND position <= ? AND type = 'tool_use'
ORDER BY position DESC LIMIT {_MOST_BETWEEN}
"""
_AFTER = f"""
{_EVENT} WHERE session_key = ? AND position > ? AND type IN ('tool_use', 'tool_result')
ORDER BY position LIMIT {_MOST_BETWEEN}
"""
_BETWEEN = f"""
{_EVENT} WHERE session_key = ? AND position > ? AND position < ?
    AND type IN ('tool_use', 'tool_result')
ORDER BY position LIMIT {_MOST_EVENTS}
"""
# What can be told by an index comes first: few rows are looked at, and none twice of which the
# answer is marked as a failure.
_AGAIN = f"""
{_EVENT} m WHERE session_key = ?1 AND position > ?2 AND (
    type = 'tool_use' AND coalesce(tool_name, '') = ?3 COLLATE NOCASE
        AND instr(coalesce(nullif(tool_input, ''), content), ?4)
        AND coalesce((
            SELECT json_extract(a.metadata, '$.isError') FROM messages a
            WHERE a.session_key = ?1 AND a.type = 'tool_result'
                AND a.position > m.position AND a.position <= m.position + {_MOST_BETWEEN}
                AND json_extract(a.metadata, '$.toolCallId')
                    = json_extract(m.metadata, '$.toolCallId')
            ORDER BY a.position LIMIT 1
        ), 0) != 1
    OR type = 'user' AND coalesce(role, 'user') = 'user'
)
ORDER BY position LIMIT {_MOST_EVENTS}
"""


class Mentions(Struct, frozen=True):
    """Where the words stand in a session."""

    session_key: int
    session_id: str
    source: str
    title: str | None
    folder: str
    keys: frozenset[int]
    """Of the answers that hold them."""


class Event(Struct, frozen=True):
    """A call, an answer or a prompt."""

    id: str
    type: str
    position: int
    timestamp: str
    tool: str
    arguments: str
    """Of a call."""
    text: str
    """Of an answer or a prompt."""
    call: str | None
    """By which an answer is told to be that of a call."""
    is_error: int
    """1 where its assistant says that it failed; many say nothing of it."""


class Outcomes:
    """Hands out what can be asked of the answers of tools."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @contextmanager
    def reading(self) -> Iterator[OutcomeReader]:
        """All of it as it stands at one moment."""
        with self._database.reading() as connection:
            yield OutcomeReader(connection)


class OutcomeReader:
    """What can be asked of the answers of tools."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def mentions(self, phrases: Sequence[str]) -> list[Mentions]:
        """The sessions in which answers hold all of these phrases, the newest first."""
        quoted = ('"' + phrase.replace('"', '""') + '"' for phrase in phrases)
        asked = "{content} : (" + " AND ".join(quoted) + ")"
        keys: dict[int, set[int]] = {}
        for key, session in self._connection.execute(_MENTIONS, (asked,)):
            keys.setdefault(session, set()).add(key)
        sessions = self._connection.execute(_SESSIONS, (json.dumps(list(keys)),)).fetchall()
        sessions.sort(reverse=True)
        return [
            Mentions(key, id, source, title, folder, frozenset(keys[key]))
            for _, key, id, source, title, folder in sessions
        ]

    def answers(self, mentions: Mentions) -> Iterator[Event]:
        """Those that hold the words, the last in the session first."""
        for (key,) in self._connection.execute(_PLACES, (mentions.session_key,)):
            if key in mentions.keys:
                yield from self._events(_ONE, key)

    def call_of(self, session_key: int, answer: Event) -> Event | None:
        """The call that a tool answered; where nothing names it, the one before."""
        for call in self._events(_CALLS_BEFORE, session_key, answer.position):
            if answer.call in (None, call.call):
                return call
        return None

    def answer_of(self, session_key: int, call: Event) -> Event | None:
        """What a tool answered to a call; None if that is not told, or nobody waited for it."""
        last = call
        for event in self._events(_AFTER, session_key, call.position):
            if event.type == "tool_use":
                last = event
            elif event.call == call.call if event.call else last is call:
                return event
        return None

    def again(self, session_key: int, call: Event, after: int, word: str) -> Iterator[Event]:
        """What a person said after a place, and calls of the same tool with a word in them."""
        return self._events(_AGAIN, session_key, after, call.tool, word)

    def between(self, session_key: int, after: int, before: int) -> Iterator[Event]:
        """Calls and answers between two places of a session."""
        return self._events(_BETWEEN, session_key, after, before)

    def _events(self, statement: str, *values: int | str) -> Iterator[Event]:
        return (Event(*row) for row in self._connection.execute(statement, values))
