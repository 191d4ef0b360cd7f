"""Crush: a database in each project, `.crush/crush.db`; a list of them in its data folder."""

from __future__ import annotations

import os
import sqlite3
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from aiana.capture.blocks import Block, blocks_of
from aiana.capture.building import SessionBuilder
from aiana.capture.databases import ConversationDatabase, answers
from aiana.capture.decoding import loads, object_of
from aiana.capture.talk import TalkReader
from aiana.paths import expanded
from aiana.regular import small_text

_DATABASE = "crush.db"
_UNNAMED = frozenset({"", "New Session", "Untitled Session", "New Agent Session"})


class Crush(ConversationDatabase):
    """Reads the databases of the projects that Crush lists."""

    name = "crush"
    title = "Crush"

    def roots(self) -> list[Path]:
        if sys.platform == "win32":
            data = os.environ.get("LOCALAPPDATA") or "~/AppData/Local"
        else:
            data = os.environ.get("XDG_DATA_HOME") or "~/.local/share"
        registry = expanded(data).absolute() / "crush" / "projects.json"
        try:
            projects = object_of(small_text(registry).encode()).get("projects")
        except ValueError:
            return []
        return [
            Path(folder)
            for project in (projects if isinstance(projects, list) else [])
            if isinstance(project, dict) and isinstance(folder := project.get("data_dir"), str)
            if Path(folder).is_absolute()
        ]

    def enters(self, folder: Path) -> bool:
        return False

    def is_transcript(self, path: Path) -> bool:
        return path.name == _DATABASE

    def recognises(self, path: Path) -> bool:
        return path.suffix == ".db" and answers(
            path,
            "SELECT session_id, role, parts, model FROM messages LIMIT 1",
            "SELECT parent_session_id, title FROM sessions LIMIT 1",
        )

    def conversations(
        self, connection: sqlite3.Connection, path: Path
    ) -> Iterable[tuple[str, str]]:
        return [
            (str(session), f"{count}-{changed}-{size}-{title}")
            for session, count, changed, size, title in connection.execute(
                "SELECT s.id, count(m.id), max(m.updated_at), total(length(m.parts)), s.title "
                "FROM sessions s JOIN messages m ON m.session_id = s.id "
                "WHERE s.id NOT LIKE 'title-%' GROUP BY s.id ORDER BY max(m.updated_at) DESC"
            )
        ]

    def take(
        self, connection: sqlite3.Connection, key: str, builder: SessionBuilder, lost: list[str]
    ) -> Iterator[None]:
        title, parent = connection.execute(
            "SELECT title, parent_session_id FROM sessions WHERE id = ?", (key,)
        ).fetchone() or (None, None)
        folder = builder.path.parent
        builder.session(
            key,
            cwd=str(folder.parent if folder.name == ".crush" else folder),
            parent=parent if isinstance(parent, str) and parent else None,
        )
        if isinstance(title, str) and title.strip() not in _UNNAMED:
            builder.title(key, title)
        teller = _Teller(builder, fallback=key)
        is_agent = isinstance(parent, str) and bool(parent)
        for name, role, parts, model, time in connection.execute(
            "SELECT id, role, parts, model, created_at FROM messages WHERE session_id = ? "
            "ORDER BY created_at, rowid",
            (key,),
        ):
            try:
                teller.take_row(name, role, parts, model, time, is_agent)
            except ValueError as error:
                lost.append(f"Message {str(name)[:60]}: {error}")
            yield


class _Teller(TalkReader):
    def is_record(self, value: Any) -> bool:
        return "parts" in value

    def take(self, line: bytes) -> str | None:
        raise NotImplementedError

    def take_row(
        self, name: Any, role: Any, parts: Any, model: Any, time: Any, is_agent: bool
    ) -> None:
        """Take a message; `is_agent`: what stands in a person's place is an agent's. Raises
        ValueError."""
        told = loads(str(parts).encode("utf-8", "replace"))
        self.begin({}, time=time, record_id=name)
        self.use_model(model)
        for part in told if isinstance(told, list) else []:
            given = part.get("data") if isinstance(part, dict) else None
            data: dict[str, Any] = given if isinstance(given, dict) else {}
            kind = part.get("type") if isinstance(part, dict) else None
            if kind == "finish":
                continue
            if kind == "shell_command":
                self.call(Block("call", name="bash", arguments={"command": data.get("command")}))
                output = data.get("output")
                text = output if isinstance(output, str) else ""
                self.result(Block("result", text, name="bash"), data.get("exit_code"))
                continue
            if kind == "binary":
                data = {"name": data.get("Path"), "mimeType": data.get("MIMEType")}
                kind = "file"
            for block in blocks_of([{**data, "type": kind}]):
                self._take(block, role, is_agent, data.get("hidden") is True)

    def _take(self, block: Block, role: Any, is_agent: bool, is_hidden: bool) -> None:
        match block.kind:
            case "text" if role == "user" and is_hidden:
                self.say("system", "system", block.text)
            case "text" if role == "user" and is_agent:
                self.asked(block.text)
            case "text" if role == "user":
                self.prompt(block.text)
            case "text" if role == "assistant":
                self.say("assistant", "assistant", block.text)
            case "text":
                self.say("system", "system", block.text)
            case "thinking":
                self.say("thinking", "assistant", block.text)
            case "call":
                self.call(block)
            case "result":
                block.text = block.text.split("\n<cwd>", 1)[0]
                self.result(block)
