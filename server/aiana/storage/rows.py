"""How rows become values, and the small queries that several stores share."""

from __future__ import annotations

import base64
import hashlib
import json
import sqlite3
import sys
from collections.abc import Iterable
from itertools import takewhile
from pathlib import PurePath
from typing import Any

from msgspec import Struct

from aiana.errors import Conflict, InvalidQuery, NotFound
from aiana.models import Memory, Message, Preference, Project, Session
from aiana.projects import around, folders_of, is_gone, is_path, project_of
from aiana.protocol.uris import memory_uri, session_uri

SESSION_COLUMNS = (
    "s.id, s.source, p.id, s.project_path, s.transcript_path, s.started_at, s.ended_at, s.title, "
    "s.summary, s.parent_id, s.message_count, s.token_count, s.metadata, "
    "(SELECT count(*) FROM sessions a WHERE a.parent_id = s.id AND a.source = s.source "
    "AND json_extract(a.metadata, '$.forkedFrom') IS NULL)"
)
STANDS_ALONE = (
    "(s.parent_id IS NULL OR json_extract(s.metadata, '$.forkedFrom') IS NOT NULL OR NOT EXISTS "
    "(SELECT 1 FROM sessions p WHERE p.id = s.parent_id AND p.source = s.source))"
)
"""Whether a session is a person's own, forks included, or one whose session nobody knows."""
MESSAGE_COLUMNS = (
    "m.id, s.id, m.type, m.role, m.content, m.tool_name, m.tool_input, m.parent_id, m.timestamp, "
    "m.tokens, m.metadata, m.position, s.source"
)
MEMORY_COLUMNS = (
    "m.id, m.content, m.memory_type, p.id, m.session_id, m.tags, m.metadata, m.created_at, "
    "m.updated_at, m.helpful, m.unhelpful, m.harmful"
)

_LEAST_BEGINNING = 4
"""Characters of an id that may stand for it where something is read; changes take all of it."""


def begun_with(
    connection: sqlite3.Connection, things: str, query: str, beginning: str, **values: Any
) -> tuple[Any, ...] | None:
    """The one row whose id begins so, of a query for ids `BETWEEN :first AND :last`.

    None if there is none, or the beginning is too short to stand for an id; raises NotFound if
    there are several.
    """
    if len(beginning) < _LEAST_BEGINNING:
        return None
    values |= {"first": beginning, "last": beginning + chr(sys.maxunicode)}
    rows: list[tuple[Any, ...]] = connection.execute(f"{query} LIMIT 2", values).fetchall()
    if len(rows) > 1:
        raise NotFound(f"Several {things} begin with {beginning}.", "Give more of it.")
    return rows[0] if rows else None


class Forgotten(Struct, frozen=True, kw_only=True):
    """What was deleted, as far as it takes to see that nothing of it is left."""

    sessions: list[tuple[str, str]] = []
    """Source and id."""
    memories: list[str] = []
    preferences: list[str] = []
    texts: list[str] = []
    """That were indexed, with the words that were derived from them."""
    beside: list[str] = []
    """Those that were not."""
    sought: str = ""
    """Words that all of it was found by."""
    messages: list[tuple[str, str, str]] = []
    """Of sessions that stay: source, session and id."""
    owed: list[str] = []
    """Under which names it is noted that files still hold some of it."""


class DeletedRows(Struct, frozen=True, kw_only=True):
    """What was deleted, by key."""

    documents: list[int]
    """Messages, and memories below zero."""
    indexed: list[int]
    """Rows of the full-text index."""
    owners: list[int]
    """Owners of vectors: chunks, and memories below zero."""
    forgotten: Forgotten = Forgotten()


def session_of(row: tuple[Any, ...]) -> Session:
    return Session(
        id=row[0],
        source=row[1],
        project=row[2],
        project_path=row[3],
        transcript_path=row[4],
        started_at=row[5],
        ended_at=row[6],
        title=row[7],
        summary=row[8],
        parent_id=row[9],
        message_count=row[10],
        token_count=row[11],
        metadata=json.loads(row[12]),
        agents=row[13],
        uri=session_uri(row[1], row[0]),
    )


def message_of(row: tuple[Any, ...]) -> Message:
    return Message(
        id=row[0],
        session_id=row[1],
        type=row[2],
        role=row[3],
        content=row[4],
        tool_name=row[5],
        tool_input=row[6],
        parent_id=row[7],
        timestamp=row[8],
        tokens=row[9],
        metadata={} if row[10] == "{}" else json.loads(row[10]),
        position=row[11],
        uri=session_uri(row[12], row[1], row[0]),
    )


def memory_of(row: tuple[Any, ...]) -> Memory:
    return Memory(
        id=row[0],
        content=row[1],
        memory_type=row[2],
        project=row[3],
        session_id=row[4],
        tags=json.loads(row[5]),
        metadata=json.loads(row[6]),
        created_at=row[7],
        updated_at=row[8],
        helpful=row[9],
        unhelpful=row[10],
        harmful=row[11],
        uri=memory_uri(row[0]),
    )


