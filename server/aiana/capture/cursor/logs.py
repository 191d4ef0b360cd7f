"""What agents said and called, a message a line; what tools gave back is left out of some."""

from __future__ import annotations

import re
import sqlite3
from contextlib import suppress
from pathlib import Path
from typing import Any

from aiana.capture.building import FirstSeen, SessionBuilder
from aiana.capture.cursor import places
from aiana.capture.cursor.command_line import meta_of
from aiana.capture.cursor.messages import MessageReader
from aiana.capture.cursor.values import BUBBLE, DOCUMENT, NAME, TITLE, key_range
from aiana.capture.databases import opened, value_of
from aiana.capture.documents import DocumentSource
from aiana.capture.vscode_chat.lines import records
from aiana.errors import UnreadableFile
from aiana.regular import open_regular

_HEAD = 64 << 10
_LOG_LINE = re.compile(r"(?m)^(user|assistant):\s*$")
_LOG_MARK = re.compile(r"(?m)^\[(Thinking|Tool call|Tool result)\] ?(.*)$")


class AgentLogs(DocumentSource):
    """What agents said and called, a message a line; results of tools are left out of some."""

    name = NAME
    title = TITLE

    def parse(self, data: bytes, builder: SessionBuilder) -> list[str]:
        path = builder.path
        session_id, parent = places.session_of_log(path)
        lost: list[str] = []
        if _is_told_elsewhere(path, session_id):
            return lost
        folder = places.folder_of_log(path)
        builder.session(session_id, cwd=folder, parent=parent)
        reader = MessageReader(builder, session_id, parent is not None)
        seen = FirstSeen(builder)
        reader.clock = seen.next
        if path.suffix == ".txt":
            _take_text(reader, data.decode("utf-8", "replace"))
            seen.finish()
            return lost
        understood = False
        for number, record in records(data, is_message, lost):
            if not is_message(record):
                understood = understood or "type" in record
                if record.get("type") not in ("turn_ended", "turn_started"):
                    lost.append(f"Line {number} is a JSON object, but no message.")
                continue
            understood = True
            reader.model(record.get("model"))
            if why := reader.take(record):
                lost.append(f"Line {number}: {why}")
        seen.finish()
        if not understood and data.strip():
            raise ValueError("no line of it is a message")
        return lost


def is_log(path: Path) -> bool:
    """Whether a file begins like an agent's log. Raises OSError and UnreadableFile."""
    with open_regular(path) as file:
        head = file.read(_HEAD)
    if path.suffix == ".txt":
        text = head.decode("utf-8", "replace")
        return places.is_agent_log(path) and _LOG_LINE.match(text) is not None
    first = next(records(head + b"\n", is_message, []), None)
    return first is not None and is_message(first[1])


def is_message(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and value.get("role") in ("user", "assistant", "tool", "system")
        and isinstance(inner := value.get("message"), dict)
        and "content" in inner
        and "type" not in value
    )


def _take_text(reader: MessageReader, text: str) -> None:
    """A log of 2025, which is no JSON: who speaks stands on a line of its own."""
    pieces = _LOG_LINE.split(text)
    for role, said in zip(pieces[1::2], pieces[2::2], strict=False):
        if role == "user":
            reader.take({"role": "user", "content": said})
            continue
        parts = _LOG_MARK.split(said)
        reader.answer(parts[0])
        for kind, rest, body in zip(parts[1::3], parts[2::3], parts[3::3], strict=False):
            inside, after = _indented(body)
            match kind:
                case "Thinking":
                    reader.thought(f"{rest}\n{inside}")
                case "Tool call":
                    reader.call(None, rest.strip() or "tool", _arguments(inside))
                case _:
                    reader.result(None, rest.strip() or "tool", inside)
            reader.answer(after)


def _indented(text: str) -> tuple[str, str]:
    """The indented lines that a text begins with, and the rest."""
    lines = text.lstrip("\n").split("\n")
    end = next((n for n, line in enumerate(lines) if line and line[0] not in " \t"), len(lines))
    return "\n".join(line.strip() for line in lines[:end]).strip(), "\n".join(lines[end:])


def _arguments(text: str) -> dict[str, str]:
    told: dict[str, str] = {}
    last = ""
    for line in text.split("\n"):
        key, colon, value = line.partition(":")
        if colon and key.strip().isidentifier():
            last = key.strip()
            told[last] = value.strip()
        elif last:
            told[last] += f"\n{line}"
        elif line:
            told[last := "input"] = line
    return told


def _is_told_elsewhere(log: Path, session_id: str) -> bool:
    """Whether a database, which holds more of each turn, has the session of a log, too."""
    for store in places.stores_of(log, session_id):
        with suppress(sqlite3.Error, OSError, UnreadableFile), opened(store) as connection:
            root = meta_of(connection).get("latestRootBlobId")
            if value_of(connection, "blobs", str(root or ""), ("id", "data")):
                return True
    for user in places.user_folders() if "projects" in log.parts else []:
        database = user / "globalStorage" / "state.vscdb"
        with suppress(sqlite3.Error, OSError, UnreadableFile), opened(database) as connection:
            bubble = connection.execute(
                "SELECT 1 FROM cursorDiskKV WHERE key >= ? AND key < ? LIMIT 1",
                key_range(f"{BUBBLE}{session_id}:"),
            )
            if bubble.fetchone() and value_of(connection, "cursorDiskKV", DOCUMENT + session_id):
                return True
    return False
