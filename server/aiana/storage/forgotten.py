"""What was deleted, by its hashes, so that no import brings it back."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence

from aiana.models import Message
from aiana.storage.filters import marks
from aiana.storage.rows import content_hash

_LONG_ID = 16
"""Characters from which on an id is no number that another session could have, too."""
_OPENING = 3
"""Messages that tell a copy of a session by what was said, where neither ids nor times do."""


def forget_session(connection: sqlite3.Connection, key: int, id: str, source: str) -> list[str]:
    """Delete all rows of a session inside the caller's transaction; returns their texts.

    What capture remembers of its transcript goes too. The schema may be an older one.
    """
    session = connection.execute(
        "SELECT title, summary, metadata, transcript_path FROM sessions WHERE key = ?", (key,)
    ).fetchone()
    rows = connection.execute(
        "SELECT id, content, coalesce(tool_input, '') FROM messages WHERE session_key = ?", (key,)
    ).fetchall()
    for table in ("chunks", "messages"):
        connection.execute(f"DELETE FROM {table} WHERE session_key = ?", (key,))
    connection.execute("DELETE FROM sessions WHERE key = ?", (key,))
    connection.executemany(
        "DELETE FROM pending_titles WHERE message_id = ? AND source = ?",
        [(message_id, source) for message_id, *_ in rows],
    )
    if session[3]:
        connection.execute(
            "UPDATE capture_positions SET position = json_set(position, '$.state', json('{}')) "
            "WHERE path = ?",
            (session[3],),
        )
    texts = [text for text in session[:3] if text]
    return [*texts, *(text for _, *both in rows for text in both if text)]


def remember_as_forgotten(connection: sqlite3.Connection, key: int, source: str) -> None:
    """Note the messages of a session by their hashes, so that no copy or fork brings them back."""
    rows = connection.execute(
        "SELECT id, timestamp, content FROM messages WHERE session_key = ? ORDER BY position, key",
        (key,),
    ).fetchall()
    hashes = {each for row in rows for each in _hashes(source, *row)}
    hashes |= {_hash("id", source, row[0]) for row in rows if len(row[0]) >= _LONG_ID}
    if opening := _opening(source, [content for *_, content in rows]):
        hashes.add(opening)
    connection.executemany(
        "INSERT OR IGNORE INTO forgotten VALUES (?)", [(each,) for each in hashes]
    )


def is_anything_forgotten(connection: sqlite3.Connection) -> bool:
    """Whether a look at each message is worth while."""
    return connection.execute("SELECT 1 FROM forgotten LIMIT 1").fetchone() is not None


def is_forgotten(connection: sqlite3.Connection, source: str, message: Message) -> bool:
    """Whether the message was deleted, in whichever session it comes back."""
    hashes = _hashes(source, message.id, message.timestamp, message.content)
    return _any_known(connection, hashes)


def is_of_forgotten(connection: sqlite3.Connection, source: str, message_id: str) -> bool:
    """Whether a title is that of a session which was deleted, by the message that it names."""
    return _any_known(connection, [_hash("id", source, message_id)])


def opens_like_forgotten(
    connection: sqlite3.Connection, source: str, messages: Iterable[Message]
) -> bool:
    """Whether a session begins with the very words of one that was deleted."""
    opening = _opening(source, [message.content for message in messages])
    return opening is not None and _any_known(connection, [opening])


def _any_known(connection: sqlite3.Connection, hashes: Sequence[bytes]) -> bool:
    if not hashes:
        return False
    known = connection.execute(
        f"SELECT 1 FROM forgotten WHERE hash IN ({marks(hashes)})", list(hashes)
    )
    return known.fetchone() is not None


def _hashes(source: str, id: str, timestamp: str, content: str) -> list[bytes]:
    hashes = [_hash("said", source, timestamp, content)] if content.strip() else []
    if len(id) >= _LONG_ID:
        hashes.append(_hash("then", source, id, timestamp))
        hashes.append(_hash("same", source, id, content))
    return hashes


def _opening(source: str, contents: Sequence[str]) -> bytes | None:
    said = [content for content in contents if content.strip()][:_OPENING]
    return _hash("opening", source, *said) if len(said) == _OPENING else None


def _hash(*parts: str) -> bytes:
    return content_hash("\0".join(parts))
