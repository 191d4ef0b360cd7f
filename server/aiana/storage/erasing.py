"""Forgetting by what things have in common: chosen first, then taken out with all that follows.

What is chosen is what a search with the same restrictions finds, so that it can be looked at
before. A session of which everything goes, goes itself, with those of its sub-agents.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from msgspec import Struct

from aiana.errors import InvalidQuery
from aiana.exclusions import Exclusions
from aiana.hiding import hidden
from aiana.models import SearchFilter
from aiana.protocol.results import ForgottenThing
from aiana.protocol.uris import memory_uri, session_uri
from aiana.redaction.door import to_json
from aiana.storage.database import Database
from aiana.storage.filters import (
    admits_memories,
    admits_messages,
    is_empty,
    memory_condition,
    message_condition,
    session_condition,
)
from aiana.storage.forgotten import Tombstones, forget_session
from aiana.storage.letters import match_expression
from aiana.storage.pending_scrubs import owe
from aiana.storage.retention import Retention, expired
from aiana.storage.rows import (
    DeletedRows,
    Forgotten,
    bump_revision,
    check_expected,
    matching_projects,
)
from aiana.storage.session_writer import derive_title
from aiana.text import one_line
from aiana.times import now

MOST_CHARS = 100
"""Of a text that is named."""

_FAMILIES = """
WITH RECURSIVE family(key, id, source) AS (
    SELECT key, id, source FROM sessions WHERE key IN (SELECT value FROM json_each(?))
    UNION SELECT s.key, s.id, s.source
    FROM family f JOIN sessions s ON s.parent_id = f.id AND s.source = f.source
)
SELECT key FROM family
"""
# Titles that its transcript gives to sessions which were not read yet; those of earlier versions
# do not say where they come from.
_NO_TITLES_OF = """
DELETE FROM pending_titles
WHERE path IN ('', (SELECT transcript_path FROM sessions WHERE key = ?))
"""
_NO_STATE_OF = """
INSERT OR REPLACE INTO tombstones
SELECT 'transcript', source, transcript_path, ?2 FROM sessions
WHERE key = ?1 AND transcript_path != ''
"""
_READ_AGAIN = """
UPDATE capture_positions
SET position = json_set(position, '$.state', json('{}'), '$.mark', json('{}'))
WHERE path = (SELECT transcript_path FROM sessions WHERE key = ?)
"""

_NAMED_SESSIONS = """
SELECT s.id, s.source, NULL, coalesce(s.title, s.id), p.id, coalesce(s.ended_at, s.started_at),
    s.message_count
FROM sessions s JOIN projects p ON p.key = s.project_key
WHERE s.key IN (SELECT value FROM json_each(?1)) AND ?2 != ''
ORDER BY coalesce(s.ended_at, s.started_at) DESC LIMIT ?3
"""
_NAMED_MESSAGES = """
SELECT s.id, s.source, m.id, substr(m.content, 1, 300), p.id, m.timestamp, 1
FROM messages m JOIN sessions s ON s.key = m.session_key JOIN projects p ON p.key = s.project_key
WHERE m.key IN (SELECT value FROM json_each(?1))
    AND m.session_key NOT IN (SELECT value FROM json_each(?2))
