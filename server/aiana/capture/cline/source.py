"""Where Cline, Roo Code and Kilo Code keep their tasks: a folder each, with two views of a task.

`api_conversation_history.json` is what went to the model and back, `ui_messages.json` what the
panel showed; the first is read, with the times of the second, which is read where the first is
missing. Since version 4 Cline writes `<id>.messages.json` instead, in the editors as well.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from aiana.capture.building import FirstSeen, SessionBuilder
from aiana.capture.cline.task import TaskReader, tokens_of
from aiana.capture.decoding import loads, object_of, whole_number, whole_records
from aiana.capture.documents import DocumentSource
from aiana.capture.vscode_chat.places import editors, path_of
from aiana.errors import UnreadableFile
from aiana.paths import expanded
from aiana.regular import open_regular

_SENT, _SHOWN = "api_conversation_history.json", "ui_messages.json"
_SHOWN_BEFORE = "claude_messages.json"
_SESSION = ".messages.json"
_LARGEST = 256 << 20


class TaskSource(DocumentSource):
    """An assistant that keeps tasks as Cline does."""

    extension: str
    """Its identifier in the editors."""
    setting = ""
    """The editors' setting that moves its tasks."""

    def roots(self) -> list[Path]:
        found = []
        for user in editors():
            found.append(user / "globalStorage" / self.extension / "tasks")
            if moved := _setting(user / "settings.json", self.setting):
                found.append(Path(moved) / "tasks")
        return list(dict.fromkeys([*found, *self.homes()]))

    def homes(self) -> list[Path]:
        """Its folders outside of the editors."""
        return []

    def enters(self, folder: Path) -> bool:
        return folder.parent.name in ("tasks", "sessions")

    def is_transcript(self, path: Path) -> bool:
        return path.name in (_SENT, _SHOWN, _SHOWN_BEFORE)

    def recognises(self, path: Path) -> bool:
        if not self.is_transcript(path) or self.extension not in path.parts:
            return False
        return _is_task(path)

    def parse(self, data: bytes, builder: SessionBuilder) -> list[str]:
        path = builder.path
        lost: list[str] = []
        messages = _messages(data, lost)
        if path.name in (_SHOWN, _SHOWN_BEFORE):
            if not _is_there(path.with_name(_SENT)):
                self._read_shown(path, messages, builder, lost)
        else:
            self._read_sent(path, messages, builder, lost)
        return lost

    def _read_sent(
        self, path: Path, messages: list[dict[str, Any]], builder: SessionBuilder, lost: list[str]
    ) -> None:
        name = path.parent.name
        reader, seen = self._begin(path, builder)
        shown = _Shown(path.parent)
        builder.time(_time_in(name))
        for number, message in enumerate(messages):
            tokens = tokens_of(message) or shown.tokens.get(number - 1)
            is_answer = message.get("role") == "assistant"
            time = message.get("ts") or shown.times.get(number - 1)
            lost += reader.message(message, time, tokens if is_answer else None)
        seen.finish()

    def _read_shown(
        self, path: Path, messages: list[dict[str, Any]], builder: SessionBuilder, lost: list[str]
    ) -> None:
        reader, _ = self._begin(path, builder)
        for number, message in enumerate(messages):
            lost += reader.shown(message, number == 0)

    def _begin(self, path: Path, builder: SessionBuilder) -> tuple[TaskReader, FirstSeen]:
        task = _document(path.with_name("history_item.json")) or _listed(path)
        parent = task.get("parentTaskId")
        parent = parent if isinstance(parent, str) and parent else None
        folder = path_of(task.get("workspace")) or path_of(task.get("cwdOnTaskInitialization"))
        mode = task.get("mode")
        facts = {"mode": mode} if isinstance(mode, str) and mode else {}
        name = path.parent.name
        builder.session(name, cwd=folder, parent=parent, metadata=facts)
        seen = FirstSeen(builder)
        return TaskReader(builder, name, parent is not None, seen.next), seen


class Cline(TaskSource):
    """Reads the editors' storage, and `CLINE_DATA_DIR` or `~/.cline/data`."""

    name = "cline"
    title = "Cline"
    extension = "saoudrizwan.claude-dev"

    def homes(self) -> list[Path]:
        home = os.environ.get("CLINE_DIR") or "~/.cline"
        data = expanded(os.environ.get("CLINE_DATA_DIR") or f"{home}/data").absolute()
        sessions = os.environ.get("CLINE_SESSION_DATA_DIR")
        return [expanded(sessions).absolute() if sessions else data / "sessions", data / "tasks"]

    def is_transcript(self, path: Path) -> bool:
        return super().is_transcript(path) or path.name.endswith(_SESSION)

    def recognises(self, path: Path) -> bool:
        if not self.is_transcript(path):
            return False
        others = {RooCode.extension, KiloCode.extension, ".kilocode"}
        return others.isdisjoint(path.parts) and _is_task(path)

    def parse(self, data: bytes, builder: SessionBuilder) -> list[str]:
        path = builder.path
        if not path.name.endswith(_SESSION):
            return super().parse(data, builder)
        lost: list[str] = []
        messages = _messages(data, lost)
        name = path.name.removesuffix(_SESSION)
        told = _document(path.with_name(f"{name}.json"))
        metadata = told.get("metadata")
        metadata = metadata if isinstance(metadata, dict) else {}
        origin, git = metadata.get("sessionHistoryOrigin"), metadata.get("git")
        facts = {
            "version": origin.get("version") if isinstance(origin, dict) else None,
            "gitBranch": git.get("branch") if isinstance(git, dict) else None,
        }
        parent = told.get("parent_session_id")
        parent = parent if isinstance(parent, str) and parent else None
        builder.time(told.get("started_at"))
        builder.session(
            name,
            cwd=path_of(told.get("cwd")) or path_of(told.get("workspace_root")),
            parent=parent,
            metadata={key: fact for key, fact in facts.items() if isinstance(fact, str) and fact},
        )
        title = metadata.get("title")
        if isinstance(title, str) and title != told.get("prompt"):
            builder.title(name, title)
        seen = FirstSeen(builder)
        reader = TaskReader(builder, name, parent is not None, seen.next)
        for message in messages:
            lost += reader.message(message, message.get("ts"), tokens_of(message))
        seen.finish()
        return lost


