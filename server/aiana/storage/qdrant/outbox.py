"""Changes to send to Qdrant. Triggers write them, in the transaction of each."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from aiana.storage.chunks import vectors_of
from aiana.storage.cleaned import cleaned_so_far
from aiana.storage.database import Database
from aiana.storage.guarded import Admitted
from aiana.storage.qdrant.points import Point

MOST_ATTEMPTS = 5
"""A point that Qdrant refused so often waits for `aiana reindex qdrant`."""
_MEMORIES = """
SELECT m.id, v.vector, m.content, m.session_id, p.id, m.memory_type, m.created_at, 'aiana',
    m.content_hash, m.metadata,
    m.memory_type != 'conversation' AND EXISTS (SELECT 1 FROM facts WHERE name = 'shared'), m.tags
FROM json_each(?2) changed CROSS JOIN memories m ON m.id = changed.value
    CROSS JOIN projects p ON p.key = m.project_key
    CROSS JOIN vectors v ON v.owner = -m.key AND v.model = ?1
"""
_CHUNKS = """
SELECT c.id, v.vector, c.content, s.id, p.id, 'conversation',
    coalesce((
        SELECT timestamp FROM messages WHERE key = json_extract(c.message_keys, '$[#-1]')
    ), s.started_at),
    s.source, c.content_hash, '{}', 0, '[]'
FROM json_each(?2) changed CROSS JOIN chunks c ON c.id = changed.value
    CROSS JOIN sessions s ON s.key = c.session_key
    CROSS JOIN projects p ON p.key = s.project_key
    CROSS JOIN vectors v ON v.owner = c.key AND v.model = ?1
"""
_ALL = """
INSERT OR REPLACE INTO outbox (id)
SELECT coalesce(m.id, c.id) FROM vectors v
    LEFT JOIN memories m ON m.key = -v.owner LEFT JOIN chunks c ON c.key = v.owner
WHERE v.model = ? AND coalesce(m.id, c.id) IS NOT NULL ORDER BY v.key
"""
_HELD = """
SELECT coalesce(m.id, c.id), hex(v.content_hash), v.model FROM vectors v
    LEFT JOIN memories m ON m.key = -v.owner LEFT JOIN chunks c ON c.key = v.owner
