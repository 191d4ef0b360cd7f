"""Notes, inside the writer's transaction, which files tool calls touched and what git did."""

from __future__ import annotations

import json
import posixpath
import sqlite3
from collections.abc import Sequence
from typing import NamedTuple

from aiana.models import Message
from aiana.paths import expanded
from aiana.projects import is_path, normalise_folder
from aiana.storage.guarded import Admitted
from aiana.touches.calls import command_of, how_of_result, lines_of_result, touches_of_call
from aiana.touches.shell import refs_of_command
from aiana.touches.values import Touch, Touched


class Tool(NamedTuple):
    """A tool call or result, as far as it says what was touched."""

    key: int
    type: str
    tool: str
    input: str | None
    content: str
    metadata: str


def path_condition(path: str) -> tuple[str, list[object]]:
    """Of the table `message_files`: those of a file, of which the end of its path is enough."""
    text = normalise_folder(path).removeprefix("./")
    ends = "name = ?"
    values: list[object] = [text.rpartition("/")[2]]
    if is_path(text):
        return f"{ends} AND path = ?", [*values, text]
    if "/" in text:
        return f"{ends} AND (path = ? OR substr(path, -length(?) - 1) = '/' || ?)", [
            *values,
            text,
            text,
            text,
        ]
    return ends, values


def note_touches(
    connection: sqlite3.Connection, session_key: int, messages: Sequence[Message]
) -> None:
    """Keep what these stored messages of a session touched, in the place of what was kept."""
    ids = [m.id for m in messages if m.type in ("tool_use", "tool_result")]
    if not ids:
        return
    rows = connection.execute(
        "SELECT key, type, coalesce(tool_name, ''), tool_input, content, metadata FROM messages "
        "WHERE session_key = ? AND id IN (SELECT value FROM json_each(?)) ORDER BY position, key",
        (session_key, Admitted(json.dumps(ids))),
    ).fetchall()
    note(connection, session_key, [Tool(*row) for row in rows])


def note(connection: sqlite3.Connection, session_key: int, tools: Sequence[Tool]) -> None:
    """Keep what these calls and results of a session say, in the place of what was kept."""
    keys = Admitted(json.dumps([tool.key for tool in tools]))
    for table in ("message_files", "message_refs"):
        connection.execute(
            f"DELETE FROM {table} WHERE message_key IN (SELECT value FROM json_each(?))", (keys,)
        )
    (folder,) = connection.execute(
        "SELECT project_path FROM sessions WHERE key = ?", (session_key,)
    ).fetchone()
    calls: dict[str, tuple[int, str | None]] = {}
    for tool in tools:
        call_id = json.loads(tool.metadata).get("toolCallId")
        if tool.type == "tool_use":
            if isinstance(call_id, str):
                calls[call_id] = tool.key, tool.input
            _put_files(connection, session_key, tool.key, folder, _told(tool))
        elif isinstance(call_id, str):
            call = calls.get(call_id) or _call_of(connection, session_key, call_id)
            if call is not None:
                _refine(connection, session_key, call, tool)


def _told(tool: Tool) -> list[Touch]:
    return touches_of_call(tool.tool, tool.input or tool.content)


def _put_files(
    connection: sqlite3.Connection,
    session_key: int,
    message_key: int,
    folder: str,
    touches: Sequence[Touch],
) -> None:
    for touch in touches:
        path = absolute(touch.path, folder)
        how = touch.how
        if how in ("created", "written"):
            before = _last_touch(connection, session_key, message_key, path)
            # What was read, written or taken away in the session before was there, or was not.
            if before is not None:
                how = "created" if before == "deleted" else "edited"
            elif how == "written":
                how = "edited"
        connection.execute(
            "INSERT INTO message_files "
            "(message_key, session_key, timestamp, path, name, touch, first_line, last_line) "
            "SELECT key, session_key, timestamp, ?, ?, ?, ?, ? FROM messages WHERE key = ?",
            (
                Admitted(path),
                Admitted(path.rpartition("/")[2]),
                how,
                touch.first_line,
                touch.last_line,
                message_key,
            ),
        )


def _last_touch(
    connection: sqlite3.Connection, session_key: int, message_key: int, path: str
) -> Touched | None:
    """What the session did to the file before a message."""
    row = connection.execute(
        "SELECT touch FROM message_files WHERE session_key = ? AND path = ? "
        "AND touch != 'named' AND message_key <= ? ORDER BY message_key DESC, key DESC LIMIT 1",
        (session_key, Admitted(path), message_key),
    ).fetchone()
    return None if row is None else row[0]


def _call_of(
    connection: sqlite3.Connection, session_key: int, call_id: str
) -> tuple[int, str | None] | None:
    row: tuple[int, str | None] | None = connection.execute(
        "SELECT key, tool_input FROM messages WHERE session_key = ? AND type = 'tool_use' "
        "AND json_extract(metadata, '$.toolCallId') = ? ORDER BY position DESC LIMIT 1",
        (session_key, call_id),
    ).fetchone()
    return row


def _refine(
    connection: sqlite3.Connection, session_key: int, call: tuple[int, str | None], result: Tool
) -> None:
    """What the result says of the files of a call: that it failed, or which lines it was about."""
    key, arguments = call
    if json.loads(result.metadata).get("isError"):
        connection.execute(
            "UPDATE message_files SET touch = 'named' WHERE message_key = ? AND touch != 'read'",
            (key,),
        )
        return
    command = command_of(arguments)
    changed = connection.execute(
        "SELECT key, path FROM message_files WHERE message_key = ? "
        "AND touch IN ('edited', 'created')",
        (key,),
    ).fetchall()
    # What a command prints may be of anything.
    if not command and len(changed) == 1 and (how := how_of_result(changed[0][1], result.content)):
        connection.execute("UPDATE message_files SET touch = ? WHERE key = ?", (how, changed[0][0]))
    touched = connection.execute(
        "SELECT key FROM message_files WHERE message_key = ? AND touch IN ('read', 'edited') "
        "AND first_line IS NULL",
        (key,),
    ).fetchall()
    if len(touched) == 1 and (lines := lines_of_result(result.content)):
        connection.execute(
            "UPDATE message_files SET first_line = ?, last_line = ? WHERE key = ?",
            (*lines, touched[0][0]),
        )
    for ref in refs_of_command(command, result.content):
        connection.execute(
            "INSERT INTO message_refs (message_key, session_key, kind, name) VALUES (?, ?, ?, ?)",
            (result.key, session_key, ref.kind, Admitted(ref.name)),
        )


def absolute(path: str, folder: str) -> str:
    """A path that a call named, as seen from the folder of its session."""
    text = str(expanded(path)) if path.startswith("~") else path
    text = normalise_folder(text)
    if "://" in text:
        return text
    if not is_path(text) and folder and "://" not in folder:
        text = f"{folder.rstrip('/')}/{text}"
    return posixpath.normpath(text)