ORDER BY m.timestamp DESC LIMIT ?3
"""
_NAMED_MEMORIES = """
SELECT m.id, 'aiana', NULL, substr(m.content, 1, 300), p.id, m.created_at, 0
FROM memories m JOIN projects p ON p.key = m.project_key
WHERE m.key IN (SELECT value FROM json_each(?1)) AND ?2 != '' ORDER BY m.created_at DESC LIMIT ?3
"""


class Wish(Struct, frozen=True, kw_only=True):
    """What is to be forgotten: what is excluded, what is due, or what a filter and words admit."""

    filter: SearchFilter = SearchFilter()
    text: str | None = None
    """Words that all occur in a text, or a phrase in quotes."""
    excluded: bool = False
    expired: bool = False


class Chosen(NamedTuple):
    """Keys of what is to be forgotten."""

    sessions: list[int]
    """Those that go as a whole."""
    messages: list[int]
    """All of them, those of sessions that go included."""
    memories: list[int]
    unseen: frozenset[int]
    """Those of the sessions and, below zero, memories that are hidden just now."""

    @property
    def things(self) -> int:
        """How many things of all kinds."""
        return len(self.sessions) + len(self.messages) + len(self.memories)


class Erased(NamedTuple):
    """What was forgotten."""

    chosen: Chosen
    sessions: list[str]
    memories: list[str]
    touched: list[str]
    """Sessions of which a part was forgotten."""
    rows: DeletedRows


class Eraser:
    """Chooses and forgets in one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def choose(self, wish: Wish, retention: Retention) -> Chosen:
        """What would be forgotten; changes nothing. Raises InvalidQuery if that is everything."""
        with self._database.reading_everything() as connection:
            return self._chosen(connection, wish, retention)

    def named(self, chosen: Chosen, most: int) -> list[ForgottenThing]:
        """Some of what is chosen: sessions, messages of sessions that stay, and memories.

        Nothing that is hidden is named.
        """
        found: list[ForgottenThing] = []
        kinds: tuple[tuple[Literal["session", "message", "memory"], str, list[int]], ...] = (
            ("session", _NAMED_SESSIONS, chosen.sessions),
            ("message", _NAMED_MESSAGES, chosen.messages),
            ("memory", _NAMED_MEMORIES, chosen.memories),
        )
        with self._database.reading() as connection:
            for kind, query, keys in kinds:
                wanted = (json.dumps(keys), json.dumps(chosen.sessions), most - len(found))
                found += [_thing(kind, row) for row in connection.execute(query, wanted)]
        return found

    def erase(self, wish: Wish, retention: Retention, expected: int | None) -> Erased:
        """Forget it, if it is as much as expected; several things need a number to expect.

        Raises InvalidQuery and Conflict.
        """
        with self._database.writing() as connection:
            chosen = self._chosen(connection, wish, retention)
            if expected is None and chosen.things > 1:
                raise InvalidQuery(
                    f"That is {chosen.things:,} things and nothing was forgotten: look at them "
                    "with a dry run, then say how many you expect."
                )
            check_expected(chosen.things, expected)
            return self._erased(connection, chosen, wish.text or "")

    def erase_keys(
        self,
        connection: sqlite3.Connection,
        sessions: Sequence[int],
        messages: Sequence[int],
        memories: Sequence[int],
    ) -> Erased:
        """Forget these inside the caller's transaction, with the sub-agents of the sessions."""
        chosen = self._whole(connection, sessions, [*messages], [*memories])
        return self._erased(connection, chosen, "")

    def due(self, retention: Retention) -> int:
        """How many sessions were kept for long enough, without those of their sub-agents."""
        with self._database.reading_everything() as connection:
            return len(expired(connection, retention, -1))

    def erase_expired(self, retention: Retention, most: int) -> Erased | None:
        """Forget some of the sessions that are due; None if none is."""
        with self._database.reading_everything() as connection:
            if not expired(connection, retention, 1):
                return None
        with self._database.writing() as connection:
            due = expired(connection, retention, most)
            if not due:
                return None
            return self._erased(connection, self._whole(connection, due, [], []), "")

    def _chosen(self, connection: sqlite3.Connection, wish: Wish, retention: Retention) -> Chosen:
        if wish.excluded or wish.expired:
            if wish.text is not None or not is_empty(wish.filter) or wish.excluded == wish.expired:
                raise InvalidQuery("Ask for what is excluded, what is due, or a filter alone.")
            if wish.expired:
                return self._whole(connection, expired(connection, retention, -1), [], [])
            sessions, memories = self._hidden(connection)
            return self._whole(connection, sessions, [], sorted(memories))
        if wish.text is None and is_empty(wish.filter):
            raise InvalidQuery(
                "This filter lets everything through, so nothing was forgotten: say what, by "
                "project, assistant, session, text or time."
            )
        return self._filtered(connection, wish.filter, wish.text)

    def _filtered(
        self, connection: sqlite3.Connection, filter: SearchFilter, text: str | None
    ) -> Chosen:
        projects = None if filter.project is None else matching_projects(connection, filter.project)
        found = None if text is None else _holding(connection, text)
        sessions: list[int] = []
        messages: list[int] = []
        memories: list[int] = []
        if admits_messages(filter):
            condition, values = session_condition(filter, projects)
            own, own_values = message_condition(filter)
            if not own_values and found is None:
                rows = connection.execute(f"SELECT key FROM sessions WHERE {condition}", values)
                sessions = [key for (key,) in rows]
            else:
                among = "messages"
                if found is not None:
                    words = "SELECT value AS found FROM json_each(?)"
                    among = f"({words}) CROSS JOIN messages ON key = found"
                    said = json.dumps([key for key in found if key > 0])
                    own_values = [said, *own_values]
                if values:
                    own += f" AND session_key IN (SELECT key FROM sessions WHERE {condition})"
                rows = connection.execute(
                    f"SELECT key, session_key FROM {among} WHERE {own}",
                    [*own_values, *values],
                )
                by_session: dict[int, list[int]] = {}
                for key, session in rows:
                    by_session.setdefault(session, []).append(key)
                for session, keys in by_session.items():
                    (all_of_it,) = connection.execute(
                        "SELECT count(*) FROM messages WHERE session_key = ?", (session,)
                    ).fetchone()
                    if len(keys) == all_of_it:
                        sessions.append(session)
                    else:
                        messages += keys
        if admits_memories(filter):
            condition, values = memory_condition(filter, projects)
            if found is not None:
                condition += " AND key IN (SELECT value FROM json_each(?))"
                values = [*values, json.dumps([-key for key in found if key < 0])]
            rows = connection.execute(f"SELECT key FROM memories WHERE {condition}", values)
            memories = [key for (key,) in rows]
        return self._whole(connection, sessions, messages, memories)

    def _whole(
        self,
        connection: sqlite3.Connection,
        sessions: Iterable[int],
        messages: list[int],
        memories: list[int],
    ) -> Chosen:
        """With the sub-agents of the sessions, and all that was said in them."""
        keys = json.dumps(list(sessions))
        family = [key for (key,) in connection.execute(_FAMILIES, (keys,))]
        said = connection.execute(
            "SELECT key FROM messages WHERE session_key IN (SELECT value FROM json_each(?))",
            (json.dumps(family),),
        )
        all_messages = sorted({*messages, *(key for (key,) in said)})
        unseen_sessions, unseen_memories = self._hidden(connection)
        unseen = frozenset(
            [*(unseen_sessions & {*family}), *(-key for key in unseen_memories & {*memories})]
        )
        return Chosen(family, all_messages, memories, unseen)

    def _hidden(self, connection: sqlite3.Connection) -> tuple[set[int], set[int]]:
        exclusions: Exclusions = self._database.exclusions(connection)
        return hidden(connection, exclusions) if exclusions else (set(), set())

    @staticmethod
    def _erased(connection: sqlite3.Connection, chosen: Chosen, sought: str) -> Erased:
        forgotten = Forgotten(sought=sought)
        chunks: list[int] = []
        touched = _erase_messages(connection, chosen, forgotten, chunks)
        for key in chosen.sessions:
            chunks += _keys(connection, "chunks", key)
            erase_session(connection, key, forgotten)
        _erase_memories(connection, chosen.memories, forgotten)
        below = [-key for key in chosen.memories]
        documents = [*chosen.messages, *below]
        rows = DeletedRows(
            documents=documents, indexed=documents, owners=[*chunks, *below], forgotten=forgotten
        )
        owe(connection, forgotten)
        sessions = [id for _, id in forgotten.sessions]
        return Erased(chosen, sessions, list(forgotten.memories), touched, rows)


