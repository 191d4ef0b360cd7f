"""The cache without Redis: the port that every cache answers, and SQLite behind it."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol

from aiana.errors import StorageUnavailable, TierUnavailable
from aiana.private import make_file, refuse_link
from aiana.storage.guarded import GuardedConnection, write_ahead
from aiana.storage.preferences import PreferenceStore
from aiana.storage.redis import (
    CONTEXT_TTL_S,
    FORGOTTEN_TTL_S,
    MOST_ACTIVITIES,
    MOST_VARIANTS,
    SESSION_TTL_S,
    new_session,
)
from aiana.times import format_time, now, to_datetime

_BUSY_MS = 50
_SCHEMA = """
CREATE TABLE IF NOT EXISTS sessions (
    id TEXT PRIMARY KEY, state TEXT, expires_at REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS contexts (
    project TEXT NOT NULL, variant TEXT NOT NULL, context TEXT NOT NULL, expires_at REAL NOT NULL,
    PRIMARY KEY (project, variant)
);
CREATE TABLE IF NOT EXISTS forgotten (id TEXT PRIMARY KEY, expires_at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS activities (key INTEGER PRIMARY KEY, activity TEXT NOT NULL);
"""


class Cache(Protocol):
    """What every cache answers; see RedisCache. Methods raise TierUnavailable."""

    def set_active_session(
        self, session_id: str, project: str, metadata: dict[str, Any] | None = None
    ) -> dict[str, Any]: ...
    def get_active_session(self, session_id: str) -> dict[str, Any] | None: ...
    def update_session(self, session_id: str, changes: dict[str, Any]) -> dict[str, Any] | None: ...
    def end_session(self, session_id: str) -> bool: ...
    def cache_context(
        self, project: str, context: str, ttl: int = CONTEXT_TTL_S, variant: str = ""
    ) -> None: ...
    def get_cached_context(self, project: str, variant: str = "") -> str | None: ...
    def invalidate_context(self, project: str | None = None) -> None: ...
    def forget(self, ids: Sequence[str]) -> None: ...
    def add_preference(self, text: str, static: bool = True) -> None: ...
    def get_profile(self) -> dict[str, list[str]]: ...
    def record_activity(self, activity: dict[str, Any]) -> None: ...
    def recent_activities(self, limit: int = 50) -> list[dict[str, Any]]: ...


class SqliteCache:
    """The cache in a file of its own, `cache.db`: it may be deleted, and the database never waits.

    Preferences stay in the database. A session that has ended is remembered as such for a day, so
    that a Redis that was away can be told.
    """

    def __init__(self, path: Path, preferences: PreferenceStore) -> None:
        self._path = path
        self._preferences = preferences
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None

    def close(self) -> None:
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def set_active_session(
        self, session_id: str, project: str, metadata: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        session = new_session(session_id, project, metadata)
        self._write(lambda c: self._put_session(c, session_id, session))
        return session

    def get_active_session(self, session_id: str) -> dict[str, Any] | None:
        row = self._one(
            "SELECT state FROM sessions WHERE id = ? AND expires_at > ?", session_id, time.time()
        )
        return json.loads(row[0]) if row and row[0] else None

    def update_session(self, session_id: str, changes: dict[str, Any]) -> dict[str, Any] | None:
        def update(connection: sqlite3.Connection) -> dict[str, Any] | None:
            row = connection.execute(
                "SELECT state FROM sessions WHERE id = ? AND expires_at > ?",
                (session_id, time.time()),
            ).fetchone()
            if row is None or row[0] is None:
                return None
            before = json.loads(row[0])
            # Later than before, so that the states of one session have an order everywhere.
            next_ms = to_datetime(before["updated_at"]) + timedelta(milliseconds=1)
            moment = max(now(), format_time(next_ms))
            state = {**before, **changes, "updated_at": moment}
            self._put_session(connection, session_id, state)
            return state

        changed: dict[str, Any] | None = self._write(update)
        return changed

    def end_session(self, session_id: str) -> bool:
        def end(connection: sqlite3.Connection) -> bool:
            known = connection.execute(
                "SELECT 1 FROM sessions WHERE id = ? AND state IS NOT NULL AND expires_at > ?",
                (session_id, time.time()),
            ).fetchone()
            self._put_session(connection, session_id, None)
            return known is not None

        return bool(self._write(end))

    def sessions(self) -> dict[str, dict[str, Any] | None]:
        """The state of every session of the last day; None for those that have ended."""
        rows = self._all("SELECT id, state FROM sessions WHERE expires_at > ?", time.time())
        return {key: json.loads(state) if state else None for key, state in rows}

    @staticmethod
    def _put_session(
        connection: sqlite3.Connection, session_id: str, state: dict[str, Any] | None
    ) -> None:
        moment = time.time()
        connection.execute("DELETE FROM sessions WHERE expires_at < ?", (moment,))
        connection.execute(
            "INSERT OR REPLACE INTO sessions VALUES (?, ?, ?)",
            (session_id, state and json.dumps(state), moment + SESSION_TTL_S),
        )

    def cache_context(
        self, project: str, context: str, ttl: int = CONTEXT_TTL_S, variant: str = ""
    ) -> None:
        def put(connection: sqlite3.Connection) -> None:
            moment = time.time()
            connection.execute("DELETE FROM contexts WHERE expires_at < ?", (moment,))
            count = "SELECT count(*) FROM contexts WHERE project = ?"
            if connection.execute(count, (project,)).fetchone()[0] >= MOST_VARIANTS:
                connection.execute("DELETE FROM contexts WHERE project = ?", (project,))
            connection.execute(
                "INSERT OR REPLACE INTO contexts VALUES (?, ?, ?, ?)",
                (project, variant, context, moment + ttl),
            )

        self._write(put)

    def get_cached_context(self, project: str, variant: str = "") -> str | None:
        row = self._one(
            "SELECT context FROM contexts WHERE project = ? AND variant = ? AND expires_at > ?",
            project,
            variant,
            time.time(),
        )
        return str(row[0]) if row else None

    def invalidate_context(self, project: str | None = None) -> None:
        self._write(
            lambda c: c.execute("DELETE FROM contexts WHERE ?1 IS NULL OR project = ?1", (project,))
        )

    def forget(self, ids: Sequence[str]) -> None:
        def forget(connection: sqlite3.Connection) -> None:
            moment = time.time()
            connection.execute("DELETE FROM forgotten WHERE expires_at < ?", (moment,))
            connection.execute("DELETE FROM contexts")
            for id in ids:
                connection.execute("DELETE FROM sessions WHERE id = ?", (id,))
                connection.execute(
                    "DELETE FROM activities WHERE json_extract(activity, '$.id') = ?", (id,)
                )
                connection.execute(
                    "INSERT OR REPLACE INTO forgotten VALUES (?, ?)", (id, moment + FORGOTTEN_TTL_S)
                )

        self._write(forget)
        self._run(lambda c: c.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone())

    def forgotten(self) -> list[str]:
        """What was forgotten lately, of which Redis may not have heard."""
        return [row[0] for row in self._all("SELECT id FROM forgotten")]

    def add_preference(self, text: str, static: bool = True) -> None:
        self._preferences.add(text, static=static)

    def get_profile(self) -> dict[str, list[str]]:
        preferences = self._preferences.all()
        return {
            "static": [p.text for p in preferences if p.static],
            "dynamic": [p.text for p in preferences if not p.static],
        }

    def record_activity(self, activity: dict[str, Any]) -> None:
        text = json.dumps({"timestamp": now(), **activity})

        def record(connection: sqlite3.Connection) -> None:
            newest = connection.execute("INSERT INTO activities (activity) VALUES (?)", (text,))
            connection.execute(
                "DELETE FROM activities WHERE key <= ?",
                (newest.lastrowid - MOST_ACTIVITIES,),  # type: ignore[operator]
            )

        self._write(record)

    def recent_activities(self, limit: int = 50) -> list[dict[str, Any]]:
        rows = self._all("SELECT activity FROM activities ORDER BY key DESC LIMIT ?", max(limit, 0))
        return [json.loads(row[0]) for row in rows]

    def _one(self, query: str, *values: object) -> tuple[Any, ...] | None:
        rows = self._all(query, *values)
        return rows[0] if rows else None

    def _all(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        rows: list[tuple[Any, ...]] = self._run(lambda c: c.execute(query, values).fetchall())
        return rows

    def _write(self, work: Callable[[sqlite3.Connection], Any]) -> Any:
        def transaction(connection: sqlite3.Connection) -> Any:
            connection.execute("BEGIN IMMEDIATE")
            try:
                result = work(connection)
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")
            return result

        return self._run(transaction)

    def _run(self, work: Callable[[sqlite3.Connection], Any]) -> Any:
        with self._lock:
            try:
                if self._connection is None:
                    self._connection = self._open()
                return work(self._connection)
            except (sqlite3.Error, OSError, StorageUnavailable) as error:
                raise TierUnavailable(
                    f"{self._path} cannot be used ({error}). It is a cache: if that lasts, close "
                    "Aiana everywhere and delete it."
                ) from error

    def _open(self) -> sqlite3.Connection:
        refuse_link(self._path)
        make_file(self._path)
        connection = sqlite3.connect(
            self._path, isolation_level=None, check_same_thread=False, factory=GuardedConnection
        )
        connection.execute(f"PRAGMA busy_timeout = {_BUSY_MS}")
        write_ahead(connection, _BUSY_MS / 1000)
        # What a power failure takes is computed again.
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA secure_delete = ON")
        connection.executescript(_SCHEMA)
        return connection
