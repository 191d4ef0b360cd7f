"""Qwen Code: `~/.qwen/projects/<folder>/chats/<session>.jsonl`, append-only.

Contents are those of the Gemini API. The branches that a rewind left behind are read as well.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from msgspec import Struct, field

from aiana.capture.building import Row, SessionBuilder, SessionReader, Told
from aiana.capture.decoding import object_of, text_of_parts, whole_number, words_in
from aiana.capture.jsonl import LineSource, UnknownRecord
from aiana.capture.parts import Call, Content, answer_text, content_of, exit_code, is_injected
from aiana.paths import expanded

_TYPES = frozenset({"user", "assistant", "tool_result", "system"})
_PERSONS = frozenset({"", "mid_turn_user_message"})
"""Subtypes of user records that a person wrote; others are the program's."""
_SILENT = re.compile(r"ui_telemetry|at_command|.*_snapshot")
"""Subtypes of system records that repeat what stands elsewhere, or say nothing to a reader."""


class QwenCode(LineSource):
    """Reads `projects` in `QWEN_RUNTIME_DIR`, else `QWEN_HOME`, else `~/.qwen`."""

    name = "qwen"
    title = "Qwen Code"

    def roots(self) -> list[Path]:
        home = os.environ.get("QWEN_RUNTIME_DIR") or os.environ.get("QWEN_HOME") or "~/.qwen"
        return [expanded(home).absolute() / "projects"]

    def reader(self, path: Path, mtime: float, state: dict[str, Any]) -> QwenReader:
        return QwenReader(path, mtime, state)

    def is_own(self, record: dict[str, Any]) -> bool:
        named = {"uuid", "sessionId", "version"} <= record.keys()
        if not named or str(record.get("type")) not in _TYPES:
            return False
        message = record.get("message")
        # Claude Code's records look alike, but have `content` in the place of `parts`.
        return "parts" in message if isinstance(message, dict) else "systemPayload" in record


class State(Struct):
    """What must be remembered between two readings of a file."""

    told: Told = field(default_factory=Told)


