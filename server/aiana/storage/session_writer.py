"""How sessions and their messages are written, whoever brings them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from aiana.exclusions import Exclusions
from aiana.hiding import OF_EXCLUDED, VISIBLE_SESSION
from aiana.models import Message, Session, Spent
from aiana.projects import is_gone
from aiana.redaction.door import to_json
from aiana.storage.forgotten import Tombstones
from aiana.storage.guarded import Admitted, AdmittedRow
from aiana.storage.identifiers import derived_words
from aiana.storage.places import new_places
from aiana.storage.rows import bump_revision, named_project, project_key, storable
from aiana.storage.touching import note_touches
from aiana.times import now
from aiana.titles import title_of

# Where a title comes from: the first prompt, a summary, the source itself. The better one stays.
DERIVED, SUMMARISED, GIVEN = range(3)
_TITLED_BY = (("user",), ("assistant", "summary"), ("thinking",), ("tool_use",), ("system",))
"""What names a session, if it has any; of those types the first that it has."""
_TITLE_PROMPTS, _TITLE_CHARS = 30, 4000
"""How many prompts a title is looked for in, and how much of each."""
_MESSAGE_FIELDS = (
    "session_key, id, type, role, tool_name, timestamp, parent_id, tokens, content, identifiers, "
    "tool_input, metadata, position"
)
_ADD_MESSAGES = f"""
INSERT INTO messages ({_MESSAGE_FIELDS})
SELECT session_key, id, type, role, tool_name, timestamp, parent_id, tokens, content, identifiers,
    tool_input, metadata, coalesce(position, rowid + ?) FROM new_messages WHERE true ORDER BY rowid
ON CONFLICT (id, session_key) DO NOTHING
"""
_UPSERT_MESSAGES = f"""
{_ADD_MESSAGES.replace("DO NOTHING", "DO UPDATE SET")}
    type = excluded.type, role = excluded.role, tool_name = excluded.tool_name,
    timestamp = excluded.timestamp, parent_id = excluded.parent_id,
    tokens = coalesce(excluded.tokens, tokens),
    content = excluded.content, identifiers = excluded.identifiers,
    tool_input = excluded.tool_input, metadata = excluded.metadata
WHERE content != excluded.content OR type != excluded.type OR metadata != excluded.metadata
    OR tool_input IS NOT excluded.tool_input OR timestamp != excluded.timestamp
    OR (excluded.tokens IS NOT NULL AND tokens IS NOT excluded.tokens)
"""


_MOVE_MESSAGES = """
UPDATE messages SET position = i.position FROM new_messages i
WHERE messages.session_key = i.session_key AND messages.id = i.id
    AND messages.position != i.position
