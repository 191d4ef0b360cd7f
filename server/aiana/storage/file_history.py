"""What sessions did to one file."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

from msgspec import Struct

from aiana.projects import normalise_folder
from aiana.protocol.results import FileEntry, FileHistory
from aiana.protocol.uris import session_uri
from aiana.storage.database import Database
from aiana.storage.rows import encode_cursor, place_in_list
from aiana.touches.values import Touched

_KINDS: dict[Touched, Literal["edit", "read", "named"]] = {
    "edited": "edit",
    "created": "edit",
    "deleted": "edit",
    "read": "read",
    "named": "named",
}
_MOST_NAMES = 20
_LAST = "~"
"""Sorts after every timestamp."""

# What a file is called in other folders of its project: the same place below a folder in which the
# session took place.
IS_THE_FILE = """
f.name = :name AND f.path IN (SELECT value FROM json_each(:paths)) AND (f.path = :path OR (
    p.id = :project AND substr(s.project_path || '/', 1, length(f.path) - length(:place))
        = substr(f.path, 1, length(f.path) - length(:place))
)) AND m.timestamp <= :until
"""
TOUCHES_JOINED = """
message_files f JOIN sessions s ON s.key = f.session_key JOIN projects p ON p.key = s.project_key
JOIN messages m ON m.key = f.message_key
"""
# Of what a session reads or names over and over, the last time is told.
_TOUCHES = f"""
SELECT f.key, m.timestamp FROM {TOUCHES_JOINED} WHERE {IS_THE_FILE} AND (
    f.touch NOT IN ('read', 'named') OR f.key = (
        SELECT max(o.key) FROM message_files o
        WHERE o.session_key = f.session_key AND o.path = f.path AND o.touch = f.touch
    )
)
"""
# A call that makes one file and takes one away has moved it.
_MOVES = f"""
SELECT o.key, o.path, m.timestamp FROM {TOUCHES_JOINED}
JOIN message_files o ON o.message_key = f.message_key AND o.touch = 'deleted'
WHERE {IS_THE_FILE} AND f.touch = 'created' AND o.path != f.path AND (
    SELECT count(*) FROM message_files a
    WHERE a.message_key = f.message_key AND a.touch IN ('created', 'deleted')
) = 2
"""
_PAGE = """
SELECT f.key, f.path, f.touch, f.first_line, f.last_line, m.id, m.timestamp, s.id, s.source, s.title
FROM json_each(?) given JOIN message_files f ON f.key = given.value
JOIN messages m ON m.key = f.message_key JOIN sessions s ON s.key = f.session_key
ORDER BY m.timestamp DESC, f.key DESC
"""


class Name(Struct, frozen=True):
    """What a file was called, and until when."""

    path: str
    place: str | None = None
    """In its repository; None where only the very path counts."""
    until: str = _LAST


class FileTimeline:
    """The touches of a file by all sessions."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(
        self, path: str, project: str, place: str | None, limit: int, cursor: str | None = None
    ) -> FileHistory:
        """The touches of a file by its absolute path, newest first, also under its old names.

        `place` is where it lies in its repository: there in other folders of the project it is the
        same file. Raises InvalidQuery for a cursor that is none.
        """
        after = (_LAST, 0) if cursor is None else place_in_list(cursor)
        found: dict[int, str] = {}
        moved: set[int] = set()  # told as the making of the new name
        names: list[str] = []
        with self._database.reading() as connection:
            for named in names_of(connection, [Name(normalise_folder(path), place)], project):
                names.append(named.name.path)
                moved |= named.moves
                found.update(connection.execute(_TOUCHES, named.values))
            places = sorted((found[key], key) for key in found.keys() - moved)
            before = [place for place in places if place < after][::-1]
            chosen = [key for _, key in before[:limit]]
            rows = connection.execute(_PAGE, (json.dumps(chosen),)).fetchall()
        more = encode_cursor(*before[limit - 1]) if len(before) > limit else None
        entries = [_entry(*row) for row in rows]
        return FileHistory(entries=entries, names=names, next_cursor=more)


class Named(NamedTuple):
    """One of the names of a file."""

    name: Name
    values: dict[str, str | None]
    """What statements with `IS_THE_FILE` are asked with."""
    moves: set[int]
    """The touches that gave the file this name in the place of another."""


def names_of(
    connection: sqlite3.Connection, known: Sequence[Name], project: str
) -> Iterator[Named]:
    """The names of a file: those that are known, and those from which sessions moved it."""
    waiting = list(known)
    seen = {name.path for name in known}
    while waiting and len(seen) - len(waiting) < _MOST_NAMES:
        name = waiting.pop(0)
        values = _values(connection, name, project)
        moves: set[int] = set()
        for key, old, moment in connection.execute(_MOVES, values).fetchall():
            moves.add(key)
            if old not in seen:
                seen.add(old)
                waiting.append(Name(old, until=moment))
        yield Named(name, values, moves)


def _values(connection: sqlite3.Connection, name: Name, project: str) -> dict[str, str | None]:
    """What the statements are asked with; paths are chosen first, thousands may share a name."""
    last = name.path.rpartition("/")[2]
    known = connection.execute("SELECT DISTINCT path FROM message_files WHERE name = ?", (last,))
    end = None if name.place is None else f"/{name.place}"
    paths = [
        path for (path,) in known if path == name.path or (end is not None and path.endswith(end))
    ]
    return {
        "name": last,
        "path": name.path,
        "paths": json.dumps(paths),
        "place": name.place,
        "project": project,
        "until": name.until,
    }


def _entry(
    key: int,
    path: str,
    touch: Touched,
    first: int | None,
    last: int | None,
    message_id: str,
    timestamp: str,
    session_id: str,
    source: str,
    title: str | None,
) -> FileEntry:
    return FileEntry(
        uri=session_uri(source, session_id, message_id),
        kind=_KINDS[touch],
        touch=touch,
        path=path,
        source=source,
        session_id=session_id,
        message_id=message_id,
        timestamp=timestamp,
        session_title=title,
        lines=None if first is None else (first, first if last is None else last),
    )
