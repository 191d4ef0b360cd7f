"""OpenCode's sessions: `opencode.db` since 1.2, files below `storage` before."""

from __future__ import annotations

import hashlib
import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from aiana.capture.building import SessionBuilder
from aiana.capture.databases import (
    BATCH_CHARS,
    ConversationDatabase,
    columns_of,
    has_table,
    opened,
    value_of,
)
from aiana.capture.decoding import object_of
from aiana.capture.losses import Losses
from aiana.capture.opencode.conversation import Conversation
from aiana.errors import UnreadableFile
from aiana.models import CaptureBatch, CapturePosition
from aiana.paths import expanded, readable
from aiana.regular import open_regular

NAME, TITLE = "opencode", "OpenCode"
_SESSION_TABLES = ("session", "session_v2")
_FACTS = (
    "id",
    "parent_id",
    "fork_session_id",
    "directory",
    "title",
    "version",
    "agent",
    "time_created",
)
_LARGEST = 32 << 20
"""Bytes of the largest file that is read."""


class _Databases(ConversationDatabase):
    """Sessions in tables of messages and their parts, or in the log of version 2."""

    name = NAME
    title = TITLE

    def conversations(
        self, connection: sqlite3.Connection, path: Path
    ) -> Iterable[tuple[str, str]]:
        counted = [
            ("SELECT seq FROM event_sequence WHERE aggregate_id = ?", "event_sequence"),
            ("SELECT count(*), max(time_created) FROM message WHERE session_id = ?", "message"),
            (
                "SELECT count(*), max(seq) FROM session_message WHERE session_id = ?",
                "session_message",
            ),
        ]
        counts = [query for query, table in counted if has_table(connection, table)]
        if not has_table(connection, "event_sequence") and has_table(connection, "part"):
            # Parts change in their place.
            counts.append("SELECT count(*), max(time_updated) FROM part WHERE session_id = ?")
        for name, updated in _sessions(connection):
            seen = [
                tuple(row or ())
                for q in counts
                for row in [connection.execute(q, (name,)).fetchone()]
            ]
            yield name, f"{updated} {seen}"

    def take(
        self, connection: sqlite3.Connection, key: str, builder: SessionBuilder, lost: list[str]
    ) -> Iterator[None]:
        conversation = Conversation(builder, _session(connection, key), key)
        if has_table(connection, "message"):
            for name, info in _rows(connection, "message", key, "time_created, id", lost):
                parts = _parts(connection, name, lost)
                lost += conversation.message(name, info, parts)
                yield
        if has_table(connection, "session_message"):
            ids = connection.execute(
                "SELECT id, type, time_created FROM session_message "
                "WHERE session_id = ? ORDER BY seq",
                (key,),
            ).fetchall()
            for name, kind, time in ids:
                if (data := _object(connection, "session_message", name, lost)) is not None:
                    lost += conversation.entry(name, str(kind), data, time)
                yield


def _sessions(connection: sqlite3.Connection) -> list[tuple[str, Any]]:
    """Ids of all sessions and when each was written to, the last one first."""
    found: dict[str, Any] = {}
    for table in _SESSION_TABLES:
        columns = columns_of(connection, table)
        if "id" in columns:
            updated = "time_updated" if "time_updated" in columns else "NULL"
            rows = connection.execute(f"SELECT id, {updated} FROM {table}").fetchall()
            found |= {str(name): time for name, time in rows}
    return sorted(found.items(), key=lambda item: -_number(item[1]))


def _session(connection: sqlite3.Connection, key: str) -> dict[str, Any]:
    """What the tables say of a session."""
    for table in _SESSION_TABLES:
        columns = [name for name in _FACTS if name in columns_of(connection, table)]
        if "id" in columns:
            row = connection.execute(
                f"SELECT {', '.join(columns)} FROM {table} WHERE id = ?", (key,)
            ).fetchone()
            if row:
                return dict(zip(columns, row, strict=True))
    return {"id": key}


def _rows(
    connection: sqlite3.Connection, table: str, key: str, order: str, lost: list[str]
) -> Iterator[tuple[str, dict[str, Any]]]:
    ids = connection.execute(
        f"SELECT id, time_created FROM {table} WHERE session_id = ? ORDER BY {order}", (key,)
    ).fetchall()
    for name, time in ids:
        if (info := _object(connection, table, name, lost)) is not None:
            yield name, {"time_created": time, **info}


