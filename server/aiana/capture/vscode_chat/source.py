"""VS Code's own chats, whoever answers in them, in all the ways in which they were ever kept.

Since January 2026 a chat is a log of changes (`chatSessions/<id>.jsonl`), since March 2025 a JSON
document (`<id>.json`), before that an entry of the workspace's database. Copies of one chat, and
the Copilot extension's log of it, have the same ids: it is one session. Beside
them lies what the agent host keeps of the files that a session changed.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from aiana.capture.building import SessionBuilder
from aiana.capture.databases import DatabaseSource, answers, opened
from aiana.capture.decoding import loads, object_of
from aiana.capture.documents import LARGEST, DocumentSource
from aiana.capture.vscode_chat import places
from aiana.capture.vscode_chat.chat import ChatReader
from aiana.capture.vscode_chat.edits import AgentEdits
from aiana.capture.vscode_chat.event_log import EventLogReader, begins_log, prompts_in
from aiana.capture.vscode_chat.lines import is_change, replay
from aiana.errors import UnreadableFile
from aiana.models import CaptureBatch, CapturePosition
from aiana.regular import open_regular

NAME, TITLE = "vscode-chat", "VS Code chat"
_KEY = "interactive.sessions"
_HEAD = 1 << 20
"""Bytes in which the first record of a log that is asked about must end."""


class _Files(DocumentSource):
    """Chats in files of their own: a log of changes is rewritten every now and then, too."""

    name = NAME
    title = TITLE

    def parse(self, data: bytes, builder: SessionBuilder) -> list[str]:
        path = builder.path
        folder = places.folder_of(path)
        if _is_event_log(path, data):
            log = EventLogReader(builder, folder)
            if not _is_told_beside(path, prompts_in(data)):
                log.take(data, path.stem)
            return log.lost
        reader = ChatReader(builder, folder)
        reader.take(_chat_of(data, reader.lost), path.stem)
        return reader.lost


class _Databases(DatabaseSource):
    """Chats in the database of a workspace, of which they are one entry."""

    name = NAME
    title = TITLE

    def rows(
        self, connection: sqlite3.Connection, cursor: dict[str, Any], builder: SessionBuilder
    ) -> Iterator[dict[str, Any]]:
        has_items = "SELECT 1 FROM sqlite_master WHERE name = 'ItemTable'"
        if connection.execute(has_items).fetchone() is None:
            return
        found = connection.execute("SELECT value FROM ItemTable WHERE key = ?", (_KEY,)).fetchone()
        value = found[0] if found else None
        data = value.encode("utf-8", "replace") if isinstance(value, str) else value
        if not isinstance(data, bytes):
            return
        digest = hashlib.blake2b(data, digest_size=16).hexdigest()
        if digest == cursor.get("digest"):
            return
        builder.begin_anew()
        reader = ChatReader(builder, places.folder_of(builder.path))
        with suppress(ValueError):
            chats = loads(data)
            for number, chat in enumerate(chats if isinstance(chats, list) else []):
                with suppress(ValueError):
                    reader.take(chat if isinstance(chat, dict) else {}, f"{digest}-{number}")
        yield {"digest": digest}


class _Edits(AgentEdits):
    name = NAME
    title = TITLE


class VSCodeChat:
    """Reads the user data of VS Code and its relatives, or what `VSCODE_USER_DATA_DIR` names."""

    name = NAME
    title = TITLE

    def __init__(self) -> None:
        self._files, self._databases, self._edits = _Files(), _Databases(), _Edits()

    def roots(self) -> list[Path]:
        return places.storage_folders()

    def enters(self, folder: Path) -> bool:
        return places.may_hold_chats(folder)

    def is_transcript(self, path: Path) -> bool:
        return (
            places.is_chat(path)
            or places.is_event_log(path)
            or places.is_database(path)
            or places.is_edits(path)
        )

    def recognises(self, path: Path) -> bool:
        match path.suffix:
            case ".vscdb":
                return _holds_chats(path)
            case ".db":
                return answers(path, "SELECT tool_call_id, before_content FROM file_edits LIMIT 1")
            case ".jsonl":
                with open_regular(path) as file:
                    head = file.read(_HEAD)
                return _is_log(path, head)
            case ".json":
                with open_regular(path) as file:
                    data = file.read(LARGEST)
                return b'"requests"' in data and _is_document(data)
        return False

    def unchanged(self, path: Path, position: CapturePosition) -> bool:
        return self._kit(path).unchanged(path, position)

    def read(self, path: Path, position: CapturePosition | None) -> Iterator[CaptureBatch]:
        return self._kit(path).read(path, position)

    def retention_days(self) -> int | None:
        return None

    def _kit(self, path: Path) -> _Files | _Databases | _Edits:
        if path.suffix == ".db":
            return self._edits
        return self._databases if path.suffix == ".vscdb" else self._files


def _chat_of(data: bytes, lost: list[str]) -> dict[str, Any]:
    """The chat of a document or of a log of changes, told by what it holds, not by its name.

    Raises ValueError.
    """
    with suppress(ValueError):
        value = object_of(data)
        if not is_change(value):
            return value
    return replay(data, lost)


def _is_told_beside(event_log: Path, prompts: int) -> bool:
    """Whether the editor's own file, which holds more of each turn, has as many turns as a log."""
    for path in places.chats_beside(event_log):
        with suppress(OSError, ValueError, UnreadableFile):
            with open_regular(path) as file:
                requests = _chat_of(file.read(LARGEST), []).get("requests")
            if isinstance(requests, list) and len(requests) >= max(prompts, 1):
                return True
    return False


def _first_record(data: bytes) -> dict[str, Any]:
    with suppress(ValueError):
        return object_of(data.lstrip().partition(b"\n")[0])
    return {}


def _is_event_log(path: Path, data: bytes) -> bool:
    return places.is_event_log(path) or begins_log(_first_record(data))


def _is_log(path: Path, head: bytes) -> bool:
    first = _first_record(head)
    if begins_log(first):
        return True
    chat = first.get("v")
    is_whole = first.get("kind") == 0 and isinstance(chat, dict) and "requests" in chat
    return is_whole or (
        # A first record that is longer than what was looked at.
        places.is_chat(path) and not first and head.startswith(b'{"kind":0,')
    )


def _is_document(data: bytes) -> bool:
    try:
        chat = object_of(data)
    except ValueError:
        return False
    return isinstance(chat.get("requests"), list) and (
        "responderUsername" in chat or "sessionId" in chat
    )


def _holds_chats(path: Path) -> bool:
    try:
        with opened(path) as connection:
            found = connection.execute(
                "SELECT 1 FROM ItemTable WHERE key = ? AND length(value) > 2", (_KEY,)
            ).fetchone()
    except (sqlite3.Error, UnreadableFile):
        return False
    return found is not None
