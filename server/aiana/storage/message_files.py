"""Which files the messages of sessions touched, and which commits and branches they made."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from aiana.protocol.uris import session_uri
from aiana.storage.database import Database
from aiana.storage.message_files_progress import note_progress, progress
from aiana.storage.touching import Tool, note
from aiana.touches.values import GitRef, Touched

_ROWS = 400
"""Messages that are looked at in one transaction of the background work."""

_TOLD = """
SELECT f.path, f.touch, f.first_line, f.last_line, m.id, s.id, s.source, m.timestamp, s.title
FROM message_files f JOIN messages m ON m.key = f.message_key
JOIN sessions s ON s.key = f.session_key
"""


class FileTouch(Struct, frozen=True, kw_only=True):
    """A message that had to do with a file."""

    path: str
    touch: Touched
    first_line: int | None
    last_line: int | None
    message_id: str
    session_id: str
    source: str
    timestamp: str
    title: str | None
    uri: str


class MessageFiles:
    """What can be asked of the files that sessions touched."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def unread(self) -> int:
        """How many messages at most are left of which it is not known what they touched."""
        with self._database.reading_everything() as connection:
            last, upto = progress(connection)
        return max(0, upto - last)

    def of_session(self, session_id: str, source: str) -> list[FileTouch]:
        """Every touch of a session, in its order."""
        with self._database.reading() as connection:
            rows = connection.execute(
                f"{_TOLD} WHERE s.id = ? AND s.source = ? ORDER BY m.position, f.key",
                (session_id, source),
            ).fetchall()
        return [_file_touch(row) for row in rows]

    def refs_of_session(self, session_id: str, source: str) -> list[GitRef]:
        """Commits and branches that a session made or went to, in its order."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT r.kind, r.name FROM message_refs r "
                "JOIN sessions s ON s.key = r.session_key JOIN messages m ON m.key = r.message_key "
                "WHERE s.id = ? AND s.source = ? ORDER BY m.position, r.key",
                (session_id, source),
            ).fetchall()
        return list(dict.fromkeys(GitRef(*row) for row in rows))

    def sessions_of_commit(self, hash: str) -> list[tuple[str, str, str]]:
        """Id and source of the sessions that made a commit, and the message that tells of it.

        `hash` may be longer or shorter than what git told, from seven digits on.
        """
        if len(hash) < 7:
            return []
        with self._database.reading() as connection:
            return connection.execute(
                "SELECT s.id, s.source, m.id FROM message_refs r "
                "JOIN sessions s ON s.key = r.session_key JOIN messages m ON m.key = r.message_key "
                "WHERE r.kind = 'commit' AND substr(r.name, 1, 7) = ?1 "
                "AND substr(r.name, 1, min(length(r.name), length(?2))) "
                "= substr(?2, 1, min(length(r.name), length(?2)))",
                (hash[:7], hash),
            ).fetchall()


def fill(database: Database, cancelled: Callable[[], bool]) -> int:
    """Tell of messages that were stored before this was known what they touched.

    Goes on where it was left; returns how many messages were looked at. Raises StorageUnavailable.
    """
    done = 0
    while not cancelled():
        with database.reading_everything() as connection:
            last, upto = progress(connection)
        if last >= upto:
            return done
        with database.writing() as connection:
            last, upto = progress(connection)
            rows = connection.execute(
                "SELECT session_key, key, type, coalesce(tool_name, ''), tool_input, content, "
                "metadata FROM messages NOT INDEXED WHERE key > ? AND key <= ? "
                "AND type IN ('tool_use', 'tool_result') ORDER BY key LIMIT ?",
                (last, upto, _ROWS),
            ).fetchall()
            by_session: dict[int, list[Tool]] = {}
            for session_key, *row in rows:
                by_session.setdefault(session_key, []).append(Tool(*row))
            for session_key, tools in by_session.items():
                note(connection, session_key, tools)
            note_progress(connection, rows[-1][1] if len(rows) == _ROWS else upto, upto)
        done += len(rows)
    return done


def _file_touch(
    row: tuple[str, Touched, int | None, int | None, str, str, str, str, str | None],
) -> FileTouch:
    return FileTouch(
        path=row[0],
        touch=row[1],
        first_line=row[2],
        last_line=row[3],
        message_id=row[4],
        session_id=row[5],
        source=row[6],
        timestamp=row[7],
        title=row[8],
        uri=session_uri(row[6], row[5], row[4]),
    )
