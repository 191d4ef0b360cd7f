"""Hermes: `state.db` in its home and in those of its profiles; before that a document a session.

Messages are those of the OpenAI API. A session that is in both is read from the database.
"""

from __future__ import annotations

import os
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from aiana.capture.blocks import Block, blocks_of, output_text
from aiana.capture.building import SessionBuilder
from aiana.capture.databases import ConversationDatabase, answers, opened
from aiana.capture.decoding import loads, object_of, text_of_parts
from aiana.capture.documents import DocumentSource
from aiana.capture.talk import TalkReader
from aiana.errors import UnreadableFile
from aiana.models import CaptureBatch, CapturePosition
from aiana.paths import expanded
from aiana.regular import open_regular

NAME, TITLE = "hermes", "Hermes"
_DATABASE = "state.db"
_PARTS = "\0json:"
"""How a content begins that is a JSON text of parts."""
_SUMMARIES = ("[CONTEXT COMPACTION", "[CONTEXT SUMMARY]")
_COLUMNS = (
    "id", "role", "content", "tool_call_id", "tool_calls", "tool_name", "timestamp",
    "token_count", "reasoning", "reasoning_content", "active", "compacted",
)  # fmt: skip


class _Teller(TalkReader):
    """Gives a builder messages, each with an id that follows from what it says: the database and
    a document of one session agree on it."""

    def is_record(self, value: Any) -> bool:
        return "role" in value

    def take(self, line: bytes) -> str | None:
        self.take_message(object_of(line))
        return None

    def take_message(self, message: dict[str, Any]) -> None:
        """A message of the API; `timestamp` in seconds since 1970, where there is one."""
        self.begin(message, time=message.get("timestamp"))
        self.count(message.get("token_count"))
        content = _content(message.get("content"))
        told = "\n".join(b.text for b in blocks_of(content) if b.kind == "text")
        match message.get("role"):
            case _ if told.startswith(_SUMMARIES):
                self.say("summary", "system", told)
            case "user":
                self.prompt(told)
            case "assistant":
                thought = message.get("reasoning") or message.get("reasoning_content")
                self.say("thinking", "assistant", text_of_parts(thought))
                self.say("assistant", "assistant", told)
                for call in _calls(message.get("tool_calls")):
                    self.call(call)
            case "tool":
                self._answer(message, content)
            case "session_meta":
                pass
            case _:
                self.say("system", "system", told)

    def _answer(self, message: dict[str, Any], content: Any) -> None:
        answered, tool = message.get("tool_call_id"), message.get("tool_name")
        value = _content(content)
        with suppress(ValueError):
            if isinstance(value, str) and value.lstrip().startswith("{"):
                value = loads(value.encode("utf-8", "replace"))
        code = value.get("exit_code") if isinstance(value, dict) else None
        block = Block(
            "result",
            output_text(value),
            answered if isinstance(answered, str) and answered else None,
            tool if isinstance(tool, str) and tool else None,
            is_error=message.get("finish_reason") == "error",
        )
        self.result(block, code)


def _content(value: Any) -> Any:
    if isinstance(value, str) and value.startswith(_PARTS):
        with suppress(ValueError):
            return loads(value[len(_PARTS) :].encode("utf-8", "replace"))
    return value


def _calls(value: Any) -> Iterator[Block]:
    if isinstance(value, str):
        with suppress(ValueError):
            value = loads(value.encode("utf-8", "replace"))
    for call in value if isinstance(value, list) else []:
        if not isinstance(call, dict):
            continue
        given = call.get("function")
        function: dict[str, Any] = given if isinstance(given, dict) else call
        name, call_id = function.get("name"), call.get("id") or call.get("call_id")
        yield Block(
            "call",
            id=call_id if isinstance(call_id, str) and call_id else None,
            name=name if isinstance(name, str) and name else None,
            arguments=function.get("arguments") or {},
        )


def _begin(builder: SessionBuilder, session_id: str, told: dict[str, Any]) -> None:
    """What a document or a row says of its session."""
    config = told.get("model_config")
    if isinstance(config, str):
        with suppress(ValueError):
            config = loads(config.encode("utf-8", "replace"))
    cwd = told.get("cwd") or (config.get("cwd") if isinstance(config, dict) else "")
    parent = told.get("parent_session_id")
    platform = told.get("platform") or told.get("source")
    builder.session(
        session_id,
        cwd=str(expanded(cwd)) if isinstance(cwd, str) and cwd else "",
        parent=parent if isinstance(parent, str) and parent else None,
        metadata={"platform": platform} if isinstance(platform, str) and platform else {},
    )
    title = told.get("title")
    builder.title(session_id, title if isinstance(title, str) else None)
    builder.time(told.get("started_at") or told.get("session_start"))


class _Files(DocumentSource):
    name = NAME
    title = TITLE

    def parse(self, data: bytes, builder: SessionBuilder) -> list[str]:
        told = object_of(data)
        messages = told.get("messages")
        if not isinstance(messages, list):
            raise ValueError("it holds no messages")
        named = told.get("session_id")
        session_id = named if isinstance(named, str) and named else builder.path.stem
        if _is_in_database(builder.path, session_id):
            return []
        _begin(builder, session_id, told)
        teller = _Teller(builder, fallback=session_id)
        teller.use_model(told.get("model"))
        lost = 0
        for message in messages:
            if isinstance(message, dict):
                teller.take_message(message)
            else:
                lost += 1
        return [f"{lost} of its messages are no objects."] if lost else []


