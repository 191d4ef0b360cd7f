"""Antigravity: `~/.gemini/antigravity*/brain/<id>/.system_generated/logs/transcript.jsonl`.

Its databases hold messages that no description of is public; the transcript is what can be read.
Long contents are cut in it, which it says in `truncated_fields`.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from aiana.capture.blocks import Block
from aiana.capture.building import Row, SessionBuilder
from aiana.capture.decoding import loads, object_of, text_of_parts
from aiana.capture.jsonl import LineSource, UnknownRecord
from aiana.capture.talk import TalkReader
from aiana.paths import expanded
from aiana.regular import small_text

_STEPS = frozenset({"USER_INPUT", "PLANNER_RESPONSE", "CONVERSATION_HISTORY", "CHECKPOINT"})
_REQUEST = re.compile(r"(?s)<USER_REQUEST>\s*(.*?)\s*(?:</USER_REQUEST>|\Z)")
_PUT_IN = re.compile(r"(?s)<(ADDITIONAL_METADATA|USER_SETTINGS_CHANGE)>.*?</\1>")
_STAMPS = re.compile(r"\A(?:(?:Created|Completed) At: [^\n]*\n)+")
_EXIT_CODE = re.compile(r"The command exited with code (-?\d{1,9})\.")
_FOLDER = re.compile(r'"(?:Cwd|DirectoryPath|SearchDirectory)":\s*"\\?"?((?:/|[A-Za-z]:)[^"\\]+)')


class Antigravity(LineSource):
    """Reads the editor's and the command line's folders in `~/.gemini`, the same everywhere."""

    name = "antigravity"
    title = "Antigravity"

    def roots(self) -> list[Path]:
        home = expanded("~/.gemini").absolute()
        found = sorted(home.glob("antigravity*/brain")) if home.is_dir() else []
        known = [home / "antigravity" / "brain", home / "antigravity-cli" / "brain"]
        return list(dict.fromkeys([*known, *found]))

    def is_transcript(self, path: Path) -> bool:
        return path.name == "transcript.jsonl"

    def reader(self, path: Path, mtime: float, state: dict[str, Any]) -> AntigravityReader:
        return AntigravityReader(SessionBuilder(self.name, path, mtime, state), state)

    def is_own(self, record: dict[str, Any]) -> bool:
        return "step_index" in record and "source" in record and "created_at" in record


class AntigravityReader(TalkReader):
    """Takes steps. The answer to a call is the step after it, and does not name it."""

    def __init__(self, builder: SessionBuilder, state: dict[str, Any]) -> None:
        path = builder.path
        is_kept = path.parent.name == "logs" and len(path.parts) > 4
        super().__init__(builder, state, path.parents[2].name if is_kept else path.stem)
        self._is_cut = False

    def is_record(self, value: Any) -> bool:
        return "step_index" in value or "created_at" in value

    def take(self, line: bytes) -> str | None:
        record = object_of(line)
        kind, source = record.get("type"), record.get("source")
        if not isinstance(kind, str) or not self.is_record(record):
            raise UnknownRecord("It is a JSON object, but no step.")
        self.begin(record, time=record.get("created_at"))
        if not self._builder.memory.get("folder"):
            self._find_folder(line)
        content = text_of_parts(record.get("content"))
        cut = record.get("truncated_fields")
        self._is_cut = isinstance(cut, list) and bool(cut)
        if kind == "USER_INPUT":
            self._take_user(content, source)
        elif kind == "PLANNER_RESPONSE":
            self.say("thinking", "assistant", text_of_parts(record.get("thinking")))
            self.say("assistant", "assistant", content)
            calls = record.get("tool_calls")
            for call in calls if isinstance(calls, list) else []:
                if isinstance(call, dict):
                    self._take_call(call)
        elif kind == "CHECKPOINT":
            self.say("summary", "system", content)
        elif source == "MODEL":
            code = _EXIT_CODE.search(content)
            text = _STAMPS.sub("", content)
            block = Block("result", text, name=kind.lower())
            if text.strip():
                self.result(block, int(code[1]) if code else None)
        else:
            self.say("system", "system", content)
        return None

    def add(self, row: Row) -> None:
        if self._is_cut:
            row.metadata["truncated"] = True
        super().add(row)

    def _find_folder(self, line: bytes) -> None:
        """The folder in which tools worked: the transcript names none, files beside it may."""
        found = _FOLDER.search(line.decode("utf-8", "replace"))
        if folder := _workspace(self._builder.path) or (found[1] if found else ""):
            self._builder.memory["folder"] = folder
            self._builder.session(self.session_id, cwd=folder)

    def _take_user(self, content: str, source: Any) -> None:
        typed = _REQUEST.search(content)
        text = _PUT_IN.sub("", typed[1] if typed else content).strip()
        if source == "USER_EXPLICIT" and text:
            self.prompt(text)
        elif text:
            self.say("system", "system", text)

    def _take_call(self, call: dict[str, Any]) -> None:
        given = call.get("args")
        arguments = {
            key: _unquoted(value) for key, value in given.items()
        } if isinstance(given, dict) else given  # fmt: skip
        name = call.get("name")
        self.call(Block("call", "", None, name if isinstance(name, str) else None, arguments))


def _unquoted(value: Any) -> Any:
    """An argument: each is a JSON text of its own."""
    if isinstance(value, str):
        try:
            return loads(value.encode("utf-8", "replace"))
        except ValueError:
            return value
    return value


def _workspace(transcript: Path) -> str:
    """The folder that the program's caches name for a conversation; "" if they do not."""
    if len(transcript.parts) < 6 or transcript.parent.name != "logs":
        return ""
    name, home = transcript.parents[2].name, transcript.parents[4]
    for file in ("conversation_metadata.json", "last_conversations.json"):
        try:
            told = object_of(small_text(home / "cache" / file).encode())
        except ValueError:
            continue
        entry = told.get(name)
        uris = entry.get("WorkspaceURIs") if isinstance(entry, dict) else None
        if isinstance(uris, list) and uris and isinstance(uris[0], str):
            return uris[0]
        for folder, conversation in told.items():
            if conversation == name:
                return str(folder)
    return ""
