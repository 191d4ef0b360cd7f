"""Chunks and their vectors: what is embedded, what waits for it. All of it can be rebuilt."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Sequence

from msgspec import Struct

from aiana.models import SPOKEN
from aiana.storage.database import Database
from aiana.storage.rows import content_hash

_SPOKEN = ", ".join(f"'{kind}'" for kind in SPOKEN)


class Turn(Struct, frozen=True):
    """A spoken message: its key in the database, its identifier in the session, its text."""

    key: int
    id: str
    content: str


class Chunk(Struct, frozen=True, kw_only=True):
    """A stretch of a session: one or several whole turns, or a piece of one long turn."""

    id: str
    """A UUID that follows from the session, the first turn and the piece."""
    message_keys: list[int]
    """The messages that it speaks for, in their order."""
    content: str


Cut = Callable[[str, Sequence[Turn]], list[Chunk]]
"""Takes a session's unique name and its spoken turns in order; gives its chunks."""


class Waiting(Struct, frozen=True):
    """A text without a vector: `owner` is a chunk's key, or a memory's key below zero."""

    owner: int
    content: str


class ChunkStore:
    """The conversation chunks of all sessions, and the vectors of chunks and memories."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def renew(self, cut: Cut, sessions: int = 20) -> int:
        """Cut anew up to so many sessions that have changed, newest first; returns how many."""
        with self._database.writing() as connection:
            keys = connection.execute(
                "SELECT key FROM sessions WHERE dirty_from IS NOT NULL "
                "ORDER BY started_at DESC, key DESC LIMIT ?",
                (sessions,),
            ).fetchall()
            for (key,) in keys:
                self._renew(connection, key, cut)
        return len(keys)

    def _renew(self, connection: sqlite3.Connection, session_key: int, cut: Cut) -> None:
        """Chunks whose text is unchanged keep their key, and so their vector."""
        # With the store's name: colleagues may have read the same session into the same Qdrant.
        (name,) = connection.execute(
            "SELECT (SELECT value FROM facts WHERE name = 'store') || '/' || source || '/' || id "
            "FROM sessions WHERE key = ?",
            (session_key,),
        ).fetchone()
        turns = connection.execute(
            "SELECT key, id, content FROM messages WHERE session_key = ? "
            f"AND type IN ({_SPOKEN}) ORDER BY position, key",
            (session_key,),
        )
        wanted = {chunk.id: chunk for chunk in cut(name, [Turn(*row) for row in turns])}
        stored = connection.execute(
            "SELECT id, content, message_keys FROM chunks WHERE session_key = ?", (session_key,)
        ).fetchall()
        gone = []
        for chunk_id, *rest in stored:
            chunk = wanted.get(chunk_id)
            if chunk and [chunk.content, json.dumps(chunk.message_keys)] == rest:
                del wanted[chunk_id]
            else:
                gone.append((chunk_id,))
        connection.executemany("DELETE FROM chunks WHERE id = ?", gone)
        connection.executemany(
            "INSERT INTO chunks (id, session_key, message_keys, content_hash, content) "
            "VALUES (?, ?, ?, ?, ?)",
            [self._row(session_key, chunk) for chunk in wanted.values()],
        )
        connection.execute("UPDATE sessions SET dirty_from = NULL WHERE key = ?", (session_key,))

    @staticmethod
    def _row(session_key: int, chunk: Chunk) -> tuple[str, int, str, bytes, str]:
        digest = content_hash(chunk.content)
        return chunk.id, session_key, json.dumps(chunk.message_keys), digest, chunk.content

    def waiting(self, model: str, limit: int) -> list[Waiting]:
        """Texts that have no vector of this model: memories first, then the newest chunks."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT -m.key, m.content FROM memories m LEFT JOIN vectors v "
                "ON v.owner = -m.key AND v.model = ?1 WHERE v.key IS NULL "
                "ORDER BY m.key DESC LIMIT ?2",
                (model, limit),
            ).fetchall()
            rows += connection.execute(
                "SELECT c.key, c.content FROM chunks c LEFT JOIN vectors v "
                "ON v.owner = c.key AND v.model = ?1 WHERE v.key IS NULL "
                "ORDER BY c.key DESC LIMIT ?2",
                (model, limit - len(rows)),
            ).fetchall()
        return [Waiting(*row) for row in rows]

    def count_waiting(self, model: str) -> int:
        """How many texts have no vector of this model."""
        with self._database.reading() as connection:
            (owners,) = connection.execute(
                "SELECT (SELECT count(*) FROM chunks) + (SELECT count(*) FROM memories)"
            ).fetchone()
            (done,) = connection.execute(
                "SELECT count(*) FROM vectors WHERE model = ?", (model,)
            ).fetchone()
        return int(owners - done)

    def known_vectors(self, model: str, texts: Sequence[str]) -> dict[str, bytes]:
        """Vectors that equal texts have already."""
        known: dict[str, bytes] = {}
        with self._database.reading() as connection:
            for text in texts:
                row = connection.execute(
                    "SELECT vector FROM vectors WHERE content_hash = ? AND model = ? LIMIT 1",
                    (content_hash(text), model),
                ).fetchone()
                if row:
                    known[text] = row[0]
        return known

    def put_vectors(self, model: str, vectors: Sequence[tuple[Waiting, bytes]]) -> int:
        """Store vectors of texts that are still there unchanged; returns how many were."""
        stored = 0
        with self._database.writing() as connection:
            for text, vector in vectors:
                table, key = ("chunks", text.owner) if text.owner > 0 else ("memories", -text.owner)
                digest = content_hash(text.content)
                # REPLACE gives a new key, by which other processes see the change.
                stored += connection.execute(
                    "INSERT OR REPLACE INTO vectors (owner, model, content_hash, vector) "
                    f"SELECT ?1, ?2, ?3, ?4 FROM {table} WHERE key = ?5 AND content_hash = ?3",
                    (text.owner, model, digest, vector, key),
                ).rowcount
        return stored

    def forget_vectors(self, model: str | None = None) -> int:
        """Drop the vectors of all models but this one; of all models if None."""
        with self._database.writing() as connection:
            return connection.execute(
                "DELETE FROM vectors WHERE model != ?", (model or "",)
            ).rowcount

    def forget_chunks(self) -> None:
        """Have every session cut anew."""
        with self._database.writing() as connection:
            connection.execute("DELETE FROM chunks")
            connection.execute("UPDATE sessions SET dirty_from = 0")