def erase_session(connection: sqlite3.Connection, key: int, forgotten: Forgotten) -> None:
    """Forget one session inside the caller's transaction, and see to it that it stays away."""
    id, source, project = connection.execute(
        "SELECT id, source, project_key FROM sessions WHERE key = ?", (key,)
    ).fetchone()
    connection.execute(_NO_TITLES_OF, (key,))
    connection.execute(_NO_STATE_OF, (key, now()))
    Tombstones(connection).add_session(key, source)
    forget_session(connection, key, id, source, forgotten)
    connection.execute(
        "INSERT OR REPLACE INTO tombstones VALUES ('session', ?, ?, ?)", (source, id, now())
    )
    bump_revision(connection, "sessions", project)


def _erase_messages(
    connection: sqlite3.Connection, chosen: Chosen, forgotten: Forgotten, chunks: list[int]
) -> list[str]:
    """Forget those messages whose sessions stay; returns the ids of these."""
    whole = {*chosen.sessions}
    tombstones = Tombstones(connection)
    touched: dict[int, tuple[str, str]] = {}
    for key in chosen.messages:
        session, id, content, words, tool_input, name, source = connection.execute(
            "SELECT m.session_key, m.id, m.content, m.identifiers, coalesce(m.tool_input, ''), "
            "s.id, s.source "
            "FROM messages m JOIN sessions s ON s.key = m.session_key WHERE m.key = ?",
            (key,),
        ).fetchone()
        if session in whole:
            continue
        touched[session] = (name, source)
        tombstones.add_messages(source, [key])
        forgotten.messages.append((source, name, id))
        forgotten.texts.extend((content, words))
        forgotten.beside.append(tool_input)
        speaking = connection.execute(
            "SELECT chunk_key FROM chunk_turns WHERE message_key = ?", (key,)
        ).fetchall()
        chunks += [chunk for (chunk,) in speaking]
        connection.executemany("DELETE FROM chunks WHERE key = ?", speaking)
        connection.execute("DELETE FROM messages WHERE key = ?", (key,))
        connection.execute(
            "DELETE FROM pending_titles WHERE message_id = ? AND source = ?", (id, source)
        )
    for session in touched:
        _mend_session(connection, session, forgotten)
    return [name for name, _ in touched.values()]


