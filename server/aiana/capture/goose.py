"""Goose: one database of all sessions, `sessions.db`.

The JSONL files of before version 1.10 are in it: Goose itself takes them over.
"""

from __future__ import annotations

import os
import sqlite3
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from aiana.capture.blocks import Block, blocks_of, output_text
from aiana.capture.building import SessionBuilder
from aiana.capture.databases import ConversationDatabase, answers
from aiana.capture.decoding import loads, text_of_parts
from aiana.capture.talk import TalkReader
from aiana.paths import expanded

_NOTES = frozenset({"systemNotification", "contextLengthExceeded", "summarizationRequested"})
_UNNAMED = frozenset({"", "CLI Session", "New session", "New Chat"})


class Goose(ConversationDatabase):
    """Reads the data folder of this system, or the one in `GOOSE_PATH_ROOT`."""

    name = "goose"
    title = "Goose"

    def roots(self) -> list[Path]:
        if told := os.environ.get("GOOSE_PATH_ROOT"):
            return [expanded(told).absolute() / "data" / "sessions"]
        if sys.platform == "win32":
            roaming = os.environ.get("APPDATA") or "~/AppData/Roaming"
            return [expanded(roaming).absolute() / "Block" / "goose" / "data" / "sessions"]
        data = os.environ.get("XDG_DATA_HOME") or "~/.local/share"
        return [expanded(data).absolute() / "goose" / "sessions"]

    def is_transcript(self, path: Path) -> bool:
        return path.name == "sessions.db"

    def recognises(self, path: Path) -> bool:
        query = "SELECT role, content_json, created_timestamp FROM messages LIMIT 1"
        return path.suffix == ".db" and answers(path, query)

    def conversations(
        self, connection: sqlite3.Connection, path: Path
    ) -> Iterable[tuple[str, str]]:
        return [
            (str(session), f"{count}-{last}-{updated}-{name}")
            for session, count, last, updated, name in connection.execute(
                "SELECT s.id, count(m.id), max(m.id), s.updated_at, s.description FROM sessions s "
                "JOIN messages m ON m.session_id = s.id GROUP BY s.id ORDER BY max(m.id) DESC"
            )
        ]

    def take(
        self, connection: sqlite3.Connection, key: str, builder: SessionBuilder, lost: list[str]
    ) -> Iterator[None]:
        cursor = connection.execute("SELECT * FROM sessions WHERE id = ?", (key,))
        names = [column[0] for column in cursor.description]
        told = dict(zip(names, cursor.fetchone() or (), strict=False))
        cwd, kind = told.get("working_dir"), told.get("session_type")
        parent = told.get("parent_session_id")
        builder.session(
            key,
            cwd=cwd if isinstance(cwd, str) else "",
            parent=parent if isinstance(parent, str) and parent else None,
            metadata={"sessionKind": kind} if isinstance(kind, str) and kind != "user" else {},
        )
        for title in (told.get("name"), told.get("description")):
            if isinstance(title, str) and title.strip() not in _UNNAMED:
                builder.title(key, title)
                break
        teller = _Teller(builder, fallback=key)
        found = connection.execute(
            "SELECT * FROM messages WHERE session_id = ? ORDER BY id", (key,)
        )
        names = [column[0] for column in found.description]
        for row in found:
            columns = dict(zip(names, row, strict=True))
            try:
                teller.take_row(columns, is_own=kind in (None, "user"))
            except ValueError as error:
                lost.append(f"Message {columns.get('id')} of {key[:60]}: {error}")
            yield


class _Teller(TalkReader):
    def is_record(self, value: Any) -> bool:
        return "content_json" in value

    def take(self, line: bytes) -> str | None:
        raise NotImplementedError

    def take_row(self, row: dict[str, Any], is_own: bool) -> None:
        """Take a message; `is_own`: a person is in the session. Raises ValueError."""
        content = loads(str(row.get("content_json")).encode("utf-8", "replace"))
        # Rows are written anew when a session is compacted: what they say is what they are.
        self.begin({}, time=row.get("created_timestamp"))
        self.count(row.get("tokens"))
        is_user = row.get("role") == "user"
        is_shown = '"userVisible":false' not in str(row.get("metadata_json")).replace(" ", "")
        for part in content if isinstance(content, list) else [content]:
            if isinstance(part, dict):
                self._take_part(part, is_user, is_shown and is_own)

    def _take_part(self, part: dict[str, Any], is_user: bool, is_typed: bool) -> None:
        kind = part.get("type")
        name = part.get("id")
        call_id = name if isinstance(name, str) and name else None
        match kind:
            case "toolRequest" | "frontendToolRequest":
                call = _value(part.get("toolCall"))
                tool = call.get("name")
                arguments = call.get("arguments") or {}
                self.call(Block("call", "", call_id, tool if isinstance(tool, str) else None,
                                arguments))  # fmt: skip
            case "toolResponse":
                outcome = part.get("toolResult")
                failed = isinstance(outcome, dict) and outcome.get("status") == "error"
                value = outcome.get("value") if isinstance(outcome, dict) else outcome
                if isinstance(value, dict) and "content" in value:
                    failed = failed or value.get("isError") is True
                    value = value["content"]
                if failed and isinstance(outcome, dict) and not value:
                    value = outcome.get("error")
                self.result(Block("result", output_text(value), call_id, is_error=failed))
            case _ if str(kind) in _NOTES:
                self.say("system", "system", text_of_parts(part.get("msg")))
            case _:
                for block in blocks_of([part]):
                    if block.kind == "thinking":
                        self.say("thinking", "assistant", block.text)
                    elif not is_user:
                        self.say("assistant", "assistant", block.text)
                    elif is_typed:
                        self.prompt(block.text)
                    else:
                        self.say("system", "system", block.text)


def _value(call: Any) -> dict[str, Any]:
    """What is called, in the envelope that tells whether it could be read."""
    inner = call.get("value") if isinstance(call, dict) and "value" in call else call
    return inner if isinstance(inner, dict) else {}
