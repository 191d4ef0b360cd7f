"""Sessions and messages: what capture writes and what people read."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Sequence

import msgspec
from msgspec import Struct

from aiana.errors import NotFound
from aiana.models import CaptureBatch, CapturePosition, Message, Session
from aiana.storage.database import Database
from aiana.storage.rows import (
    MESSAGE_COLUMNS,
    SESSION_COLUMNS,
    Gone,
    bump_revision,
    decode_cursor,
    encode_cursor,
    matching_projects,
    message_of,
    named_project,
    project_key,
    session_of,
    storable,
    to_json,
)
from aiana.times import now

# Where a title comes from: the first prompt, a summary, the source itself. The better one stays.
_DERIVED, _SUMMARISED, _GIVEN = range(3)
_MESSAGE_FIELDS = (
    "session_key, id, type, role, tool_name, timestamp, parent_id, tokens, content, identifiers, "
    "tool_input, metadata"
)
_UPSERT_MESSAGES = f"""
INSERT INTO messages ({_MESSAGE_FIELDS}) SELECT * FROM incoming WHERE true ORDER BY rowid
ON CONFLICT (id, session_key) DO UPDATE SET
    type = excluded.type, role = excluded.role, tool_name = excluded.tool_name,
    timestamp = excluded.timestamp, parent_id = excluded.parent_id, tokens = excluded.tokens,
    content = excluded.content, identifiers = excluded.identifiers,
    tool_input = excluded.tool_input, metadata = excluded.metadata
WHERE content != excluded.content OR type != excluded.type OR metadata != excluded.metadata
    OR tool_input IS NOT excluded.tool_input OR timestamp != excluded.timestamp
