"""What capture has read: transcripts step by step, and how far each has been read."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct, field
from msgspec.structs import replace

from aiana.hiding import VISIBLE_SESSION
from aiana.models import CaptureBatch, CapturePosition, Following, LeftOut
from aiana.redaction.door import admit_batch
from aiana.storage.database import Database
from aiana.storage.forgotten import Tombstones
from aiana.storage.guarded import Admitted
from aiana.storage.memories import MemoryStore
from aiana.storage.preferences import PreferenceStore
from aiana.storage.rows import storable
from aiana.storage.session_writer import SUMMARISED, BatchResult, SessionWriter
from aiana.times import now

_FOLLOWING = "following"
_ARRIVED_CHARS = 400


class _Reached(Struct):
    """A position as far as a round over all files needs it; what a reader remembers is large."""

    path: str
    source: str
    mark: dict[str, Any] = field(default_factory=dict)
    skipped_lines: int = 0
    left_out: list[LeftOut] = field(default_factory=list)
    failed: str = ""
    excluded: str = ""


class Arrived(NamedTuple):
    """A session in which there are new messages."""

    session: str
    source: str
    messages: int
    text: str
    """Beginning of the last one."""


class CaptureStore:
    """Stores transcripts together with the positions that were reached in them."""

    def __init__(
        self,
        database: Database,
        writer: SessionWriter,
        memories: MemoryStore,
        preferences: PreferenceStore,
    ) -> None:
        self._database = database
        self._writer = writer
        self._memories = memories
        self._preferences = preferences

    def write_batch(self, batch: CaptureBatch) -> BatchResult:
        """Store one step of a transcript, its position included, in one transaction.

        Secrets are taken out first; the result counts those of the messages.
        """
        batch = admit_batch(batch)
        with self._database.writing() as connection:
            batch = self._without_excluded(connection, batch)
            batch = self._without_forgotten(connection, batch)
            written = self._writer.upsert_sessions(connection, batch.sessions, batch.messages)
            keys, added = written.keys, written.added
            result = self._writer.write_messages(
                connection,
                batch.messages,
                written,
                batch.replay_ids,
                batch.adds_only,
                batch.before,
            )
            self._writer.note_spent(connection, batch.position.source, batch.spent)
            self._write_titles(connection, batch)
            merged = [self._memories.merge(connection, memory) for memory in batch.memories]
            for preference in batch.preferences:
                self._preferences.merge(connection, preference)
            self._put(connection, batch.position, admitted=True)
        return msgspec.structs.replace(
            result,
            sessions_added=added,
            sessions_updated=len(keys) - added,
            memories_added=sum(merged),
            redactions=batch.redactions,
            excluded=bool(batch.position.excluded),
        )

    def _without_excluded(
        self, connection: sqlite3.Connection, batch: CaptureBatch
    ) -> CaptureBatch:
        """Of what the settings exclude nothing is kept but that it was looked at, and ids."""
        exclusions = self._database.exclusions(connection)
        if not exclusions:
            return batch
        excluded = self._writer.excluded(connection, batch.sessions, exclusions)
        memories = [
            memory
            for memory in batch.memories
            if memory.session_id not in excluded and not exclusions.memory(memory.project)
        ]
        if not excluded and len(memories) == len(batch.memories):
            known = self._position(connection, batch.position.path)
            if known is None or known.excluded != exclusions.fingerprint:
                return batch
        position = replace(batch.position, excluded=exclusions.fingerprint)
        if len(excluded) == len(batch.sessions):
            position = replace(position, state={})
        return replace(
            batch,
            sessions=[each for each in batch.sessions if each.id not in excluded],
            messages=[each for each in batch.messages if each.session_id not in excluded],
            memories=memories,
            titles={} if excluded else batch.titles,
            position=position,
        )

    @staticmethod
    def _without_forgotten(connection: sqlite3.Connection, batch: CaptureBatch) -> CaptureBatch:
        """Of a transcript whose sessions were all deleted, only how far it was read is kept."""
        path, source = batch.position.path, batch.position.source
        buried = connection.execute(
            "SELECT 1 FROM tombstones WHERE kind = 'transcript' AND source = ?1 AND id = ?2 "
            "AND NOT EXISTS (SELECT 1 FROM sessions WHERE transcript_path = ?2)",
            (source, path),
        ).fetchone()
        if buried is None:
            return batch
        return replace(batch, titles={}, spent=[], position=replace(batch.position, state={}))

    def positions(self, sources: Iterable[str]) -> dict[str, CapturePosition]:
        """How far every transcript of these sources has been read, by path; without `state`."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT path, position FROM capture_positions "
                "WHERE source IN (SELECT value FROM json_each(?))",
                (json.dumps(list(sources)),),
            ).fetchall()
        decoder = msgspec.json.Decoder(_Reached)
        return {
            path: CapturePosition(
                path=reached.path,
                source=reached.source,
                mark=reached.mark,
                skipped_lines=reached.skipped_lines,
                left_out=reached.left_out,
                failed=reached.failed,
                excluded=reached.excluded,
            )
            for path, reached in ((path, decoder.decode(text)) for path, text in rows)
        }

    def position(self, path: str) -> CapturePosition | None:
        """How far a transcript has been read; None if never."""
        with self._database.reading() as connection:
            return self._position(connection, path)

    @staticmethod
    def _position(connection: sqlite3.Connection, path: str) -> CapturePosition | None:
        row = connection.execute(
            "SELECT position FROM capture_positions WHERE path = ?", (path,)
        ).fetchone()
        return msgspec.json.decode(row[0], type=CapturePosition) if row else None

    def kept_out(self, source: str) -> set[str]:
        """Paths of the transcripts of which nothing is shown, since the settings exclude it."""
        with self._database.reading() as connection:
            fingerprint = self._database.exclusions(connection).fingerprint
            if not fingerprint:
                return set()
            rows = connection.execute(
                "SELECT path FROM capture_positions WHERE source = ?1 "
                "AND json_extract(position, '$.excluded') = ?2 "
                "UNION SELECT transcript_path FROM main.sessions WHERE source = ?1 "
                f"AND NOT {VISIBLE_SESSION} "
                "EXCEPT SELECT transcript_path FROM sessions WHERE source = ?1",
                (source, fingerprint),
            )
            return {path for (path,) in rows}

    def is_left_alone(self, position: CapturePosition) -> bool:
        """Whether all sessions of a transcript are excluded, as the rules of now say."""
        with self._database.reading() as connection:
            if not position.excluded:
                return False
            shown = connection.execute(
                "SELECT 1 FROM sessions WHERE source = ? AND transcript_path = ? LIMIT 1",
                (position.source, position.path),
            )
            return shown.fetchone() is None

    def reached_since(self, after: int) -> tuple[list[tuple[str, str]], int]:
        """Path and source of each transcript that was read after `after`, which comes back too."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT path, source, rowid FROM capture_positions WHERE rowid > ? ORDER BY rowid",
                (after,),
            ).fetchall()
        return [(path, source) for path, source, _ in rows], rows[-1][2] if rows else after

    def note_failure(self, path: str, source: str, reason: str) -> None:
        """Keep why a transcript could not be read; how far it was read before stays."""
        known = self.position(path) or CapturePosition(path=path, source=source)
        if known.failed != reason:
            with self._database.writing() as connection:
                self._put(connection, replace(known, failed=reason))

    @staticmethod
    def _put(
        connection: sqlite3.Connection, position: CapturePosition, *, admitted: bool = False
    ) -> None:
        text = msgspec.json.encode(position).decode()
        if admitted:
            text = Admitted(text)
        connection.execute(
            "INSERT OR REPLACE INTO capture_positions VALUES (?, ?, ?, ?)",
            (position.path, position.source, now(), text),
        )

    def note_following(self, following: Following | None) -> None:
        """Tell other processes how what the assistants write is followed; None: not any more."""
        with self._database.writing() as connection:
            if following is None:
                connection.execute("DELETE FROM facts WHERE name = ?", (_FOLLOWING,))
            else:
                connection.execute(
                    "INSERT OR REPLACE INTO facts VALUES (?, ?)",
                    (_FOLLOWING, msgspec.json.encode(following).decode()),
                )

    def following(self) -> Following | None:
        """How a process follows what the assistants write; None if none said so.

        One that was killed could not take back what it said.
        """
        with self._database.reading() as connection:
            row = connection.execute(
                "SELECT value FROM facts WHERE name = ?", (_FOLLOWING,)
            ).fetchone()
        return msgspec.json.decode(row[0], type=Following) if row else None

    def arrived(self, after: int | None) -> tuple[list[Arrived], int]:
        """Sessions with messages that were stored after this one, and the newest message of now.

        Messages are named by their keys; None is the newest.
        """
        with self._database.reading() as connection:
            (newest,) = connection.execute("SELECT coalesce(max(key), 0) FROM messages").fetchone()
            if after is None or newest <= after:
                return [], int(newest)
            rows = connection.execute(
                "SELECT s.id, s.source, count(*), substr(m.content, 1, ?), max(m.key) "
                "FROM messages m JOIN sessions s ON s.key = m.session_key "
                "WHERE m.key > ? AND m.key <= ? GROUP BY s.key ORDER BY max(m.key)",
                (_ARRIVED_CHARS, after, newest),
            ).fetchall()
        return [Arrived(*row[:4]) for row in rows], int(newest)

    def last_import(self, source: str) -> str | None:
        """When the source was last read with anything new in it."""
        with self._database.reading() as connection:
            row = connection.execute(
                "SELECT max(imported_at) FROM capture_positions WHERE source = ?", (source,)
            ).fetchone()
        return str(row[0]) if row[0] else None

    @staticmethod
    def _write_titles(connection: sqlite3.Connection, batch: CaptureBatch) -> None:
        """Titles name a message; they wait until the session that holds it has been stored."""
        source = batch.position.source
        tombstones = Tombstones(connection)
        connection.executemany(
            "INSERT OR REPLACE INTO pending_titles VALUES (?, ?, ?, ?)",
            [
                (message_id, source, storable(title), batch.position.path)
                for message_id, title in batch.titles.items()
                if not tombstones.title_of_forgotten(source, message_id)
            ],
        )
        come = [*batch.titles, *(message.id for message in batch.messages)]
        known = connection.execute(
            "SELECT t.title, s.key, t.message_id FROM pending_titles t "
            "CROSS JOIN messages m ON m.id = t.message_id "
            "CROSS JOIN sessions s ON s.key = m.session_key AND s.source = t.source "
            "WHERE t.message_id IN (SELECT value FROM json_each(?)) AND t.source = ?",
            (Admitted(json.dumps(come)), source),
        ).fetchall()
        for title, key, message_id in known:
            connection.execute(
                "UPDATE sessions SET title = ?1, title_rank = ?2 WHERE key = ?3 "
                "AND title_rank <= ?2",
                (title, SUMMARISED, key),
            )
            connection.execute(
                "DELETE FROM pending_titles WHERE message_id = ? AND source = ?",
                (message_id, source),
            )
