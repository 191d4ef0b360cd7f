"""Sessions and messages as people read, announce and delete them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from itertools import takewhile

from aiana.errors import Conflict, NotFound
from aiana.hiding import VISIBLE_SESSION, refuse
from aiana.invocation import command
from aiana.models import Message, SearchFilter, Session
from aiana.redaction.door import admit, admitted
from aiana.storage.database import Database
from aiana.storage.erasing import erase_session
from aiana.storage.filters import listed_condition
from aiana.storage.migrations import ACTIVITY
from aiana.storage.pending_scrubs import owe
from aiana.storage.rows import (
    MESSAGE_COLUMNS,
    SESSION_COLUMNS,
    STANDS_ALONE,
    DeletedRows,
    Forgotten,
    begun_with,
    bump_revision,
    encode_cursor,
    matching_projects,
    message_of,
    named_project,
    place_in_list,
    project_key,
    session_of,
    storable,
)
from aiana.storage.session_writer import SessionWriter

_FAMILY = """
WITH RECURSIVE family(key, id, source, project_key) AS (
    SELECT key, id, source, project_key FROM sessions WHERE key = ?
    UNION SELECT s.key, s.id, s.source, s.project_key
    FROM sessions s JOIN family f ON s.parent_id = f.id AND s.source = f.source
)
SELECT * FROM family
"""
_MESSAGES = (
    f"SELECT {MESSAGE_COLUMNS} FROM messages m JOIN sessions s ON s.key = m.session_key "
    "WHERE m.session_key = ?"
)
_IN_ORDER = "ORDER BY m.position, m.key"
_BEFORE = "SELECT max(id) FROM sessions WHERE id < ?"
_AFTER = "SELECT min(id) FROM sessions WHERE id > ?"
_SHOWN_OF_ID = 8
"""Characters of an id that are shown where they tell it from all others."""
_PLACE = "SELECT position, key FROM messages WHERE session_key = ? AND id = ?"


class SessionStore:
    """The sessions and their messages."""

    def __init__(self, database: Database, writer: SessionWriter) -> None:
        self._database = database
        self._writer = writer

    def page(
        self,
        filter: SearchFilter | None = None,
        limit: int = 50,
        cursor: str | None = None,
        include_children: bool = False,
    ) -> tuple[list[Session], str | None]:
        """Sessions by their last activity, newest first, and the next page's cursor, if any."""
        wanted = filter or SearchFilter()
        with self._database.reading() as connection:
            projects = (
                None if wanted.project is None else matching_projects(connection, wanted.project)
            )
            condition, params = listed_condition(wanted, projects)
            where = ["1"]
            if condition != "1":
                where.append(f"s.key IN (SELECT key FROM sessions WHERE {condition})")
            if not include_children:
                where.append(STANDS_ALONE)
            if cursor is not None:
                where.append(f"({ACTIVITY}, s.key) < (?, ?)")
                params += place_in_list(cursor)
            rows = connection.execute(
                f"SELECT {SESSION_COLUMNS}, s.key FROM sessions s "
                f"CROSS JOIN projects p ON p.key = s.project_key WHERE {' AND '.join(where)} "
                f"ORDER BY {ACTIVITY} DESC, s.key DESC LIMIT ?",
                [*params, limit + 1],
            ).fetchall()
        page = rows[:limit]
        more = None
        if len(rows) > limit and page:
            more = encode_cursor(page[-1][6] or page[-1][5], page[-1][14])
        return [session_of(row) for row in page], more

    def projects(self) -> list[tuple[str, str, int, str]]:
        """Identity, name, number of sessions and last activity of each project, newest first."""
        with self._database.reading() as connection:
            return connection.execute(
                f"SELECT p.id, p.name, count(*), max({ACTIVITY}) AS last FROM projects p "
                f"CROSS JOIN sessions s ON s.project_key = p.key WHERE {STANDS_ALONE} "
                "GROUP BY p.key ORDER BY last DESC, p.id"
            ).fetchall()

    def get(self, session_id: str, source: str | None = None) -> Session:
        """The session with this identifier, or a unique beginning of it.

        Raises NotFound, and Conflict if several sources have one and none is named.
        """
        with self._database.reading() as connection:
            key = self._key(connection, session_id, source)
            row = connection.execute(
                f"SELECT {SESSION_COLUMNS} FROM sessions s "
                "JOIN projects p ON p.key = s.project_key WHERE s.key = ?",
                (key,),
            ).fetchone()
        return session_of(row)

    def short_ids(self, ids: Iterable[str]) -> dict[str, str]:
        """Of each id a beginning that finds no other session; for people, who may type it."""
        short = {}
        with self._database.reading() as connection:
            for each in ids:
                near = (connection.execute(query, (each,)) for query in (_BEFORE, _AFTER))
                shared = max(_shared(each, rows.fetchone()[0] or "") for rows in near)
                short[each] = each[: max(_SHOWN_OF_ID, shared + 1)]
        return short

    def agents(self, session_id: str, source: str) -> list[Session]:
        """The sessions of the sub-agents of a session, oldest first."""
        with self._database.reading() as connection:
            rows = connection.execute(
                f"SELECT {SESSION_COLUMNS} FROM sessions s "
                "JOIN projects p ON p.key = s.project_key "
                "WHERE s.parent_id = ? AND s.source = ? "
                "AND json_extract(s.metadata, '$.forkedFrom') IS NULL "
                "ORDER BY s.started_at, s.key",
                (session_id, source),
            ).fetchall()
        return [session_of(row) for row in rows]

    def messages(
        self,
        session_id: str,
        around: str | None = None,
        limit: int | None = None,
        source: str | None = None,
    ) -> list[Message]:
        """Messages of a session in order; `around` centres `limit` of them on one message.

        Raises NotFound for an unknown session or message, and Conflict as `get`.
        """
        with self._database.reading() as connection:
            key = self._key(connection, session_id, source)
            if around is None:
                rows = connection.execute(
                    f"{_MESSAGES} {_IN_ORDER} LIMIT ?", (key, -1 if limit is None else limit)
                )
                return [message_of(row) for row in rows]
            anchor = connection.execute(_PLACE, (key, around)).fetchone()
            if anchor is None:
                raise NotFound(f"Session {session_id} has no message {around}.")
            half = (limit or 50) // 2
            earlier = connection.execute(
                f"{_MESSAGES} AND (m.position, m.key) < (?, ?) "
                "ORDER BY m.position DESC, m.key DESC LIMIT ?",
                (key, *anchor, half),
            ).fetchall()
            later = connection.execute(
                f"{_MESSAGES} AND (m.position, m.key) >= (?, ?) {_IN_ORDER} LIMIT ?",
                (key, *anchor, (limit or 50) - len(earlier)),
            ).fetchall()
        return [message_of(row) for row in [*reversed(earlier), *later]]

    def before(self, session_id: str, message_id: str, source: str) -> list[Message] | None:
        """The messages of a session that stand before one of its own; None if it has no such one.

        Raises NotFound for an unknown session.
        """
        with self._database.reading() as connection:
            key = self._key(connection, session_id, source)
            place = connection.execute(_PLACE, (key, message_id)).fetchone()
            if place is None:
                return None
            rows = connection.execute(
                f"{_MESSAGES} AND (m.position, m.key) < (?, ?) {_IN_ORDER}", (key, *place)
            )
            return [message_of(row) for row in rows]

    def put(self, session: Session) -> Session:
        """Store a session that an editor or assistant announces; keeps what is known of it.

        Raises Excluded.
        """
        session = admitted(session)
        with self._database.writing() as connection:
            self._refuse_excluded(connection, session)
            self._writer.upsert_session(connection, session)
            key = project_key(connection, named_project(session.project, session.project_path))
            bump_revision(connection, "sessions", key)
        return self.get(session.id, session.source)

    def end(
        self,
        session_id: str,
        ended_at: str,
        summary: str | None = None,
        source: str | None = None,
    ) -> Session:
        """Note when a session ended, and what it was about. Raises NotFound and Conflict."""
        with self._database.writing() as connection:
            key = self._exactly(connection, session_id, source)
            connection.execute(
                "UPDATE sessions SET ended_at = ?, summary = coalesce(?, summary) WHERE key = ?",
                (ended_at, summary and storable(summary), key),
            )
            project, source = connection.execute(
                "SELECT project_key, source FROM sessions WHERE key = ?", (key,)
            ).fetchone()
            bump_revision(connection, "sessions", project)
        return self.get(session_id, source)

    def stored_sources(self) -> set[str]:
        """Every source of which there is a session: a front end may have announced its own."""
        with self._database.reading() as connection:
            return {row[0] for row in connection.execute("SELECT DISTINCT source FROM sessions")}

    def sources(self, session_id: str) -> list[str]:
        """The sources that have a session with exactly this identifier."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT source FROM sessions WHERE id = ? ORDER BY source", (session_id,)
            )
            return [row[0] for row in rows]

    def record(self, session: Session, messages: Sequence[Message]) -> int:
        """Store messages that come from no transcript; returns how many are new or changed.

        Raises Excluded.
        """
        (session, messages), _ = admit((session, list(messages)))
        with self._database.writing() as connection:
            self._refuse_excluded(connection, session)
            written = self._writer.upsert_sessions(connection, [session], messages)
            result = self._writer.write_messages(connection, messages, written, replay_ids=False)
        return result.messages_added + result.messages_updated

    def _refuse_excluded(self, connection: sqlite3.Connection, session: Session) -> None:
        exclusions = self._database.exclusions(connection)
        if exclusions and self._writer.excluded(connection, [session], exclusions):
            place = (session.project, session.project_path)
            setting = exclusions.session(session.source, *place)
            refuse(setting or "what excludes its session", session.project or session.source)

    def family(self, session_id: str, source: str | None = None) -> list[str]:
        """Ids of the session and of those of its sub-agents, and theirs.

        Raises NotFound and Conflict.
        """
        with self._database.reading() as connection:
            return [id for _, id, *_ in self._family(connection, session_id, source)]

    def _family(
        self, connection: sqlite3.Connection, session_id: str, source: str | None
    ) -> list[tuple[int, str, str, int]]:
        """Key, id, source and key of the project of each, parents first."""
        key = self._exactly(connection, session_id, source)
        return connection.execute(_FAMILY, (key,)).fetchall()

    def delete(self, session_id: str, source: str | None = None) -> tuple[list[str], DeletedRows]:
        """Delete a session, and those of its sub-agents, with their messages and chunks.

        They do not come back with a later import, nor from a copy or a fork. Returns their ids.
        Raises NotFound and Conflict.
        """
        ids: list[str] = []
        messages: list[int] = []
        chunks: list[int] = []
        forgotten = Forgotten()
        with self._database.writing() as connection:
            for key, id, *_ in self._family(connection, session_id, source):
                ids.append(id)
                for table, keys in (("messages", messages), ("chunks", chunks)):
                    held = connection.execute(
                        f"SELECT key FROM {table} WHERE session_key = ?", (key,)
                    )
                    keys += [row[0] for row in held]
                erase_session(connection, key, forgotten)
            owe(connection, forgotten)
        deleted = DeletedRows(
            documents=messages, indexed=messages, owners=chunks, forgotten=forgotten
        )
        return ids, deleted

    def _exactly(self, connection: sqlite3.Connection, session_id: str, source: str | None) -> int:
        """Key of the session to be changed: a beginning might mean another one by now."""
        key = self._named(connection, session_id, source)
        if key is None:
            raise NotFound(f"There is no session {session_id}.", "Changes take the whole id.")
        return key

    def _key(self, connection: sqlite3.Connection, session_id: str, source: str | None) -> int:
        key = self._named(connection, session_id, source)
        if key is None:
            query = (
                "SELECT key FROM sessions WHERE id BETWEEN :first AND :last "
                "AND source = coalesce(:source, source)"
            )
            begun = begun_with(connection, "sessions", query, session_id, source=source)
            key = None if begun is None else int(begun[0])
        if key is None:
            raise NotFound(
                f"There is no session {session_id}.", f"`{command('sessions', 'list')}` shows them."
            )
        return key

    @staticmethod
    def _named(connection: sqlite3.Connection, session_id: str, source: str | None) -> int | None:
        """Key of the session with exactly this identifier. Raises Conflict if several have it."""
        rows = connection.execute(
            "SELECT key, source FROM sessions WHERE id = ?1 AND source = coalesce(?2, source) "
            f"AND {VISIBLE_SESSION} ORDER BY source",
            (session_id, source),
        ).fetchall()
        if len(rows) > 1:
            sources = ", ".join(row[1] for row in rows)
            raise Conflict(f"Several assistants have a session {session_id} ({sources}): name one.")
        return int(rows[0][0]) if rows else None


def _shared(a: str, b: str) -> int:
    """How many characters two texts begin with alike."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(a, b, strict=False)))
