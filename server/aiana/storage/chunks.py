"""Chunks and their vectors: what is embedded, what waits for it. All of it can be rebuilt."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from aiana.models import SPOKEN
from aiana.storage.database import Database
from aiana.storage.guarded import Admitted, guarded
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


_WITHOUT_VECTOR = """
SELECT {sign}t.key, t.content FROM {table} t
WHERE t.key > ?1 AND t.key < ?2
    AND NOT EXISTS (SELECT 1 FROM vectors WHERE owner = {sign}t.key AND model = ?3)
ORDER BY t.key DESC LIMIT ?4
"""


def vectors_of(connection: sqlite3.Connection, model: str) -> int:
    """How many vectors of this model there are."""
    row = connection.execute("SELECT vectors FROM embedded WHERE model = ?", (model,)).fetchone()
    return int(row[0]) if row else 0


def shown_vectors_of(connection: sqlite3.Connection, model: str) -> int:
    """How many vectors of this model are of what is shown."""
    (of_hidden,) = connection.execute(
        "SELECT count(*) FROM vectors v WHERE v.model = ? AND v.owner IN ("
        "SELECT c.key FROM temp.hidden_sessions h CROSS JOIN main.chunks c "
        "ON c.session_key = h.key UNION ALL SELECT -key FROM temp.hidden_memories)",
        (model,),
    ).fetchone()
    return vectors_of(connection, model) - int(of_hidden)


class Backlog:
    """The texts without a vector of one model: memories first, then chunks, the newest first.

    Each is looked at once, or the thousandth batch would walk over all that have a vector by then.
    What comes meanwhile is next; what is changed meanwhile waits for another backlog.
    """

    def __init__(self, database: Database, model: str) -> None:
        self._database = database
        self._model = model
        self._tables = (_Unseen("memories", "-"), _Unseen("chunks", ""))

    def next(self, limit: int) -> list[Waiting]:
        """The next texts; none when there are no more."""
        found: list[Waiting] = []
        with self._database.reading_everything() as connection:
            for table in self._tables:
                found += table.take(connection, self._model, limit - len(found))
        return found


class _Unseen:
    """The rows of a table that a backlog has not looked at yet, as ranges of keys."""

    def __init__(self, table: str, sign: str) -> None:
        self._newest = f"SELECT coalesce(max(key), 0) FROM {table}"
        self._query = _WITHOUT_VECTOR.format(table=table, sign=sign)
        self._top = 0
        self._ranges: list[tuple[int, int]] = []
        """Each without its ends, the newest last."""

    def take(self, connection: sqlite3.Connection, model: str, limit: int) -> list[Waiting]:
        (newest,) = connection.execute(self._newest).fetchone()
        if newest > self._top:
            self._ranges.append((self._top, newest + 1))
            self._top = newest
        found: list[Waiting] = []
        while self._ranges and len(found) < limit:
            low, high = self._ranges.pop()
            wanted = limit - len(found)
            rows = connection.execute(self._query, (low, high, model, wanted)).fetchall()
            found += [Waiting(*row) for row in rows]
            if len(rows) == wanted:
                self._ranges.append((low, abs(rows[-1][0])))
        return found


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
            if chunk and chunk.content != rest[0]:
                # Turns that are clean one by one may tell a secret side by side.
                chunk = wanted[chunk_id] = replace(chunk, content=guarded(chunk.content))
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
        text = Admitted(guarded(chunk.content))
        return chunk.id, session_key, json.dumps(chunk.message_keys), content_hash(text), text

    def waiting(self, model: str, limit: int) -> list[Waiting]:
        """Texts that have no vector of this model: memories first, then the newest chunks."""
        return self.backlog(model).next(limit)

    def backlog(self, model: str) -> Backlog:
        """The texts that have no vector of this model, in turn."""
        return Backlog(self._database, model)

    def count_waiting(self, model: str) -> int:
        """How many texts have no vector of this model."""
        with self._database.reading_everything() as connection:
            (owners,) = connection.execute(
                "SELECT (SELECT count(*) FROM chunks) + (SELECT count(*) FROM memories)"
            ).fetchone()
            return int(owners) - vectors_of(connection, model)

    def known_vectors(self, model: str, texts: Sequence[str]) -> dict[str, bytes]:
        """Vectors that equal texts have already."""
        known: dict[str, bytes] = {}
        with self._database.reading_everything() as connection:
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
                # REPLACE gives a new key, by which other processes see the change.
                stored += connection.execute(
                    "INSERT OR REPLACE INTO vectors (owner, model, content_hash, vector) "
                    f"SELECT ?, ?, content_hash, ? FROM {table} WHERE key = ? AND content = ?",
                    (text.owner, model, vector, key, Admitted(text.content)),
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