class RooCode(TaskSource):
    """Reads the editors' storage, or where their settings say that it was moved."""

    name = "roo-code"
    title = "Roo Code"
    extension = "rooveterinaryinc.roo-cline"
    setting = "roo-cline.customStoragePath"


class KiloCode(TaskSource):
    """Reads the editors' storage, or where their settings say that it was moved."""

    name = "kilo-code"
    title = "Kilo Code"
    extension = "kilocode.kilo-code"
    setting = "kilo-code.customStoragePath"

    def homes(self) -> list[Path]:
        return [Path.home() / ".kilocode" / "cli" / "global" / "tasks"]

    def recognises(self, path: Path) -> bool:
        return super().recognises(path) or (
            self.is_transcript(path) and ".kilocode" in path.parts and _is_task(path)
        )


class _Shown:
    """What the panel's view says of the messages that were sent: times in ms, and tokens."""

    def __init__(self, folder: Path) -> None:
        self.times: dict[int, int] = {}
        self.tokens: dict[int, int] = {}
        """By the number of the message before."""
        for message in _read_messages(folder / _SHOWN):
            place, time = message.get("conversationHistoryIndex"), message.get("ts")
            if not isinstance(place, int) or not isinstance(time, int):
                continue
            self.times[place] = min(time, self.times.get(place, time))
            if message.get("say") == "api_req_started":
                told = _json(message.get("text"))
                count = whole_number(told.get("tokensOut")) if isinstance(told, dict) else None
                self.tokens[place] = count or self.tokens.get(place, 0)


def _is_message(value: Any) -> bool:
    return isinstance(value, dict) and (
        value.get("role") in ("user", "assistant")
        or value.get("type") == "reasoning"
        or (value.get("type") in ("ask", "say") and "ts" in value)
    )


def _messages(data: bytes, lost: list[str]) -> list[dict[str, Any]]:
    """The messages of a file; of one that a crash cut or closed twice, those that are whole.

    Raises ValueError if it holds none, and is not empty.
    """
    try:
        told = loads(data)
        told = told.get("messages") if isinstance(told, dict) else told
        if not isinstance(told, list):
            raise ValueError("it holds no messages")
        lost += ["A message is no JSON object." for item in told if not isinstance(item, dict)]
        return [item for item in told if isinstance(item, dict)]
    except ValueError:
        found, _ = whole_records(data, _is_message)
        if not found:
            raise
        lost.append("It is damaged; what is whole of it was read.")
        return [object_of(record) for record in found]


def _read_messages(path: Path) -> list[dict[str, Any]]:
    try:
        with open_regular(path) as file:
            return _messages(file.read(_LARGEST), [])
    except (OSError, ValueError, UnreadableFile):
        return []


def _is_task(path: Path) -> bool:
    with open_regular(path) as file:
        data = file.read(_LARGEST)
    try:
        messages = _messages(data, [])
    except ValueError:
        return False
    return bool(messages) and all(_is_message(message) for message in messages[:3])


def _is_there(path: Path) -> bool:
    return bool(_read_messages(path))


def _document(path: Path) -> dict[str, Any]:
    try:
        with open_regular(path) as file:
            return object_of(file.read(_LARGEST))
    except (OSError, ValueError, UnreadableFile):
        return {}


def _listed(path: Path) -> dict[str, Any]:
    """What the list of all tasks says of the one that a file is of."""
    tasks = _json_file(path.parent.parent.parent / "state" / "taskHistory.json")
    name = path.parent.name
    return next(
        (
            task
            for task in (tasks if isinstance(tasks, list) else [])
            if isinstance(task, dict) and task.get("id") == name
        ),
        {},
    )


def _json_file(path: Path) -> Any:
    try:
        with open_regular(path) as file:
            return loads(file.read(_LARGEST))
    except (OSError, ValueError, UnreadableFile):
        return None


def _json(value: Any) -> Any:
    try:
        return loads(value.encode("utf-8", "replace")) if isinstance(value, str) else None
    except ValueError:
        return None


def _time_in(name: str) -> int | None:
    """When a task began, where its name says so."""
    return int(name) if name.isdigit() and 12 <= len(name) <= 14 else None


def _setting(file: Path, name: str) -> str:
    """A text among the settings of an editor, which are JSON with comments; "" for none."""
    if not name:
        return ""
    try:
        with open_regular(file) as opened:
            text = opened.read(_LARGEST).decode("utf-8", "replace")
    except (OSError, UnreadableFile):
        return ""
    found = re.search(rf'(?m)^\s*"{re.escape(name)}"\s*:\s*("(?:[^"\\]|\\.)*")', text)
    value = _json(found[1]) if found else None
    return str(expanded(value)) if isinstance(value, str) and value else ""
