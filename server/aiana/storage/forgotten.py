"""What was deleted, by its hashes, so that no import brings it back."""

from __future__ import annotations

import hmac
import sqlite3
import unicodedata
from collections.abc import Iterable, Sequence

from aiana.models import SPOKEN, Message
from aiana.storage.filters import marks
from aiana.storage.rows import Forgotten, content_hash
from aiana.times import now

_LONG_ID = 16
"""Characters from which on an id is no number that another session could have, too."""
_LONG_TEXT = 32
"""Characters from which on a text is taken to be one person's: it comes back nowhere."""
_KEY, _UNKEYED = "forgotten key", "forgotten unkeyed"
_OTHER_KEY = "forgotten key of "
_SAID = "SELECT id, timestamp, content, type FROM messages"
_OPENING = 3
"""Messages that tell a copy of a session by what was said, where neither ids nor times do."""


def forget_session(
    connection: sqlite3.Connection, key: int, id: str, source: str, forgotten: Forgotten
) -> None:
    """Delete all rows of a session inside the caller's transaction, and note what they held.

    What capture remembers of its transcript goes too. The schema may be an older one.
    """
    session = connection.execute(
        "SELECT title, summary, metadata, transcript_path FROM sessions WHERE key = ?", (key,)
    ).fetchone()
    rows = connection.execute(
        "SELECT id, content, identifiers, coalesce(tool_input, '') FROM messages "
        "WHERE session_key = ?",
        (key,),
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
    forgotten.sessions.append((source, id))
    forgotten.texts.extend(text for _, *both, _ in rows for text in both if text)
    forgotten.beside.extend(text for text in session[:3] if text)
    forgotten.beside.extend(given for *_, given in rows if given)


def drop_empty_projects(connection: sqlite3.Connection) -> None:
    """Forget projects of which nothing is left: their folders and names may tell enough."""
    connection.execute(
        "DELETE FROM projects WHERE id != '' "
        "AND NOT EXISTS (SELECT 1 FROM sessions WHERE project_key = projects.key) "
        "AND NOT EXISTS (SELECT 1 FROM memories WHERE project_key = projects.key)"
    )


def take_keys(facts: Iterable[tuple[str, str]], connection: sqlite3.Connection) -> None:
    """Take over the keys of a database, by its facts, whose hashes are to be known in this one."""
    for name, value in facts:
        if name == _UNKEYED:
            connection.execute("INSERT OR IGNORE INTO facts VALUES (?, '')", (name,))
        elif name.startswith(_KEY):
            other = f"{_OTHER_KEY}{content_hash(value).hex()}"
            connection.execute("INSERT OR IGNORE INTO facts VALUES (?, ?)", (other, value))


class Tombstones:
    """What was forgotten, as one transaction sees it.

    No text is kept, and no hash that could be guessed without the key, which lies in the database.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        known = _keys(connection)
        self._key = bytes.fromhex(known[_KEY])
        self._others = [
            bytes.fromhex(value)
            for name, value in known.items()
            if name.startswith(_OTHER_KEY) and value != known[_KEY]
        ]
        """Of databases that a backup took the place of."""
        self._older = _UNKEYED in known
        """Whether some are of an Aiana that had no key."""

    @property
    def any(self) -> bool:
        """Whether a look at each message is worth while."""
        row = self._connection.execute("SELECT 1 FROM forgotten LIMIT 1").fetchone()
        return row is not None

    def add_session(self, key: int, source: str) -> None:
        """Note the messages of a session, so that no copy, fork or replay brings them back."""
        rows = self._connection.execute(
            f"{_SAID} WHERE session_key = ? ORDER BY position, key", (key,)
        ).fetchall()
        self._add(source, rows)
        if opening := self._opening([row[2] for row in rows]):
            self._put([(opening, max(row[1] for row in rows))])

    def add_messages(self, source: str, keys: Sequence[int]) -> None:
        """Note some messages of a source."""
        for key in keys:
            self._add(source, self._connection.execute(f"{_SAID} WHERE key = ?", (key,)).fetchall())

    def add_text(self, text: str) -> None:
        """Note a text that somebody kept, so that no import brings it back."""
        self._put([(self._hash("kept", _normalised(text)), "")])

    def remove_text(self, text: str) -> None:
        """A text may be kept again."""
        self._remove("kept", text)

    def holds_text(self, text: str) -> bool:
        """Whether a text that somebody kept was forgotten."""
        return self._any_known(self._hashes("kept", _normalised(text)))

    def add_preference(self, id: str, text: str) -> None:
        """Note a preference, so that no import brings it back."""
        self._connection.execute(
            "INSERT OR REPLACE INTO tombstones VALUES ('preference', 'aiana', ?, ?)", (id, now())
        )
        self._put([(self._hash("preferred", _normalised(text)), "")])

    def remove_preference(self, text: str) -> None:
        """A text is preferred again."""
        self._remove("preferred", text)

    def holds_preference(self, id: str, text: str) -> bool:
        """Whether a preference, or the like of it, was forgotten."""
        named = self._connection.execute(
            "SELECT 1 FROM tombstones WHERE kind = 'preference' AND source = 'aiana' AND id = ?",
            (id,),
        )
        return named.fetchone() is not None or self._any_known(
            self._hashes("preferred", _normalised(text))
        )

    def _add(self, source: str, rows: Iterable[tuple[str, str, str, str]]) -> None:
        hashes: list[tuple[bytes, str]] = []
        for id, timestamp, content, type in rows:
            said = self._named(source, id, timestamp, content, self._key)
            if len(id) >= _LONG_ID:
                said.append(self._hash("id", source, id))
            if text := _normalised(content):
                is_own = type in SPOKEN and len(text) >= _LONG_TEXT
                said.append(self._hash("own" if is_own else "among", text))
            hashes += [(each, timestamp) for each in said]
        self._put(hashes)

    def _remove(self, kind: str, text: str) -> None:
        for hash in self._hashes(kind, _normalised(text)):
            self._connection.execute("DELETE FROM forgotten WHERE hash = ?", (hash,))

    def _put(self, hashes: Iterable[tuple[bytes, str]]) -> None:
        """With the times when it was said: it is forgotten no sooner, by whichever clock."""
        at = now()
        self._connection.executemany(
            "INSERT INTO forgotten (hash, at) VALUES (?, ?) "
            "ON CONFLICT DO UPDATE SET at = max(at, excluded.at)",
            [(each, max(at, said)) for each, said in hashes],
        )

    def among(self, source: str, messages: Sequence[Message]) -> set[str]:
        """Ids of those of a session's messages that were forgotten.

        By their ids and times, or by what they say, whoever tells it: a text that is long enough
        to be somebody's own, and others beside such a text or where all of a session is known.
        What is said after the like of it was forgotten is said anew, and stays.
        """
        found: set[str] = set()
        others: list[Message] = []
        for message in messages:
            text = _normalised(message.content)
            said = (source, message.id, message.timestamp, message.content)
            hashes = [hash for key in self._all for hash in self._named(*said, key)]
            if self._older:
                hashes += _unkeyed(*said)
            is_own = message.type in SPOKEN and len(text) >= _LONG_TEXT
            if self._any_known(hashes) or (
                is_own and self._was_said("own", text, at=message.timestamp)
            ):
                found.add(message.id)
            elif text:
                others.append(message)
        known = [
            m for m in others if self._was_said("among", _normalised(m.content), at=m.timestamp)
        ]
        if found or (len(known) == len(others) and len(known) >= _OPENING):
            found.update(message.id for message in known)
        return found

    def title_of_forgotten(self, source: str, message_id: str) -> bool:
        """Whether a title is that of a session which was deleted, by the message that it names."""
        hashes = self._hashes("id", source, message_id)
        if self._older:
            hashes.append(content_hash("\0".join(("id", source, message_id))))
        return self._any_known(hashes)

    def opens_like_one(self, source: str, messages: Sequence[Message]) -> bool:
        """Whether a session begins with the very words of one that was deleted after it began."""
        said = [message for message in messages if message.content.strip()][:_OPENING]
        if len(said) < _OPENING:
            return False
        if self._was_said(
            "opening", *(_normalised(each.content) for each in said), at=said[0].timestamp
        ):
            return True
        contents = (each.content for each in said)
        return self._older and self._any_known(
            [content_hash("\0".join(("opening", source, *contents)))]
        )

    def _opening(self, contents: Sequence[str]) -> bytes | None:
        said = [text for text in map(_normalised, contents) if text][:_OPENING]
        return self._hash("opening", *said) if len(said) == _OPENING else None

    def _was_said(self, *parts: str, at: str) -> bool:
        """Whether the like of it was forgotten after it was said, `at` this time."""
        query = "SELECT 1 FROM forgotten WHERE hash = ? AND at >= ?"
        rows = (self._connection.execute(query, (each, at)) for each in self._hashes(*parts))
        return any(row.fetchone() is not None for row in rows)

    @staticmethod
    def _named(source: str, id: str, timestamp: str, content: str, key: bytes) -> list[bytes]:
        hashes = [_hashed(key, "said", source, timestamp, content)] if content.strip() else []
        if len(id) >= _LONG_ID:
            hashes.append(_hashed(key, "then", source, id, timestamp))
            hashes.append(_hashed(key, "same", source, id, content))
        return hashes

    @property
    def _all(self) -> list[bytes]:
        return [self._key, *self._others]

    def _hash(self, *parts: str) -> bytes:
        """As what is forgotten now is noted."""
        return _hashed(self._key, *parts)

    def _hashes(self, *parts: str) -> list[bytes]:
        """As it may have been noted."""
        return [_hashed(key, *parts) for key in self._all]

    def _any_known(self, hashes: Sequence[bytes]) -> bool:
        if not hashes:
            return False
        known = self._connection.execute(
            f"SELECT 1 FROM forgotten WHERE hash IN ({marks(hashes)})", list(hashes)
        )
        return known.fetchone() is not None


def _keys(connection: sqlite3.Connection) -> dict[str, str]:
    facts = connection.execute(
        "SELECT name, value FROM facts WHERE name IN (?1, ?2) "
        "OR name > ?3 AND name < ?3 || char(1114111)",
        (_KEY, _UNKEYED, _OTHER_KEY),
    )
    return dict(facts.fetchall())


def _hashed(key: bytes, *parts: str) -> bytes:
    text = "\0".join(parts).encode("utf-8", "surrogatepass")
    return hmac.digest(key, text, "sha256")[:16]


def _normalised(text: str) -> str:
    """A text as others tell it again: however it is set, spaced and capitalised."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _unkeyed(source: str, id: str, timestamp: str, content: str) -> list[bytes]:
    parts = [("said", source, timestamp, content)] if content.strip() else []
    if len(id) >= _LONG_ID:
        parts += [("then", source, id, timestamp), ("same", source, id, content)]
    return [content_hash("\0".join(each)) for each in parts]
