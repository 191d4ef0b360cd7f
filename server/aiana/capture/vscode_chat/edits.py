"""What the agent host of VS Code keeps of a session: each file before and after each edit.

What was said stands with the agent whose session it is; this tells what it did to the files.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any

from aiana.capture.building import Row, SessionBuilder
from aiana.capture.databases import DatabaseSource
from aiana.capture.patches import LONGEST, patch_of

_STEP = 50
"""Edits that are read at a time."""
_FOLDERS = frozenset({"workingdirectory", "cwd", "workspacefolder"})
_TITLES = frozenset({"title", "customtitle", "displayname"})


class AgentEdits(DatabaseSource):
    """Reads `session.db` of one session, which is named by its folder."""

    def rows(
        self, connection: sqlite3.Connection, cursor: dict[str, Any], builder: SessionBuilder
    ) -> Iterator[dict[str, Any]]:
        known = {row[1] for row in connection.execute("PRAGMA table_info(file_edits)")}
        if not known:
            return
        session_id = builder.path.parent.name
        self._begin(connection, session_id, builder)
        kind = "edit_type" if "edit_type" in known else "'edit'"
        origin = "original_path" if "original_path" in known else "NULL"
        last = cursor.get("row", 0)
        while True:
            # An edit that is made anew takes a new place: only what is new is read.
            found = connection.execute(
                f"SELECT rowid, tool_call_id, file_path, {kind}, {origin}, "
                f"iif(length(before_content) > {LONGEST}, NULL, before_content), "
                f"iif(length(after_content) > {LONGEST}, NULL, after_content), "
                "added_lines, removed_lines FROM file_edits WHERE rowid > ? ORDER BY rowid LIMIT ?",
                (last, _STEP),
            ).fetchall()
            if not found:
                return
            for row in found:
                self._take(builder, session_id, row)
            last = found[-1][0]
            yield {"row": last}

    @staticmethod
    def _begin(connection: sqlite3.Connection, session_id: str, builder: SessionBuilder) -> None:
        try:
            told = connection.execute("SELECT key, value FROM session_metadata").fetchall()
        except sqlite3.OperationalError:
            told = []
        facts = {
            str(key).rsplit(".", 1)[-1].lower(): value
            for key, value in told
            if isinstance(value, str)
        }
        cwd = next((facts[key] for key in sorted(_FOLDERS & facts.keys())), "")
        builder.session(session_id, cwd=cwd, metadata={"agentHost": True})
        builder.title(
            session_id, next((facts[key] for key in sorted(_TITLES & facts.keys())), None)
        )

    @staticmethod
    def _take(builder: SessionBuilder, session_id: str, row: tuple[Any, ...]) -> None:
        _, call, path, kind, origin, before, after, added, removed = row
        path = str(path)
        patch = patch_of(path, _text(before), _text(after))
        arguments: dict[str, Any] = {"path": path, "kind": str(kind)}
        if isinstance(origin, str) and origin:
            arguments["originalPath"] = origin
        if patch:
            arguments["patch"] = patch
        for name, count in (("addedLines", added), ("removedLines", removed)):
            if isinstance(count, int):
                arguments[name] = count
        told: Row = builder.call_row(None, "edit_file", arguments)
        told.metadata["toolCallId"] = str(call)
        builder.add(session_id, [told], record_id=f"{call}/{path}", time=builder.time(None))


def _text(content: Any) -> str:
    """A content as a text; none of what is no text."""
    data = content.encode("utf-8", "replace") if isinstance(content, str) else content
    if not isinstance(data, bytes) or b"\0" in data:
        return ""
    return data.decode("utf-8", "replace")