def preference_of(row: tuple[Any, ...]) -> Preference:
    return Preference(id=row[0], text=row[1], static=bool(row[2]), created_at=row[3])


def content_hash(text: str) -> bytes:
    """Identity of a text: 16 bytes of its SHA-256."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:16]


def storable(text: str) -> str:
    """`text` as SQLite can keep it: lone surrogates have no UTF-8 form."""
    if text.isascii():
        return text
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode("utf-8")
    return text


def project_key(connection: sqlite3.Connection, project: Project) -> int:
    """The key of a project, which is stored on first sight; its root follows the newest sight."""
    row = connection.execute(
        "SELECT key, root FROM projects WHERE id = ?", (project.id,)
    ).fetchone()
    if row is None:
        cursor = connection.execute(
            # A key that is used again would lend a new project what is noted of a forgotten one.
            "INSERT INTO projects (key, id, name, root) SELECT 1 + max("
            "(SELECT coalesce(max(key), 0) FROM projects), "
            "(SELECT coalesce(max(project_key), 0) FROM revisions)), ?, ?, ?",
            (project.id, project.name, project.root),
        )
        assert cursor.lastrowid is not None
        return cursor.lastrowid
    if project.root and project.root != row[1]:
        connection.execute("UPDATE projects SET root = ? WHERE key = ?", (project.root, row[0]))
    return int(row[0])


def named_project(identity: str, root: str = "") -> Project:
    """The project with this identity, named by the last component of it."""
    name = PurePath(identity.replace("\\", "/")).name or identity
    return Project(id=identity, name=name, root=root)


def matching_projects(connection: sqlite3.Connection, text: str) -> list[int]:
    """Keys of the projects that an identity, the path of a folder or file, or a name means.

    An identity wins over a name. A path means the project that it belongs to and no other: neither
    one that lies around it nor one whose name it bears.
    """
    exact = connection.execute("SELECT key FROM projects WHERE id = ?", (text,)).fetchall()
    if exact:
        return [key for (key,) in exact]
    if is_path(text):
        return projects_at(connection, text)
    named = connection.execute("SELECT key FROM projects WHERE name = ? COLLATE NOCASE", (text,))
    return [key for (key,) in named]


def projects_at(connection: sqlite3.Connection, path: str) -> list[int]:
    """Key of the stored project of a folder or file: at most one."""
    folders = folders_of(path)
    by_identity = (
        "SELECT key FROM projects WHERE id = ?",
        [project_of(folder).id for folder in folders],
    )
    by_record = (
        "SELECT project_key FROM sessions WHERE project_path = ? ORDER BY started_at DESC LIMIT 1"
    )
    queries: list[tuple[str, Iterable[str]]] = [by_identity, (by_record, folders)]
    if is_gone(folders[0]):
        # What sessions recorded there, or in what is gone around it, is all that can be known.
        lost = takewhile(is_gone, around(folders[0]))
        queries = [(by_record, lost), by_identity]
    for query, values in queries:
        for value in values:
            if row := connection.execute(query, (value,)).fetchone():
                return [row[0]]
    return []


def bump_revision(connection: sqlite3.Connection, kind: str, project_key: int) -> None:
    """Tell other processes that something of this kind changed in this project."""
    connection.execute(
        "INSERT INTO revisions (kind, project_key, revision) "
        "VALUES (?1, ?2, (SELECT coalesce(max(revision), 0) + 1 FROM revisions)) "
        "ON CONFLICT (kind, project_key) DO UPDATE SET revision = excluded.revision",
        (kind, project_key),
    )


def check_expected(found: int, expected: int | None) -> None:
    """Raises Conflict if a deletion would take more or less than the caller expects."""
    if expected is not None and found != expected:
        raise Conflict(
            f"{expected:,} were to be deleted, but there are {found:,} by now, so nothing was: "
            "look at them again."
        )


def encode_cursor(*position: object) -> str:
    """An opaque text for the place where the next page begins."""
    return base64.urlsafe_b64encode(json.dumps(position).encode()).decode().rstrip("=")


def decode_cursor(cursor: str) -> list[object]:
    """The place that a cursor stands for. Raises InvalidQuery."""
    try:
        position = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, RecursionError) as error:
        raise InvalidQuery("This cursor is none of ours: leave it out to start over.") from error
    if not isinstance(position, list) or len(position) != 2:
        raise InvalidQuery("This cursor is none of ours: leave it out to start over.")
    return position


def place_in_list(cursor: str) -> tuple[str, int]:
    """What the cursor of a list says: rank and key of the last row before the page.

    Raises InvalidQuery.
    """
    match decode_cursor(cursor):
        case [str(rank), int(key)] if 0 <= key < 1 << 63:
            return rank, key
    raise InvalidQuery("This cursor is none of ours: leave it out to start over.")