def _parts(connection: sqlite3.Connection, message: str, lost: list[str]) -> list[dict[str, Any]]:
    ids = connection.execute("SELECT id FROM part WHERE message_id = ? ORDER BY id", (message,))
    found = []
    for (name,) in ids.fetchall():
        if (part := _object(connection, "part", name, lost)) is not None:
            found.append({"id": name, **part})
    return found


def _object(
    connection: sqlite3.Connection, table: str, name: str, lost: list[str]
) -> dict[str, Any] | None:
    data = value_of(connection, table, name, ("id", "data"))
    try:
        if data is None:
            raise ValueError
        return object_of(data)
    except ValueError:
        lost.append(f"Row {str(name)[:60]} of {table} is no JSON object.")
        return None


class _Files:
    """Sessions in files of their own, with a file for each message and each part."""

    version = 1

    def unchanged(self, path: Path, position: CapturePosition) -> bool:
        mark = position.mark
        return mark.get("version") == self.version and mark.get("facts") == _Tree(path, []).facts()

    def read(self, path: Path, position: CapturePosition | None) -> Iterator[CaptureBatch]:
        lost: list[str] = []
        tree = _Tree(path, lost)
        if tree.session is None:
            raise UnreadableFile("It is no JSON object.")
        facts = tree.facts()
        builder = SessionBuilder(NAME, path, path.stat().st_mtime, {})
        done = 0

        def here(mark: dict[str, Any]) -> CapturePosition:
            losses = Losses(path, lost)
            return CapturePosition(
                path=readable(path),
                source=NAME,
                mark=mark,
                skipped_lines=losses.count,
                left_out=losses.named,
            )

        conversation = Conversation(builder, tree.session, path.stem)
        if not _is_in_database(path, conversation.id):
            for info in tree.messages(lost):
                name = str(info.get("id") or "")
                lost += conversation.message(name, info, tree.parts(name, lost))
                if builder.weight > BATCH_CHARS:
                    done += builder.weight
                    yield builder.batch(here({}), 0, done)
        yield builder.batch(here({"facts": facts, "version": self.version}), done, done)


class _Tree:
    """The folders around a session's file."""

    def __init__(self, path: Path, lost: list[str]) -> None:
        self._path = path
        self.session = _document(path, lost)
        # `storage/session/<project>/<id>.json`; until 2025 `storage/session/info/<id>.json`.
        self._base = path.parent.parent if path.parent.name == "info" else path.parent.parent.parent
        told = self.session.get("id") if self.session else None
        names = [name for name in (path.stem, told) if isinstance(name, str) and _is_name(name)]
        self._names = list(dict.fromkeys(names))
        self._loose: dict[str, list[Path]] | None = None

    def facts(self) -> str:
        """What is another one when a file of the session was written to. Raises OSError."""
        digest = hashlib.blake2b(digest_size=16)
        messages = self._message_files()
        parts = [part for message in messages for part in self._part_files(message.stem)]
        for path in [*messages, *parts, self._path]:
            stat = path.stat()
            digest.update(f"{path.name} {stat.st_size} {stat.st_mtime_ns}\n".encode())
        return digest.hexdigest()

    def messages(self, lost: list[str]) -> list[dict[str, Any]]:
        """The messages of the session, in their order."""
        found = [info for file in self._message_files() if (info := _document(file, lost))]
        return sorted(found, key=lambda info: (_created(info), str(info.get("id"))))

    def parts(self, message: str, lost: list[str]) -> list[dict[str, Any]]:
        """The parts of a message, in their order."""
        files = self._part_files(message) if _is_name(message) else []
        files += self._loose_parts().get(message, [])
        found = [part for file in files if (part := _document(file, lost))]
        return sorted(found, key=lambda part: str(part.get("id")))

    def _message_files(self) -> list[Path]:
        return [file for name in self._names for file in _listed(self._base / "message" / name)]

    def _part_files(self, message: str) -> list[Path]:
        parts = self._base / "part"
        return _listed(parts / message) + [
            file for name in self._names for file in _listed(parts / name / message)
        ]

    def _loose_parts(self) -> dict[str, list[Path]]:
        """Parts that lie in no folder of their message."""
        if self._loose is None:
            self._loose = {}
            for file in _listed(self._base / "part"):
                part = _document(file, [])
                if part and isinstance(message := part.get("messageID"), str):
                    self._loose.setdefault(message, []).append(file)
        return self._loose


