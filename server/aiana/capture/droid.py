"""Droid, of Factory: `~/.factory/sessions/<folder>/<session>.jsonl`; and what `droid exec` prints.

The model stands in `<session>.settings.json` beside a session.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from aiana.capture.blocks import Block, blocks_of, output_text
from aiana.capture.building import SessionBuilder
from aiana.capture.decoding import object_of, text_of_parts
from aiana.capture.jsonl import LineSource, UnknownRecord
from aiana.capture.talk import TalkReader
from aiana.paths import expanded
from aiana.regular import small_text

_STREAM = frozenset({"system", "message", "tool_call", "tool_result", "completion", "error"})
_SILENT = re.compile(r"session_end|todo_state|turn_\w+|usage|system|result")
_PARENTS = ("callingSessionId", "parentSessionId", "parent_session_id")


class Droid(LineSource):
    """Reads `~/.factory`, the same on every system."""

    name = "droid"
    title = "Droid"

    def roots(self) -> list[Path]:
        return [expanded("~/.factory/sessions").absolute()]

    def reader(self, path: Path, mtime: float, state: dict[str, Any]) -> DroidReader:
        return DroidReader(SessionBuilder(self.name, path, mtime, state), state)

    def is_own(self, record: dict[str, Any]) -> bool:
        kind = record.get("type")
        if kind == "session_start":
            return isinstance(record.get("id"), str) and ("title" in record or "cwd" in record)
        named = "session_id" in record or "sessionId" in record
        told = ("toolCallId" in record or "toolId" in record or "finalText" in record) or (
            "text" in record and "role" in record
        )
        return str(kind) in _STREAM and named and told and "uuid" not in record


class DroidReader(TalkReader):
    """Takes records of both forms."""

    def is_record(self, value: Any) -> bool:
        return isinstance(value.get("type"), str) and (
            {"id", "timestamp", "message", "session_id", "sessionId"} & value.keys() != set()
        )

    def take(self, line: bytes) -> str | None:
        record = object_of(line)
        kind = record.get("type")
        if not isinstance(kind, str):
            raise UnknownRecord("It is a JSON object, but no record.")
        name = record.get("id") if kind != "session_start" else None
        self.begin(record, time=record.get("timestamp"), record_id=name)
        message = record.get("message")
        match kind:
            case "session_start":
                self._begin_session(record)
            case "message" if isinstance(message, dict):
                self._take_message(message)
            case _ if kind in _STREAM and self._is_printed(record):
                self._take_printed(kind, record)
            case "compaction_state" | "compaction":
                summary = record.get("summaryText") or record.get("summary")
                self.say("summary", "system", text_of_parts(summary))
            case _ if not _SILENT.fullmatch(kind):
                self.unknown(kind, record)
        return None

    def _begin_session(self, header: dict[str, Any]) -> None:
        if self._state.session_id or not isinstance(header.get("id"), str):
            return
        self._state.session_id = header["id"]
        parent = next((v for key in _PARENTS if isinstance(v := header.get(key), str) and v), None)
        cwd, version = header.get("cwd"), header.get("version")
        facts = {"version": version} if isinstance(version, str) else {}
        facts |= self._settings()
        self._builder.session(
            self.session_id,
            cwd=cwd if isinstance(cwd, str) else "",
            parent=parent,
            metadata=facts,
        )
        title = header.get("sessionTitle") or header.get("title")
        if isinstance(title, str) and title != "New Session":
            self._builder.title(self.session_id, title)

    def _settings(self) -> dict[str, str]:
        path = self._builder.path
        try:
            told = object_of(small_text(path.with_suffix(".settings.json")).encode())
        except ValueError:
            return {}
        model = told.get("model")
        return {"model": model} if isinstance(model, str) and model else {}

    def _take_message(self, message: dict[str, Any]) -> None:
        is_user = message.get("role") == "user"
        for block in blocks_of(message.get("content")):
            match block.kind:
                case "text" if is_user:
                    self.prompt(block.text)
                case "text" if message.get("role") == "assistant":
                    self.say("assistant", "assistant", block.text)
                case "text":
                    self.say("system", "system", block.text)
                case "thinking":
                    self.say("thinking", "assistant", block.text)
                case "call":
                    self.call(block)
                case "result":
                    self.result(block)

    @staticmethod
    def _is_printed(record: dict[str, Any]) -> bool:
        return "session_id" in record or "sessionId" in record

    def _take_printed(self, kind: str, record: dict[str, Any]) -> None:
        """A record of the stream that `droid exec` prints; ids of calls are those of records."""
        told = record.get("session_id") or record.get("sessionId")
        if not self._state.session_id and isinstance(told, str):
            self._state.session_id = told
        call = self._call_id(record)
        name = record.get("toolName") or record.get("toolId")
        tool = name if isinstance(name, str) else None
        match kind:
            case "system":
                self._state.model = str(record.get("model") or "")
                cwd = record.get("cwd")
                self._builder.session(self.session_id, cwd=cwd if isinstance(cwd, str) else "")
            case "message" if record.get("role") == "user":
                self.prompt(text_of_parts(record.get("text")))
            case "message":
                text = text_of_parts(record.get("text"))
                self._state.told.anew("assistant", text, 0)
                self.say("assistant", "assistant", text)
            case "tool_call":
                arguments = record.get("parameters") or {}
                self.call(Block("call", id=call, name=tool, arguments=arguments))
            case "tool_result":
                value = record.get("value")
                code = value.get("exitCode") if isinstance(value, dict) else None
                failed = record.get("isError") is True
                self.result(Block("result", output_text(value), call, tool, is_error=failed), code)
            case "completion":
                usage = record.get("usage")
                self.count(usage.get("output_tokens") if isinstance(usage, dict) else None)
                text = text_of_parts(record.get("finalText"))
                if text.strip() and self._state.told.anew("assistant", text, 1):
                    self.say("assistant", "assistant", text)
            case "error":
                self.say("system", "system", text_of_parts(record.get("message")))

    @staticmethod
    def _call_id(record: dict[str, Any]) -> str | None:
        told = record.get("toolCallId") or record.get("id")
        return told if isinstance(told, str) and told else None