class _Database(ConversationDatabase):
    name = NAME
    title = TITLE

    def conversations(
        self, connection: sqlite3.Connection, path: Path
    ) -> Iterable[tuple[str, str]]:
        # A row may change after it was written: its length is part of the mark.
        return [
            (str(session), f"{count}-{last}-{size}")
            for session, count, last, size in connection.execute(
                "SELECT session_id, count(*), max(id), total(length(content)) FROM messages "
                "GROUP BY session_id ORDER BY max(id) DESC"
            )
        ]

    def take(
        self, connection: sqlite3.Connection, key: str, builder: SessionBuilder, lost: list[str]
    ) -> Iterator[None]:
        told = _row(connection, key)
        _begin(builder, key, told)
        teller = _Teller(builder, fallback=key)
        teller.use_model(told.get("model"))
        copies = _copies(connection, key)
        for row in _messages(connection, key):
            if row.get("active") == 0 and not row.get("compacted"):
                continue  # taken back
            if row.get("active") != 0 and copies.pop_if(row):
                continue
            teller.take_message(row)
            yield


class _Copies:
    """What a compaction archived and wrote once more."""

    def __init__(self, archived: list[dict[str, Any]], times: set[Any]) -> None:
        self._counts = Counter(self._key(row) for row in archived)
        self._times = times | {row.get("timestamp") for row in archived}

    @staticmethod
    def _key(row: dict[str, Any]) -> tuple[Any, ...]:
        return (row.get("role"), row.get("content"), row.get("tool_calls"))

    def pop_if(self, row: dict[str, Any]) -> bool:
        """Whether a live row is such a copy, which then counts no more."""
        key = self._key(row)
        if row.get("timestamp") not in self._times or not self._counts[key]:
            return False
        self._counts[key] -= 1
        return True


def _copies(connection: sqlite3.Connection, key: str) -> _Copies:
    archived = [r for r in _messages(connection, key) if r.get("compacted")]
    times = {
        row.get("timestamp")
        for row in (_messages(connection, key) if archived else ())
        if isinstance(row.get("content"), str) and row["content"].startswith(_SUMMARIES)
    }
    return _Copies(archived, times)


def _messages(connection: sqlite3.Connection, key: str) -> Iterator[dict[str, Any]]:
    """Rows of a session in their order, with those columns that this version has."""
    known = {row[1] for row in connection.execute("PRAGMA table_info(messages)")}
    names = [name for name in _COLUMNS if name in known]
    query = f"SELECT {', '.join(names)} FROM messages WHERE session_id = ? ORDER BY id"
    for row in connection.execute(query, (key,)):
        yield dict(zip(names, row, strict=True))


def _row(connection: sqlite3.Connection, key: str) -> dict[str, Any]:
    """What is told of a session; nothing in a database without sessions."""
    try:
        cursor = connection.execute("SELECT * FROM sessions WHERE id = ?", (key,))
    except sqlite3.OperationalError:
        return {}
    names = [column[0] for column in cursor.description]
    row = cursor.fetchone()
    return dict(zip(names, row, strict=True)) if row else {}


def _is_in_database(document: Path, session_id: str) -> bool:
    """Whether the database of the home in which a document lies has its session."""
    path = document.parent.parent / _DATABASE
    if not path.is_file():
        return False
    try:
        with opened(path) as connection:
            found = connection.execute(
                "SELECT 1 FROM messages WHERE session_id = ? LIMIT 1", (session_id,)
            ).fetchone()
    except (sqlite3.Error, OSError, UnreadableFile):
        return False
    return found is not None


class Hermes:
    """Reads `HERMES_HOME`, else `~/.hermes`, the same on every system."""

    name = NAME
    title = TITLE

    def __init__(self) -> None:
        self._files, self._database = _Files(), _Database()

    def roots(self) -> list[Path]:
        return [expanded(os.environ.get("HERMES_HOME") or "~/.hermes").absolute()]

    def enters(self, folder: Path) -> bool:
        return folder.name in ("sessions", "profiles") or folder.parent.name == "profiles"

    def is_transcript(self, path: Path) -> bool:
        if path.name == _DATABASE:
            return True
        return path.suffix == ".json" and (
            path.parent.name == "sessions" or "hermes" in path.name.lower()
        )

    def recognises(self, path: Path) -> bool:
        if path.suffix == ".db":
            return answers(
                path, "SELECT session_id, role, content, tool_calls FROM messages LIMIT 1"
            )
        if path.suffix != ".json":
            return False
        with open_regular(path) as file:
            data = file.read(1 << 20)
        return all(key in data for key in (b'"session_id"', b'"session_start"', b'"messages"'))

    def unchanged(self, path: Path, position: CapturePosition) -> bool:
        return self._kit(path).unchanged(path, position)

    def read(self, path: Path, position: CapturePosition | None) -> Iterator[CaptureBatch]:
        return self._kit(path).read(path, position)

    def retention_days(self) -> int | None:
        return None

    def _kit(self, path: Path) -> _Files | _Database:
        return self._database if path.suffix == ".db" else self._files
