"""What sessions did to one file."""

from __future__ import annotations

import heapq
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
_OF_PROJECT = """
(f.path = :path OR (
    s.project_key = (SELECT key FROM projects WHERE id = :project)
    AND substr(s.project_path || '/', 1, length(f.path) - length(:place))
        = substr(f.path, 1, length(f.path) - length(:place))
)) AND f.timestamp <= :until
"""
IS_THE_FILE = f"""
f.name = :name AND f.path IN (SELECT value FROM json_each(:paths)) AND {_OF_PROJECT}
"""
TOUCHES_JOINED = "message_files f CROSS JOIN sessions s ON s.key = f.session_key"
_PATHS = """
WITH RECURSIVE known (path) AS (
    SELECT min(path) FROM message_files WHERE name = ?1
    UNION ALL
    SELECT (SELECT min(path) FROM message_files WHERE name = ?1 AND path > known.path)
    FROM known WHERE known.path IS NOT NULL
)
SELECT path FROM known WHERE path IS NOT NULL
"""
# Of what a session reads or names over and over, the last time is told.
_TOUCHES = f"""
SELECT f.timestamp, f.key FROM {TOUCHES_JOINED}
WHERE f.name = :name AND f.path = :called AND {_OF_PROJECT}
AND f.timestamp <= :time AND (f.timestamp, f.key) < (:time, :key) AND (
    f.touch NOT IN ('read', 'named') OR f.key = (
        SELECT max(o.key) FROM message_files o
        WHERE o.session_key = f.session_key AND o.path = f.path AND o.touch = f.touch
    )
)
ORDER BY f.timestamp DESC, f.key DESC
"""
# A call that makes one file and takes one away has moved it.
_MOVES = f"""
SELECT o.key, o.path, f.timestamp FROM {TOUCHES_JOINED}
JOIN message_files o ON o.message_key = f.message_key AND o.touch = 'deleted'
WHERE {IS_THE_FILE} AND f.touch = 'created' AND o.path != f.path AND (
    SELECT count(*) FROM message_files a
    WHERE a.message_key = f.message_key AND a.touch IN ('created', 'deleted')
) = 2
"""
_PAGE = """
SELECT f.key, f.path, f.touch, f.first_line, f.last_line, m.id, f.timestamp, s.id, s.source, s.title
FROM json_each(?) given JOIN message_files f ON f.key = given.value
JOIN messages m ON m.key = f.message_key JOIN sessions s ON s.key = f.session_key
ORDER BY f.timestamp DESC, f.key DESC
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
        with self._database.reading() as connection:
            known = list(names_of(connection, [Name(normalise_folder(path), place)], project))
            moved = set().union(*(named.moves for named in known))  # told as the new name's making
            places: list[tuple[str, int]] = []
            for found in heapq.merge(*_walks(connection, known, after), reverse=True):
                if found[1] not in moved and found not in places[-1:]:
                    places.append(found)
                if len(places) > limit:
                    break
            chosen = [key for _, key in places[:limit]]
            rows = connection.execute(_PAGE, (json.dumps(chosen),)).fetchall()
        more = encode_cursor(*places[limit - 1]) if len(places) > limit else None
        entries = [_entry(*row) for row in rows]
        names = [named.name.path for named in known]
        return FileHistory(entries=entries, names=names, next_cursor=more)


def _walks(
    connection: sqlite3.Connection, known: Sequence[Named], after: tuple[str, int]
) -> Iterator[sqlite3.Cursor]:
    """The times and keys of the touches of each path, newest first, as far as they are read."""
    time, key = after
    for named in known:
        for path in named.paths:
            values = {**named.values, "called": path, "time": time, "key": key}
            yield connection.execute(_TOUCHES, values)


class Named(NamedTuple):
    """One of the names of a file."""

    name: Name
    paths: list[str]
    """What it is called, in each folder of its project."""
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
        paths = _paths(connection, name)
        values = {
            "name": _last_of(name.path),
            "path": name.path,
            "paths": json.dumps(paths),
            "place": name.place,
            "project": project,
            "until": name.until,
        }
        moves: set[int] = set()
        for key, old, moment in connection.execute(_MOVES, values).fetchall():
            moves.add(key)
            if old not in seen:
                seen.add(old)
                waiting.append(Name(old, until=moment))
        yield Named(name, paths, values, moves)


def _paths(connection: sqlite3.Connection, name: Name) -> list[str]:
    """The known paths that may be those of a file; thousands may share the last part of it."""
    end = None if name.place is None else f"/{name.place}"
    return [
        path
        for (path,) in connection.execute(_PATHS, (_last_of(name.path),))
        if path == name.path or (end is not None and path.endswith(end))
    ]


def _last_of(path: str) -> str:
    return path.rpartition("/")[2]


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