WHERE v.key > ? ORDER BY v.key LIMIT ?
"""

_HIDDEN = """
SELECT count(*) FROM (
    SELECT c.key AS owner FROM temp.hidden_sessions h
        CROSS JOIN main.chunks c ON c.session_key = h.key
    UNION ALL SELECT -key FROM temp.hidden_memories
) gone CROSS JOIN vectors v ON v.owner = gone.owner AND v.model = ?
"""


class Change(Struct, frozen=True):
    """Something with this id changed; a later change has a greater sequence."""

    sequence: int
    id: str


class Outbox:
    """The ids whose points are out of date, each once."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def enable(self, model: str, shared: bool = False) -> None:
        """Note changes from now on and, the first time, everything that there is.

        `shared` says whether colleagues may find the memories; where that changes, all are noted.
        """
        with self._database.writing() as connection:
            new = connection.execute(
                "INSERT OR IGNORE INTO facts VALUES ('qdrant', ?)", (model,)
            ).rowcount
            if new:
                connection.execute(_ALL, (model,))
            change = "INSERT OR IGNORE INTO facts VALUES ('shared', '')"
            if not shared:
                change = "DELETE FROM facts WHERE name = 'shared'"
            if connection.execute(change).rowcount:
                connection.execute("INSERT OR REPLACE INTO outbox (id) SELECT id FROM memories")

    def add_all(self, model: str) -> int:
        """Have every point sent again; returns how many wait."""
        with self._database.writing() as connection:
            connection.execute(_ALL, (model,))
        return self.waiting()

    def add(self, ids: Sequence[str]) -> None:
        """Have the points of these ids looked at again."""
        with self._database.writing() as connection:
            connection.executemany(
                "INSERT OR REPLACE INTO outbox (id) VALUES (?)", [(id,) for id in ids]
            )

    def waiting(self) -> int:
        """How many points are out of date."""
        return self._count("attempts < ?")

    def refused(self) -> int:
        """How many points Qdrant did not take."""
        return self._count("attempts >= ?")

    def _count(self, where: str) -> int:
        with self._database.reading() as connection:
            row = connection.execute(
                f"SELECT count(*) FROM outbox WHERE {where}", (MOST_ATTEMPTS,)
            ).fetchone()
        return int(row[0])

    def batch(self, limit: int) -> list[Change]:
        """The oldest changes; those that were refused before come last."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT sequence, id FROM outbox WHERE attempts < ? "
                "ORDER BY attempts, sequence LIMIT ?",
                (MOST_ATTEMPTS, limit),
            ).fetchall()
        return [Change(*row) for row in rows]

    def changed(self, most: int) -> list[str] | None:
        """The ids of all points that are out of date; None if there are more than so many."""
        with self._database.reading() as connection:
            rows = connection.execute("SELECT id FROM outbox LIMIT ?", (most + 1,)).fetchall()
        return None if len(rows) > most else [row[0] for row in rows]

    def points(self, ids: Sequence[str], model: str, store: str) -> dict[str, Point]:
        """The points as they are to be now; an id that is missing here is to have none."""
        wanted = Admitted(json.dumps(list(ids)))
        with self._database.reading() as connection:
            rows = connection.execute(_MEMORIES, (model, wanted)).fetchall()
            rows += connection.execute(_CHUNKS, (model, wanted)).fetchall()
            is_clean = cleaned_so_far(connection).is_done
        return {row[0]: _point(row, store, model, is_clean) for row in rows}

    def done(self, changes: Sequence[Change]) -> None:
        """Forget changes that Qdrant knows; what changed again meanwhile stays."""
        with self._database.writing() as connection:
            connection.executemany(
                "DELETE FROM outbox WHERE sequence = ?", [(c.sequence,) for c in changes]
            )

    def put_off(self, change: Change) -> None:
        """Count one more time that Qdrant did not take a point."""
        with self._database.writing() as connection:
            connection.execute(
                "UPDATE outbox SET attempts = attempts + 1 WHERE sequence = ?", (change.sequence,)
            )

    def sample(self, model: str, size: int) -> dict[str, str]:
        """Ids and content hashes of points that must exist: of so many, chosen by chance."""
        with self._database.reading() as connection:
            if vectors_of(connection, model) <= size:
                rows = connection.execute(_HELD, (0, -1)).fetchall()
            else:
                (newest,) = connection.execute("SELECT max(key) FROM vectors").fetchone()
                keys = [random.randrange(newest) for _ in range(size)]
                rows = [connection.execute(_HELD, (key, 1)).fetchone() for key in keys]
        return {id: digest.lower() for id, digest, of in filter(None, rows) if id and of == model}

    def expected(self, model: str) -> int:
        """How many points there must be when nothing waits."""
        with self._database.reading() as connection:
            held = vectors_of(connection, model)
            if not self._database.hidden:
                return held
            (hidden,) = connection.execute(_HIDDEN, (model,)).fetchone()
            return held - int(hidden)

    def strays(self, ids: Sequence[str]) -> list[str]:
        """Those of the ids that no memory and no chunk has."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT value FROM json_each(?) WHERE value NOT IN (SELECT id FROM memories) "
                "AND value NOT IN (SELECT id FROM chunks)",
                (json.dumps(list(ids)),),
            ).fetchall()
        return [row[0] for row in rows]

    def fact(self, name: str) -> str | None:
        """Something that all processes are to know of this database."""
        with self._database.reading() as connection:
            row = connection.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return row and str(row[0])

    def set_fact(self, name: str, value: str | None) -> None:
        """Let all processes know; None takes it back."""
        with self._database.writing() as connection:
            connection.execute("DELETE FROM facts WHERE name = ?", (name,))
            if value is not None:
                connection.execute("INSERT INTO facts VALUES (?, ?)", (name, value))


def _point(row: tuple[Any, ...], store: str, model: str, is_clean: bool) -> Point:
    from aiana.storage.packing import unpack

    return Point(
        id=row[0],
        is_clean=is_clean,
        vector=unpack(row[1]).tolist(),
        payload={
            "content": row[2],
            "session_id": row[3],
            "project": row[4],
            "memory_type": row[5],
            "timestamp": row[6],
            "source": row[7],
            "content_hash": row[8].hex(),
            "metadata": json.loads(row[9]),
            "tags": json.loads(row[11]),
            "shared": model if row[10] else None,
            "store": store,
        },
    )