def _mend_session(connection: sqlite3.Connection, key: int, forgotten: Forgotten) -> None:
    """What is said of a session of which a part was forgotten: from what is left of it."""
    title, summary, project = connection.execute(
        "SELECT title, summary, project_key FROM sessions WHERE key = ?", (key,)
    ).fetchone()
    forgotten.beside.extend(text for text in (title, summary) if text)
    connection.execute(
        "UPDATE sessions SET title = NULL, title_rank = 0, summary = NULL, dirty_from = 0, "
        "(message_count, token_count) = "
        "(SELECT count(*), coalesce(sum(tokens), 0) FROM messages WHERE session_key = ?1) "
        "WHERE key = ?1",
        (key,),
    )
    derive_title(connection, key)
    # What its reader remembers may quote it; what is told again is known as forgotten.
    connection.execute(_READ_AGAIN, (key,))
    bump_revision(connection, "sessions", project)


def _erase_memories(
    connection: sqlite3.Connection, keys: Sequence[int], forgotten: Forgotten
) -> None:
    tombstones = Tombstones(connection)
    for key in keys:
        id, content, words, tags, metadata, project = connection.execute(
            "SELECT id, content, identifiers, tags, metadata, project_key FROM memories "
            "WHERE key = ?",
            (key,),
        ).fetchone()
        connection.execute("DELETE FROM memories WHERE key = ?", (key,))
        tombstones.add_text(content)
        forgotten.memories.append(id)
        forgotten.texts.extend((content, words))
        forgotten.beside.extend([*json.loads(tags), to_json(json.loads(metadata))])
        connection.execute(
            "INSERT OR REPLACE INTO tombstones VALUES ('memory', 'aiana', ?, ?)", (id, now())
        )
        bump_revision(connection, "memories", project)


def _keys(connection: sqlite3.Connection, table: str, session: int) -> list[int]:
    rows = connection.execute(f"SELECT key FROM {table} WHERE session_key = ?", (session,))
    return [key for (key,) in rows]


def _holding(connection: sqlite3.Connection, text: str) -> set[int]:
    """Keys of the documents in which all of these words occur. Raises InvalidQuery."""
    quoted = len(text) > 2 and text[0] == text[-1] == '"'
    words = [text.strip('"')] if quoted else text.split()
    expressions = [match_expression(word) for word in words]
    wanted = " AND ".join(f"({each})" for each in expressions if each != '""')
    if not wanted:
        raise InvalidQuery("There is no word in this text: say some that occur.")
    rows = connection.execute(
        "SELECT rowid FROM messages_fts WHERE messages_fts MATCH ?", (wanted,)
    )
    return {key for (key,) in rows}


def _thing(
    kind: Literal["session", "message", "memory"],
    row: tuple[str, str, str | None, str, str, str, int],
) -> ForgottenThing:
    id, source, message, text, project, timestamp, messages = row
    return ForgottenThing(
        kind=kind,
        uri=memory_uri(id) if kind == "memory" else session_uri(source, id, message),
        title=one_line(text)[:MOST_CHARS],
        source=source,
        project=project,
        timestamp=timestamp,
        messages=messages,
    )