class QwenReader(SessionReader[State]):
    """Parse JSONL records into batches; resumable from the state of a position."""

    replay_ids = True

    def __init__(self, path: Path, mtime: float, state: dict[str, Any]) -> None:
        super().__init__(SessionBuilder(QwenCode.name, path, mtime, state), state, State)
        self._fallback = path.stem
        self._record: dict[str, Any] = {}
        self._time = ""

    def is_record(self, value: Any) -> bool:
        return str(value.get("type")) in _TYPES and "sessionId" in value

    def take(self, line: bytes) -> str | None:
        self._record = record = object_of(line)
        self._time = self._builder.time(record.get("timestamp"))
        kind = record.get("type")
        if not isinstance(kind, str):
            raise UnknownRecord("It is a JSON object, but no record.")
        self._begin()
        content = content_of(record.get("message"))
        match kind:
            case "user":
                self._take_user(content)
            case "assistant":
                self._take_assistant(content)
            case "tool_result":
                self._take_results(content)
            case "system":
                self._take_system(str(record.get("subtype")))
            case _:
                self._take_unknown(kind, record.get("message"))
        return None

    @property
    def _session_id(self) -> str:
        told = self._record.get("sessionId")
        return told if isinstance(told, str) and told else self._fallback

    def _begin(self) -> None:
        record = self._record
        facts = {"version": record.get("version"), "gitBranch": record.get("gitBranch")}
        fork = record.get("forkedFrom")
        facts["forkedFrom"] = fork.get("sessionId") if isinstance(fork, dict) else None
        told = {key: value for key, value in facts.items() if isinstance(value, str) and value}
        cwd = record.get("cwd")
        self._builder.session(
            self._session_id,
            cwd=cwd if isinstance(cwd, str) else "",
            parent=told.get("forkedFrom"),
            metadata=told,
        )

    def _take_user(self, content: Content) -> None:
        if str(self._record.get("subtype") or "") not in _PERSONS:
            self._say(Row("system", "\n".join(content.texts), "system"))
            return
        payload = self._record.get("systemPayload")
        typed = payload.get("displayText") if isinstance(payload, dict) else None
        injected = [text for text in content.texts if is_injected(text)]
        for text in injected:
            self._say(Row("system", text, "system"))
        if not isinstance(typed, str) or not typed.strip():
            typed = "\n".join(text for text in content.texts if text not in injected)
        self._say(Row("user", typed, "user"))
        for answer in content.answers:
            self._answer(answer, {})

    def _take_assistant(self, content: Content) -> None:
        model = self._record.get("model")
        facts = {"model": model} if isinstance(model, str) and model else {}
        for text in content.thoughts:
            self._say(Row("thinking", text, "assistant", metadata={"thinking": True, **facts}))
        self._say(Row("assistant", "\n".join(content.texts), "assistant", metadata=facts))
        for call in content.calls:
            if call.id is None or self._state.told.once("call", call.id):
                self._add(self._builder.call_row(call.id, call.name, call.value))

    def _take_results(self, content: Content) -> None:
        told = self._record.get("toolCallResult")
        result = told if isinstance(told, dict) else {}
        for answer in content.answers:
            self._answer(answer, result)
        if not content.answers and (text := _display(result)):
            call_id = result.get("callId")
            name = call_id if isinstance(call_id, str) else None
            self._answer(Call(name, "tool", {"output": text}), result)

    def _answer(self, answer: Call, result: dict[str, Any]) -> None:
        if answer.id is not None and not self._state.told.once("result", answer.id):
            return
        text = answer_text(answer.value) or _display(result)
        code = exit_code(answer.value) if "shell" in answer.name else None
        row = self._builder.result_row(answer.id, text, answer.name, code)
        if result.get("status") in ("error", "cancelled"):
            row.metadata["isError"] = True
        self._add(row)

    def _take_system(self, kind: str) -> None:
        payload = self._record.get("systemPayload")
        told = payload if isinstance(payload, dict) else {}
        match kind:
            case "custom_title":
                title = told.get("customTitle")
                self._builder.title(self._session_id, title if isinstance(title, str) else None)
            case "chat_compression":
                history = told.get("compressedHistory")
                first = history[0] if isinstance(history, list) and history else None
                self._say(Row("summary", "\n".join(content_of(first).texts), "system"))
            case "slash_command":
                command = told.get("rawCommand")
                if told.get("phase") == "result":
                    words = words_in(told.get("outputHistoryItems"))
                    self._say(Row("system", "\n".join(words), "system"))
                elif isinstance(command, str):
                    self._say(Row("user", command, "user"))
            case "rewind":
                self._say(Row("system", "Rewound to an earlier message.", "system"))
            case _ if not _SILENT.fullmatch(kind):
                self._take_unknown(kind, payload or self._record.get("message"))

    def _take_unknown(self, kind: str, payload: Any) -> None:
        text = "\n".join(words_in(payload)) or text_of_parts(payload)
        if not text.strip():
            raise UnknownRecord(f"Records of type {kind[:40]!r} are not known, and hold no text.")
        self._say(Row("system", text, "system", metadata={"recordType": kind}))

    def _say(self, row: Row) -> None:
        if row.content.strip():
            self._add(row)

    def _add(self, row: Row) -> None:
        usage = self._record.get("usageMetadata")
        tokens = usage.get("candidatesTokenCount") if isinstance(usage, dict) else None
        if self._builder.add_once(
            self._session_id,
            row,
            self._state.told,
            name=self._record.get("uuid"),
            time=self._time,
            parent=self._record.get("parentUuid"),
            tokens=whole_number(tokens),
        ):
            self._record.pop("usageMetadata", None)


def _display(result: dict[str, Any]) -> str:
    display = result.get("resultDisplay")
    return display if isinstance(display, str) else "\n".join(words_in(display))