class OpenCode:
    """Reads `opencode` below `XDG_DATA_HOME` or `~/.local/share`, and what `OPENCODE_DB` names."""

    name = NAME
    title = TITLE

    def __init__(self) -> None:
        self._databases, self._files = _Databases(), _Files()

    def roots(self) -> list[Path]:
        shared = os.environ.get("XDG_DATA_HOME")
        folders = [(expanded(shared) if shared else Path.home() / ".local/share") / "opencode"]
        if (named := os.environ.get("OPENCODE_DB")) and Path(named).is_absolute():
            folders.append(expanded(named).parent)
        return list(dict.fromkeys(folders))

    def enters(self, folder: Path) -> bool:
        names = [folder.name, *(parent.name for parent in folder.parents)]
        if "message" in names[:1] or "part" in names[:1]:
            return False
        return names[0] in ("storage", "project") or names[1] in ("session", "project", "storage")

    def is_transcript(self, path: Path) -> bool:
        if path.suffix == ".db":
            return path.stem.startswith("opencode") or str(path) == os.environ.get("OPENCODE_DB")
        return path.suffix == ".json" and "session" in (
            path.parent.parent.name,
            path.parent.parent.parent.name if path.parent.name == "info" else "",
        )

    def recognises(self, path: Path) -> bool:
        if path.suffix == ".db":
            return _holds_sessions(path)
        if path.suffix != ".json" or not self.is_transcript(path):
            return False
        session = _document(path, [])
        return session is not None and "time" in session and "id" in session

    def unchanged(self, path: Path, position: CapturePosition) -> bool:
        return self._kit(path).unchanged(path, position)

    def read(self, path: Path, position: CapturePosition | None) -> Iterator[CaptureBatch]:
        return self._kit(path).read(path, position)

    def retention_days(self) -> int | None:
        return None

    def _kit(self, path: Path) -> _Databases | _Files:
        return self._files if path.suffix == ".json" else self._databases


def _holds_sessions(path: Path) -> bool:
    try:
        with opened(path) as connection:
            has = {table for table in ("session", "session_v2") if has_table(connection, table)}
            # Others call a table so as well.
            told = any("directory" in columns_of(connection, table) for table in has)
            return told and (
                has_table(connection, "part") or has_table(connection, "session_message")
            )
    except (sqlite3.Error, UnreadableFile):
        return False


def _is_in_database(path: Path, session_id: str) -> bool:
    """Whether the database that followed the files has the session of one."""
    storage = next((parent for parent in path.parents if parent.name == "storage"), None)
    for database in sorted(storage.parent.glob("opencode*.db")) if storage else []:
        with suppress(sqlite3.Error, OSError, UnreadableFile), opened(database) as connection:
            found = connection.execute(
                "SELECT 1 FROM message WHERE session_id = ? LIMIT 1", (session_id,)
            )
            if found.fetchone():
                return True
    return False


def _is_name(text: str) -> bool:
    """Whether a text is the name of a file, and no way out of its folder."""
    return bool(text) and text == Path(text).name and text != ".."


def _listed(folder: Path) -> list[Path]:
    with suppress(OSError):
        return sorted(path for path in folder.iterdir() if path.suffix == ".json")
    return []


def _document(path: Path, lost: list[str]) -> dict[str, Any] | None:
    try:
        with open_regular(path) as file:
            data = file.read(_LARGEST + 1)
        if len(data) > _LARGEST:
            raise ValueError
        return object_of(data)
    except (OSError, ValueError, UnreadableFile):
        lost.append(f"{path.parent.name}/{path.name} is no JSON object.")
        return None


def _created(info: dict[str, Any]) -> float:
    times = info.get("time")
    return _number(times.get("created") if isinstance(times, dict) else None)


def _number(value: Any) -> float:
    return float(value) if isinstance(value, (int, float)) else 0.0
