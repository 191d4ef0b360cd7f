"""What tools answered: where some words stand in it, and what a session did from there on."""

from __future__ import annotations

from collections.abc import Generator, Sequence

from msgspec import Struct

from aiana.storage.database import Database

_MOST_MENTIONS = 300
_MOST_EVENTS = 5000
_MOST_CHARS = 200_000
"""Of what a tool answered."""

_MENTIONS = f"""
SELECT m.session_key, s.id, s.source, s.title, s.project_path, m.position, m.timestamp,
    substr(m.content, 1, {_MOST_CHARS}), json_extract(m.metadata, '$.toolCallId')
FROM messages_fts t JOIN messages m ON m.key = t.rowid JOIN sessions s ON s.key = m.session_key
WHERE messages_fts MATCH ? AND m.type = 'tool_result'
ORDER BY t.rowid DESC LIMIT {_MOST_MENTIONS}
"""
_CALL = """
SELECT position FROM messages WHERE session_key = ?1 AND type = 'tool_use' AND position <= ?2
    AND (?3 IS NULL OR json_extract(metadata, '$.toolCallId') = ?3)
ORDER BY position DESC LIMIT 1
"""
_EVENTS = f"""
SELECT id, type, position, timestamp, coalesce(tool_name, ''), coalesce(tool_input, ''),
    substr(content, 1, {_MOST_CHARS}), json_extract(metadata, '$.toolCallId'),
    coalesce(json_extract(metadata, '$.isError'), 0)
FROM messages WHERE session_key = ? AND position >= ?
    AND (type IN ('tool_use', 'tool_result')
        OR type = 'user' AND coalesce(role, 'user') = 'user')
ORDER BY position LIMIT {_MOST_EVENTS}
"""


class Mention(Struct, frozen=True):
    """An answer of a tool in which the words stand."""

    session_key: int
    session_id: str
    source: str
    title: str | None
    folder: str
    position: int
    timestamp: str
    text: str
    call: str | None


class Event(Struct, frozen=True):
    """A call, an answer or a prompt."""

    id: str
    type: str
    position: int
    timestamp: str
    tool: str
    arguments: str
    text: str
    call: str | None
    """By which an answer is told to be that of a call."""
    is_error: int
    """1 where its assistant says that it failed; many say nothing of it."""


class Outcomes:
    """What can be asked of the answers of tools."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def mentions(self, phrases: Sequence[str]) -> list[Mention]:
        """The answers that hold all of these phrases, those stored last first."""
        quoted = ('"' + phrase.replace('"', '""') + '"' for phrase in phrases)
        asked = "{content} : (" + " AND ".join(quoted) + ")"
        with self._database.reading() as connection:
            return [Mention(*row) for row in connection.execute(_MENTIONS, (asked,))]

    def since(self, mention: Mention) -> Generator[Event]:
        """The call that a tool answered, and what came after it, in the session's order."""
        with self._database.reading() as connection:
            values = (mention.session_key, mention.position, mention.call)
            found = connection.execute(_CALL, values).fetchone()
            first = found[0] if found else mention.position
            for row in connection.execute(_EVENTS, (mention.session_key, first)):
                yield Event(*row)