"""


class BatchResult(Struct, frozen=True, kw_only=True):
    """What one batch changed."""

    sessions_added: int = 0
    sessions_updated: int = 0
    messages_added: int = 0
    messages_updated: int = 0
    messages_skipped: int = 0


class SessionStore:
    """Sessions, their messages, and how far each transcript has been read.

    `identifier_parts` gives the searchable parts of the identifiers in a text.
    """

    def __init__(self, database: Database, identifier_parts: Callable[[str], str]) -> None:
        self._database = database
        self._identifier_parts = identifier_parts

    def page(
        self,
        project: str | None = None,
        limit: int = 50,
        cursor: str | None = None,
        sources: Sequence[str] = (),
        after: str | None = None,
        before: str | None = None,
        include_children: bool = False,
    ) -> tuple[list[Session], str | None]:
        """Sessions, newest first, and the cursor of the next page if there is one."""
        where, params = ["1"], list[object]()
        with self._database.reading() as connection:
            if project is not None:
                keys = matching_projects(connection, project)
                where.append(f"s.project_key IN ({','.join('?' * len(keys))})")
                params += keys
            if sources:
                where.append(f"s.source IN ({','.join('?' * len(sources))})")
                params += sources
            if after is not None:
                where.append("coalesce(s.ended_at, s.started_at) >= ?")
                params.append(after)
            if before is not None:
                where.append("s.started_at < ?")
                params.append(before)
            if not include_children:
                where.append("s.parent_id IS NULL")
            if cursor is not None:
                where.append("(s.started_at, s.key) < (?, ?)")
                params += decode_cursor(cursor)
            rows = connection.execute(
                f"SELECT {SESSION_COLUMNS}, s.key FROM sessions s "
                f"JOIN projects p ON p.key = s.project_key WHERE {' AND '.join(where)} "
                "ORDER BY s.started_at DESC, s.key DESC LIMIT ?",
                [*params, limit + 1],
            ).fetchall()
        page = rows[:limit]
        more = encode_cursor(page[-1][5], page[-1][13]) if len(rows) > limit and page else None
        return [session_of(row) for row in page], more

    def get(self, session_id: str) -> Session:
        """The session with this identifier, or a unique beginning of it. Raises NotFound."""
        with self._database.reading() as connection:
            key = self._key(connection, session_id)
            row = connection.execute(
                f"SELECT {SESSION_COLUMNS} FROM sessions s "
                "JOIN projects p ON p.key = s.project_key WHERE s.key = ?",
                (key,),
            ).fetchone()
        return session_of(row)

    def messages(
        self, session_id: str, around: str | None = None, limit: int | None = None
    ) -> list[Message]:
        """Messages of a session in order; `around` centres `limit` of them on one message.

        Raises NotFound for an unknown session or message.
        """
        order = "ORDER BY m.timestamp, m.key"
        select = (
            f"SELECT {MESSAGE_COLUMNS} FROM messages m JOIN sessions s ON s.key = m.session_key "
            "WHERE m.session_key = ?"
        )
        with self._database.reading() as connection:
            key = self._key(connection, session_id)
            if around is None:
                rows = connection.execute(
                    f"{select} {order} LIMIT ?", (key, -1 if limit is None else limit)
                ).fetchall()
                return [message_of(row) for row in rows]
            anchor = connection.execute(
                "SELECT timestamp, key FROM messages WHERE session_key = ? AND id = ?",
                (key, around),
            ).fetchone()
            if anchor is None:
                raise NotFound(f"Session {session_id} has no message {around}.")
            half = (limit or 50) // 2
            earlier = connection.execute(
                f"{select} AND (m.timestamp, m.key) < (?, ?) "
                "ORDER BY m.timestamp DESC, m.key DESC LIMIT ?",
                (key, *anchor, half),
            ).fetchall()
            later = connection.execute(
                f"{select} AND (m.timestamp, m.key) >= (?, ?) {order} LIMIT ?",
                (key, *anchor, (limit or 50) - len(earlier)),
            ).fetchall()
        return [message_of(row) for row in [*reversed(earlier), *later]]

    def put(self, session: Session) -> Session:
        """Store a session that an editor or assistant announces; keeps what is known of it."""
        with self._database.writing() as connection:
            self._upsert_session(connection, session)
            key = project_key(connection, named_project(session.project, session.project_path))
            bump_revision(connection, "sessions", key)
        return self.get(session.id)

    def end(self, session_id: str, ended_at: str, summary: str | None = None) -> Session:
        """Note when a session ended, and what it was about. Raises NotFound."""
        with self._database.writing() as connection:
            key = self._key(connection, session_id)
            connection.execute(
                "UPDATE sessions SET ended_at = ?, summary = coalesce(?, summary) WHERE key = ?",
                (ended_at, summary and storable(summary), key),
            )
            (project,) = connection.execute(
                "SELECT project_key FROM sessions WHERE key = ?", (key,)
            ).fetchone()
            bump_revision(connection, "sessions", project)
        return self.get(session_id)

    def record(self, session: Session, messages: Sequence[Message]) -> int:
        """Store messages that come from no transcript; returns how many are new or changed."""
        with self._database.writing() as connection:
            keys, _ = self._upsert_sessions(connection, [session])
            result = self._write_messages(connection, messages, keys, replay_ids=False)
        return result.messages_added + result.messages_updated

    def write_batch(self, batch: CaptureBatch) -> BatchResult:
        """Store one step of a transcript, its position included, in one transaction."""
        with self._database.writing() as connection:
            keys, added = self._upsert_sessions(connection, batch.sessions)
            result = self._write_messages(connection, batch.messages, keys, batch.replay_ids)
            self._write_titles(connection, batch)
            connection.execute(
                "INSERT OR REPLACE INTO capture_positions VALUES (?, ?, ?, ?)",
                (
                    batch.position.path,
                    batch.position.source,
                    now(),
                    msgspec.json.encode(batch.position).decode(),
                ),
            )
        return msgspec.structs.replace(
            result, sessions_added=added, sessions_updated=len(keys) - added
        )

    def positions(self, source: str) -> dict[str, CapturePosition]:
        """How far every transcript of a source has been read, by path."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT path, position FROM capture_positions WHERE source = ?", (source,)
            ).fetchall()
        return {path: msgspec.json.decode(text, type=CapturePosition) for path, text in rows}

    def position(self, path: str) -> CapturePosition | None:
        """How far a transcript has been read; None if never."""
        with self._database.reading() as connection:
            row = connection.execute(
                "SELECT position FROM capture_positions WHERE path = ?", (path,)
            ).fetchone()
        return msgspec.json.decode(row[0], type=CapturePosition) if row else None

    def last_import(self, source: str) -> str | None:
        """When the source was last read with anything new in it."""
        with self._database.reading() as connection:
            row = connection.execute(
                "SELECT max(imported_at) FROM capture_positions WHERE source = ?", (source,)
            ).fetchone()
        return str(row[0]) if row[0] else None

    def delete(self, session_ids: Iterable[str]) -> Gone:
        """Delete sessions with their messages and chunks, and keep them from coming back.

        Raises NotFound.
        """
        messages: list[int] = []
        chunks: list[int] = []
        with self._database.writing() as connection:
            for session_id in session_ids:
                key = self._key(connection, session_id)
                identity = connection.execute(
                    "SELECT id, source, project_key FROM sessions WHERE key = ?", (key,)
                ).fetchone()
                for table, keys in (("messages", messages), ("chunks", chunks)):
                    held = connection.execute(
                        f"SELECT key FROM {table} WHERE session_key = ?", (key,)
                    )
                    keys += [row[0] for row in held]
                connection.execute("DELETE FROM chunks WHERE session_key = ?", (key,))
                connection.execute("DELETE FROM messages WHERE session_key = ?", (key,))
                connection.execute("DELETE FROM sessions WHERE key = ?", (key,))
                connection.execute(
                    "INSERT OR REPLACE INTO tombstones VALUES ('session', ?, ?, ?)",
                    (identity[1], identity[0], now()),
                )
                bump_revision(connection, "sessions", identity[2])
        return Gone(documents=messages, indexed=messages, owners=chunks)

    def _key(self, connection: sqlite3.Connection, session_id: str) -> int:
        row = connection.execute("SELECT key FROM sessions WHERE id = ?", (session_id,)).fetchone()
        if row is None and len(session_id) >= 4:
            begun = connection.execute(
                "SELECT key FROM sessions WHERE substr(id, 1, ?) = ? LIMIT 2",
                (len(session_id), session_id),
            ).fetchall()
            if len(begun) > 1:
                raise NotFound(f"Several sessions begin with {session_id}: give more of it.")
            row = begun[0] if begun else None
        if row is None:
            raise NotFound(f"There is no session {session_id}. `aiana sessions list` shows them.")
        return int(row[0])

    def _upsert_sessions(
        self, connection: sqlite3.Connection, sessions: Iterable[Session]
    ) -> tuple[dict[str, int], int]:
        keys: dict[str, int] = {}
        added = 0
        for session in sessions:
            if self._is_deleted(connection, session):
                continue
            key, is_new = self._upsert_session(connection, session)
            keys[session.id] = key
            added += is_new
        return keys, added

    @staticmethod
    def _is_deleted(connection: sqlite3.Connection, session: Session) -> bool:
        row = connection.execute(
            "SELECT 1 FROM tombstones WHERE kind = 'session' AND source = ? AND id IN (?, ?)",
            (session.source, session.id, session.parent_id),
        ).fetchone()
        return row is not None

    @staticmethod
    def _upsert_session(connection: sqlite3.Connection, session: Session) -> tuple[int, bool]:
        known = connection.execute(
            "SELECT key, metadata FROM sessions WHERE id = ? AND source = ?",
            (session.id, session.source),
        ).fetchone()
        project = project_key(connection, named_project(session.project, session.project_path))
        metadata = (json.loads(known[1]) if known else {}) | session.metadata
        values = (
            project,
            session.project_path,
            session.transcript_path,
            session.started_at or now(),
            session.ended_at,
            session.title and storable(session.title),
            session.summary and storable(session.summary),
            session.parent_id,
            storable(to_json(metadata)),
        )
        if known is None:
            cursor = connection.execute(
                "INSERT INTO sessions (project_key, project_path, transcript_path, started_at, "
                "ended_at, title, summary, parent_id, metadata, id, source, title_rank) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (*values, session.id, session.source, _GIVEN if session.title else _DERIVED),
            )
            assert cursor.lastrowid is not None
            return cursor.lastrowid, True
        connection.execute(
            "UPDATE sessions SET "
            "project_key = CASE WHEN ?1 = (SELECT key FROM projects WHERE id = '') "
            "  THEN project_key ELSE ?1 END, "
            "project_path = CASE ?2 WHEN '' THEN project_path ELSE ?2 END, "
            "transcript_path = CASE ?3 WHEN '' THEN transcript_path ELSE ?3 END, "
            "started_at = min(started_at, ?4), ended_at = max(coalesce(?5, ended_at), "
            "  coalesce(ended_at, ?5)), "
            "title = coalesce(?6, title), "
            f"title_rank = iif(?6 IS NULL, title_rank, {_GIVEN}), "
            "summary = coalesce(?7, summary), "
            "parent_id = coalesce(?8, parent_id), metadata = ?9 WHERE key = ?10",
            (*values, known[0]),
        )
        return int(known[0]), False

    def _write_messages(
        self,
        connection: sqlite3.Connection,
        messages: Sequence[Message],
        keys: dict[str, int],
        replay_ids: bool,
    ) -> BatchResult:
        by_session: dict[int, list[Message]] = {}
        skipped = 0
        for message in messages:
            key = keys.get(message.session_id)
            if key is None or (replay_ids and self._is_replay(connection, message, key)):
                skipped += 1
            else:
                by_session.setdefault(key, []).append(message)
        added = updated = 0
        for key, batch in by_session.items():
            count = "SELECT count(*) FROM messages WHERE session_key = ?"
            before = connection.execute(count, (key,)).fetchone()[0]
            next_key = connection.execute("SELECT coalesce(max(key), 0) + 1 FROM messages")
            (first_new,) = next_key.fetchone()
            written = self._upsert_messages(connection, key, batch)
            new = connection.execute(count, (key,)).fetchone()[0] - before
            added += new
            updated += written - new
            skipped += len(batch) - written
            if written:
                self._after_write(connection, key, first_new if written == new else 0)
        return BatchResult(messages_added=added, messages_updated=updated, messages_skipped=skipped)

    def _upsert_messages(
        self, connection: sqlite3.Connection, session_key: int, messages: list[Message]
    ) -> int:
        rows = []
        for m in messages:
            content = storable(m.content)
            # Tool output is ten times what people said; its identifiers are found whole.
            parts = "" if m.type == "tool_result" else self._identifier_parts(content)
            rows.append(
                (
                    session_key,
                    m.id,
                    m.type,
                    m.role,
                    m.tool_name,
                    m.timestamp,
                    m.parent_id,
                    m.tokens,
                    content,
                    parts,
                    m.tool_input and storable(m.tool_input),
                    storable(to_json(m.metadata)) if m.metadata else "{}",
                )
            )
        # One statement for all rows: FTS5 writes out what it has gathered at the end of each.
        connection.execute(f"CREATE TEMP TABLE IF NOT EXISTS incoming ({_MESSAGE_FIELDS})")
        connection.executemany(
            "INSERT INTO incoming VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows
        )
        written = connection.execute(_UPSERT_MESSAGES).rowcount
        connection.execute("DELETE FROM incoming")
        return written

    @staticmethod
    def _after_write(connection: sqlite3.Connection, session_key: int, dirty_from: int) -> None:
        """Keep the counts, and mark the session for chunking from its first changed message on."""
        connection.execute(
            "UPDATE sessions SET (message_count, token_count) = "
            "(SELECT count(*), coalesce(sum(tokens), 0) FROM messages WHERE session_key = ?1), "
            "dirty_from = min(coalesce(dirty_from, ?2), ?2), "
            "title = coalesce(title, (SELECT trim(substr(replace(content, char(10), ' '), 1, 120)) "
            "  FROM messages WHERE session_key = ?1 AND type = 'user' AND content != '' "
            "  ORDER BY timestamp, key LIMIT 1)) WHERE key = ?1",
            (session_key, dirty_from),
        )
        project = connection.execute(
            "SELECT project_key FROM sessions WHERE key = ?", (session_key,)
        ).fetchone()[0]
        bump_revision(connection, "sessions", project)

    @staticmethod
    def _is_replay(connection: sqlite3.Connection, message: Message, session_key: int) -> bool:
        """Whether another session of the source holds the message; equal ids alone are chance."""
        row = connection.execute(
            "SELECT 1 FROM messages m JOIN sessions s ON s.key = m.session_key "
            "WHERE m.id = ?1 AND m.session_key != ?2 AND (m.timestamp = ?3 OR m.content = ?4) "
            "AND s.source = (SELECT source FROM sessions WHERE key = ?2)",
            (message.id, session_key, message.timestamp, storable(message.content)),
        ).fetchone()
        return row is not None

    @staticmethod
    def _write_titles(connection: sqlite3.Connection, batch: CaptureBatch) -> None:
        """Titles name a message; they wait until the session that holds it has been stored."""
        source = batch.position.source
        connection.executemany(
            "INSERT OR REPLACE INTO pending_titles VALUES (?, ?, ?)",
            [(message_id, source, storable(title)) for message_id, title in batch.titles.items()],
        )
        known = connection.execute(
            "SELECT t.title, s.key, t.message_id FROM pending_titles t "
            "JOIN messages m ON m.id = t.message_id "
            "JOIN sessions s ON s.key = m.session_key AND s.source = t.source "
            "WHERE t.source = ?",
            (source,),
        ).fetchall()
        for title, key, message_id in known:
            connection.execute(
                "UPDATE sessions SET title = ?1, title_rank = ?2 WHERE key = ?3 "
                "AND title_rank <= ?2",
                (title, _SUMMARISED, key),
            )
            connection.execute(
                "DELETE FROM pending_titles WHERE message_id = ? AND source = ?",
                (message_id, source),
            )
