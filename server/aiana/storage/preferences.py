"""Preferences: how the user likes to work."""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Sequence

from aiana.errors import NotFound
from aiana.invocation import command
from aiana.models import Preference
from aiana.redaction.door import admitted
from aiana.storage.database import Database
from aiana.storage.forgotten import Tombstones
from aiana.storage.pending_scrubs import owe
from aiana.storage.rows import Forgotten, bump_revision, preference_of, storable
from aiana.times import now

_COLUMNS = "id, text, static, created_at"


class PreferenceStore:
    """Static preferences hold always; dynamic ones are shown newest first."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, text: str, static: bool = True) -> Preference:
        """Store a preference; one that is there already becomes the newest."""
        # First the secrets: some are told by the line that they stand in.
        text = storable(" ".join(admitted(text).split()))
        with self._database.writing() as connection:
            connection.execute(
                "INSERT INTO preferences (id, text, static, created_at) VALUES (?, ?, ?, ?) "
                "ON CONFLICT (text, static) DO UPDATE SET created_at = excluded.created_at, "
                "key = (SELECT max(key) + 1 FROM preferences)",
                (str(uuid.uuid4()), text, static, now()),
            )
            row = connection.execute(
                f"SELECT {_COLUMNS} FROM preferences WHERE text = ? AND static = ?", (text, static)
            ).fetchone()
            Tombstones(connection).remove_preference(text)
            bump_revision(connection, "preferences", 0)
        return preference_of(row)

    def merge(self, connection: sqlite3.Connection, preference: Preference) -> bool:
        """Take in a preference from an archive, in the caller's transaction; whether it is new.

        One that was forgotten does not come back.
        """
        if Tombstones(connection).holds_preference(preference.id, preference.text):
            return False
        added = connection.execute(
            f"INSERT OR IGNORE INTO preferences ({_COLUMNS}) VALUES (?, ?, ?, ?)",
            (preference.id, storable(preference.text), preference.static, preference.created_at),
        ).rowcount
        if added:
            bump_revision(connection, "preferences", 0)
        return bool(added)

    def all(self) -> list[Preference]:
        """All preferences: static ones oldest first, then dynamic ones newest first."""
        with self._database.reading() as connection:
            rows = connection.execute(
                # By key: the clock may have been put back.
                f"SELECT {_COLUMNS} FROM preferences ORDER BY static DESC, "
                "CASE static WHEN 1 THEN key ELSE -key END"
            ).fetchall()
        return [preference_of(row) for row in rows]

    def remove(self, preference_id: str) -> Forgotten:
        """Delete a preference by its whole id. Raises NotFound."""
        with self._database.writing() as connection:
            forgotten = self.forget(connection, [preference_id])
            if not forgotten.preferences:
                raise NotFound(
                    f"There is no preference {preference_id}. `{command('preferences')}` shows "
                    "them; changes take the whole id."
                )
        return forgotten

    @staticmethod
    def forget(connection: sqlite3.Connection, ids: Sequence[str]) -> Forgotten:
        """Delete those that are there inside the caller's transaction, and keep them away."""
        tombstones, forgotten = Tombstones(connection), Forgotten()
        for id in ids:
            row = connection.execute(
                f"DELETE FROM preferences WHERE id = ? RETURNING {_COLUMNS}", (id,)
            ).fetchone()
            if row is not None:
                removed = preference_of(row)
                tombstones.add_preference(removed.id, removed.text)
                forgotten.preferences.append(removed.id)
                forgotten.beside.append(removed.text)
        if forgotten.preferences:
            owe(connection, forgotten)
            bump_revision(connection, "preferences", 0)
        return forgotten