"""
_PLACE_NEW = "UPDATE new_messages SET position = ? WHERE id = ?"
_PLACE_STORED = "UPDATE messages SET position = ? WHERE id = ? AND session_key = ?"


def derive_title(connection: sqlite3.Connection, session_key: int) -> None:
    """Name a session that nobody named by what was asked in it, else by what was said or done."""
    for types in _TITLED_BY:
        texts = connection.execute(
            "SELECT coalesce(iif(m.type = 'tool_use', m.tool_name || ': ', ''), '') "
            "|| substr(m.content, 1, ?2) FROM sessions s "
            "JOIN messages m ON m.session_key = s.key "
            f"WHERE s.key = ?1 AND s.title_rank = {DERIVED} AND m.content != '' "
            "AND m.type IN (SELECT value FROM json_each(?4)) ORDER BY m.position, m.key LIMIT ?3",
            (session_key, _TITLE_CHARS, _TITLE_PROMPTS, json.dumps(types)),
        )
        if title := title_of(text for (text,) in texts):
            connection.execute(
                "UPDATE sessions SET title = ?1 WHERE key = ?2 AND title IS NOT ?1",
                (title, session_key),
            )
            return


class BatchResult(Struct, frozen=True, kw_only=True):
    """What one batch changed."""

    sessions_added: int = 0
    sessions_updated: int = 0
    messages_added: int = 0
    messages_updated: int = 0
    messages_skipped: int = 0
    memories_added: int = 0
    redactions: int = 0
    """Secrets that the batch held."""
    excluded: bool = False
    """Whether something of it was left out since the settings exclude it."""


class Written(NamedTuple):
    """What became of the sessions of a batch."""

    keys: dict[str, int]
    """Of those that were written, by id."""
    added: int
    forgotten: dict[str, set[str]]
    """Ids of their messages that were forgotten."""


class SessionWriter:
    """Writes inside the caller's transaction what has been through the door."""

    def upsert_sessions(
        self,
        connection: sqlite3.Connection,
        sessions: Iterable[Session],
        messages: Sequence[Message],
    ) -> Written:
        """Which sessions were written; deleted ones are left out."""
        keys: dict[str, int] = {}
        forgotten: dict[str, set[str]] = {}
        added = 0
        tombstones = Tombstones(connection)
        wary = tombstones.any
        for session in sessions:
            if self._is_deleted(connection, session):
                continue
            if wary:
                own = [message for message in messages if message.session_id == session.id]
                gone = tombstones.among(session.source, own)
                kept = self._without_forgotten(connection, tombstones, session, own, gone)
                if kept is None:
                    continue
                session, forgotten[session.id] = kept, gone
            key, is_new = self.upsert_session(connection, session)
            keys[session.id] = key
            added += is_new
        return Written(keys, added, forgotten)

    def excluded(
        self,
        connection: sqlite3.Connection,
        sessions: Sequence[Session],
        exclusions: Exclusions,
    ) -> set[str]:
        """Ids of those that the settings exclude; sub-agents are, where their session is.

        It is noted that they are, for sub-agents that come later. What is known of one of which
        something was stored before its folder was told is put right, so that it is hidden.
        """
        kind = OF_EXCLUDED + exclusions.fingerprint
        found: dict[str, Session] = {}
        for session in sessions:
            hidden = connection.execute(
                "SELECT 1 FROM tombstones WHERE kind = ?1 AND source = ?2 AND id IN (?3, ?4) "
                "UNION ALL SELECT 1 FROM sessions WHERE source = ?2 AND id IN (?3, ?4) "
                f"AND NOT {VISIBLE_SESSION}",
                (kind, session.source, session.id, session.parent_id),
            ).fetchone()
            place = (session.project, session.project_path, session.transcript_path)
            if hidden or exclusions.session(session.source, *place):
                found[session.id] = session
        while more := [s for s in sessions if s.id not in found and s.parent_id in found]:
            found |= {session.id: session for session in more}
        for session in found.values():
            connection.execute(
                "INSERT OR IGNORE INTO tombstones VALUES (?, ?, ?, ?)",
                (kind, session.source, session.id, now()),
            )
            stored = connection.execute(
                "SELECT key FROM sessions WHERE id = ? AND source = ? AND project_path = ''",
                (session.id, session.source),
            ).fetchone()
            if stored is not None and session.project_path:
                connection.execute(
                    "UPDATE sessions SET project_key = ?, project_path = ? WHERE key = ?",
                    (self._project(connection, session), session.project_path, stored[0]),
                )
        if found:
            connection.execute(
                "DELETE FROM tombstones WHERE kind > ?1 AND kind < ?1 || char(1114111) "
                "AND kind != ?2",
                (OF_EXCLUDED, kind),
            )
        return set(found)

    @staticmethod
    def _is_deleted(connection: sqlite3.Connection, session: Session) -> bool:
        row = connection.execute(
            "SELECT 1 FROM tombstones WHERE kind = 'session' AND source = ? AND id IN (?, ?)",
            (session.source, session.id, session.parent_id),
        ).fetchone()
        if row is not None:
            SessionWriter._bury(connection, session)
        return row is not None

    @staticmethod
    def _project(connection: sqlite3.Connection, session: Session) -> int:
        """The key of the session's project; of a folder that is gone the one that is known."""
        path = session.project_path
        if path and path.startswith(session.project) and is_gone(path):
            stored = connection.execute(
                "SELECT s.project_key FROM sessions s JOIN projects p ON p.key = s.project_key "
                "WHERE s.project_path = ? AND p.id != '' ORDER BY s.key LIMIT 1",
                (path,),
            ).fetchone()
            if stored:
                return int(stored[0])
        return project_key(connection, named_project(session.project, session.project_path))

    @staticmethod
    def _bury(connection: sqlite3.Connection, session: Session) -> None:
        """Its sub-agents are left out, too."""
        connection.execute(
            "INSERT OR IGNORE INTO tombstones VALUES ('session', ?, ?, ?)",
            (session.source, session.id, now()),
        )

    @staticmethod
    def _without_forgotten(
        connection: sqlite3.Connection,
        tombstones: Tombstones,
        session: Session,
        messages: Sequence[Message],
        gone: set[str],
    ) -> Session | None:
        """The session as it may be stored; None if it brings back nothing but what was deleted.

        A fork is kept for what was said in it alone, without a name that it may have from before.
        """
        known = connection.execute(
            "SELECT 1 FROM sessions WHERE id = ? AND source = ?", (session.id, session.source)
        ).fetchone()
        if gone:
            if known is None and all(message.id in gone for message in messages):
                return None
            return replace(session, title=None, summary=None)
        if known is None and tombstones.opens_like_one(session.source, messages):
            SessionWriter._bury(connection, session)
            return None
        return session

    @staticmethod
    def upsert_session(connection: sqlite3.Connection, session: Session) -> tuple[int, bool]:
        known = connection.execute(
            "SELECT key, metadata FROM sessions WHERE id = ? AND source = ?",
            (session.id, session.source),
        ).fetchone()
        project = SessionWriter._project(connection, session)
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
                (*values, session.id, session.source, GIVEN if session.title else DERIVED),
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
            f"title_rank = iif(?6 IS NULL, title_rank, {GIVEN}), "
            "summary = coalesce(?7, summary), "
            "parent_id = coalesce(?8, parent_id), metadata = ?9 WHERE key = ?10",
            (*values, known[0]),
        )
        return int(known[0]), False

    def write_messages(
        self,
        connection: sqlite3.Connection,
        messages: Sequence[Message],
        written: Written,
        replay_ids: bool,
        adds_only: bool = False,
        previous: Mapping[str, str] | None = None,
    ) -> BatchResult:
        """`previous` names, by session, what their file tells before these, if they are of one."""
        by_session: dict[int, list[Message]] = {}
        skipped = 0
        stored = self._stored_ids(connection, messages) if replay_ids else set()
        for message in messages:
            key = written.keys.get(message.session_id)
            if (
                key is None
                or (message.id in stored and self._is_replay(connection, message, key))
                or message.id in written.forgotten.get(message.session_id, ())
            ):
                skipped += 1
            else:
                by_session.setdefault(key, []).append(message)
        added = updated = 0
        for key, batch in by_session.items():
            count = "SELECT count(*) FROM messages WHERE session_key = ?"
            before = connection.execute(count, (key,)).fetchone()[0]
            next_key = connection.execute("SELECT coalesce(max(key), 0) + 1 FROM messages")
            (first_new,) = next_key.fetchone()
            last = (previous or {}).get(batch[0].session_id)
            changed, moved = self._upsert_messages(connection, key, batch, adds_only, last)
            new = connection.execute(count, (key,)).fetchone()[0] - before
            added += new
            updated += changed - new
            skipped += len(batch) - changed
            if changed:
                note_touches(connection, key, batch)
            if changed or moved:
                self._after_write(connection, key, first_new if changed == new and not moved else 0)
        return BatchResult(messages_added=added, messages_updated=updated, messages_skipped=skipped)

    @staticmethod
    def note_spent(connection: sqlite3.Connection, source: str, spent: Iterable[Spent]) -> None:
        """Keep what messages took that are stored; of others it says nothing."""
        for each in spent:
            row = connection.execute(
                "SELECT m.key, s.key, s.project_key FROM sessions s "
                "JOIN messages m ON m.session_key = s.key AND m.id = ?3 "
                "WHERE s.id = ?1 AND s.source = ?2 AND m.tokens IS NOT ?4",
                (each.session_id, source, each.message_id, each.tokens),
            ).fetchone()
            if row is None:
                continue
            message, session, project = row
            connection.execute(
                "UPDATE messages SET tokens = ? WHERE key = ?", (each.tokens, message)
            )
            connection.execute(
                "UPDATE sessions SET token_count = "
                "(SELECT coalesce(sum(tokens), 0) FROM messages WHERE session_key = ?1) "
                "WHERE key = ?1",
                (session,),
            )
            bump_revision(connection, "sessions", project)

    def _upsert_messages(
        self,
        connection: sqlite3.Connection,
        session_key: int,
        messages: list[Message],
        adds_only: bool,
        previous: str | None,
    ) -> tuple[int, int]:
        """How many messages are new or changed, and how many stand at another place now."""
        rows = []
        for m in messages:
            content = storable(m.content)
            # Tool output is ten times what people said; its identifiers are found whole.
            words = derived_words(content, parts=m.type != "tool_result")
            rows.append(
                AdmittedRow(
                    (
                        session_key,
                        storable(m.id),
                        m.type,
                        m.role and storable(m.role),
                        m.tool_name and storable(m.tool_name),
                        m.timestamp,
                        m.parent_id and storable(m.parent_id),
                        m.tokens,
                        content,
                        words,
                        m.tool_input and storable(m.tool_input),
                        storable(to_json(m.metadata)) if m.metadata else "{}",
                        m.position,
                    )
                )
            )
        # One statement for all rows: FTS5 writes out what it has gathered at the end of each.
        connection.execute(f"CREATE TEMP TABLE IF NOT EXISTS new_messages ({_MESSAGE_FIELDS})")
        connection.executemany(
            "INSERT INTO new_messages VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows
        )
        told = {m.id: m.position for m in messages if m.position is not None}
        others = 0
        if told and previous is not None:
            places = new_places(connection, session_key, told, previous)
            again = [(place, name) for name, place in places.items() if name in told]
            connection.executemany(_PLACE_NEW, again)
            away = [(p, name, session_key) for name, p in places.items() if name not in told]
            connection.executemany(_PLACE_STORED, away)
            others = len(away)
        (last,) = connection.execute(
            "SELECT coalesce(max(position), 0) FROM messages WHERE session_key = ?", (session_key,)
        ).fetchone()
        statement = _ADD_MESSAGES if adds_only else _UPSERT_MESSAGES
        written = connection.execute(statement, (last,)).rowcount
        if told and not adds_only:
            others += connection.execute(_MOVE_MESSAGES).rowcount
        connection.execute("DELETE FROM new_messages")
        return written, others

    @staticmethod
    def _after_write(connection: sqlite3.Connection, session_key: int, dirty_from: int) -> None:
        """Keep the counts, and mark the session for chunking from its first changed message on."""
        connection.execute(
            "UPDATE sessions SET (message_count, token_count) = "
            "(SELECT count(*), coalesce(sum(tokens), 0) FROM messages WHERE session_key = ?1), "
            "dirty_from = min(coalesce(dirty_from, ?2), ?2) WHERE key = ?1",
            (session_key, dirty_from),
        )
        derive_title(connection, session_key)
        project = connection.execute(
            "SELECT project_key FROM sessions WHERE key = ?", (session_key,)
        ).fetchone()[0]
        bump_revision(connection, "sessions", project)

    @staticmethod
    def _stored_ids(connection: sqlite3.Connection, messages: Sequence[Message]) -> set[str]:
        """Those ids of messages that some session has."""
        ids = {message.id: storable(message.id) for message in messages}
        rows = connection.execute(
            "SELECT id FROM messages WHERE id IN (SELECT value FROM json_each(?))",
            (Admitted(json.dumps(list(ids.values()))),),
        )
        stored = {id for (id,) in rows}
        return {id for id, kept in ids.items() if kept in stored}

    @staticmethod
    def _is_replay(connection: sqlite3.Connection, message: Message, session_key: int) -> bool:
        """Whether another session of the source holds the message; equal ids alone are chance."""
        row = connection.execute(
            "SELECT 1 FROM messages m JOIN sessions s ON s.key = m.session_key "
            "WHERE m.id = ?1 AND m.session_key != ?2 AND (m.timestamp = ?3 OR m.content = ?4) "
            "AND s.source = (SELECT source FROM sessions WHERE key = ?2)",
            (message.id, session_key, message.timestamp, Admitted(storable(message.content))),
        ).fetchone()
        return row is not None
