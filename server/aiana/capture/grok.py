"""Grok Build: `~/.grok/sessions/<folder>/<session>/chat_history.jsonl`, with `summary.json` beside.

The history is what goes to the model; it has no times, and a compaction rewrites it.
"""

from __future__ import annotations

import os
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

_HISTORY = "chat_history.jsonl"
_OWN_KEYS = frozenset({"prompt_index", "synthetic_reason", "model_fingerprint", "tool_call_id"})


class Grok(LineSource):
    """Reads `GROK_HOME`, else `~/.grok`, the same on every system."""

    name = "grok"
    title = "Grok Build"

    def roots(self) -> list[Path]:
        home = os.environ.get("GROK_HOME") or "~/.grok"
        return [expanded(home).absolute() / "sessions"]

    def is_transcript(self, path: Path) -> bool:
        return path.name.endswith(_HISTORY)

    def reader(self, path: Path, mtime: float, state: dict[str, Any]) -> GrokReader:
        return GrokReader(SessionBuilder(self.name, path, mtime, state), state)

    def is_own(self, record: dict[str, Any]) -> bool:
        kind = record.get("type")
        if kind == "backend_tool_call":
            return isinstance(record.get("kind"), dict)
        return kind in ("user", "assistant", "tool_result") and bool(_OWN_KEYS & record.keys())


class GrokReader(TalkReader):
    """Takes records. None has an id, and none a time."""

    def __init__(self, builder: SessionBuilder, state: dict[str, Any]) -> None:
        super().__init__(builder, state, builder.path.parent.name)
        if not self._state.session_id:
            self._begin_session()

    def _begin_session(self) -> None:
        path = self._builder.path
        if path.name != _HISTORY:
            self._state.session_id = path.name.removesuffix(".jsonl")
        else:
            self._state.session_id = path.parent.name
        summary = path.with_name(path.name.removesuffix(_HISTORY) + "summary.json")
        try:
            told = object_of(small_text(summary).encode())
        except ValueError:
            told = {}
        inner = told.get("info")
        info: dict[str, Any] = inner if isinstance(inner, dict) else {}
        if name := _text(info, "id"):
            self._state.session_id = name
        remotes = told.get("git_remotes")
        remote = remotes[0] if isinstance(remotes, list) and remotes else ""
        facts = {
            "gitBranch": _text(told, "head_branch"),
            "agentId": _text(told, "agent_name") if _text(told, "session_kind") else "",
            "sessionKind": _text(told, "session_kind"),
        }
        cwd = _text(info, "cwd") or small_text(path.parent.parent / ".cwd").strip()
        self._builder.session(
            self.session_id,
            cwd=cwd,
            remote=remote if isinstance(remote, str) else "",
            parent=_text(told, "parent_session_id") or None,
            metadata={key: fact for key, fact in facts.items() if fact},
        )
        title = _text(told, "generated_title") or _text(told, "session_summary")
        self._builder.title(self.session_id, title)
        self._builder.time(told.get("created_at"))

    def is_record(self, value: Any) -> bool:
        return isinstance(value.get("type"), str) and (
            "content" in value or "summary" in value or "kind" in value
        )

    def take(self, line: bytes) -> str | None:
        record = object_of(line)
        kind = record.get("type")
        if not isinstance(kind, str):
            raise UnknownRecord("It is a JSON object, but no record.")
        self.begin(record, time=record.get("timestamp"))
        model = record.get("model_id")
        self._state.model = model if isinstance(model, str) else self._state.model
        match kind:
            case "user":
                self._take_user(record)
            case "reasoning":
                text = "\n".join(b.text for b in blocks_of(record.get("summary")))
                self.say("thinking", "assistant", text)
            case "assistant":
                for block in blocks_of(record.get("content")):
                    self.say(
                        "thinking" if block.kind == "thinking" else "assistant",
                        "assistant",
                        block.text,
                    )
                calls = record.get("tool_calls")
                for call in calls if isinstance(calls, list) else []:
                    if isinstance(call, dict):
                        self._take_call(call)
            case "tool_result":
                name = _text(record, "tool_call_id") or None
                failed = record.get("is_error") is True
                self.result(
                    Block("result", output_text(record.get("content")), name, is_error=failed)
                )
            case "backend_tool_call":
                given = record.get("kind")
                call = given if isinstance(given, dict) else {}
                tool = _text(call, "tool_type") or "tool"
                self.call(Block("call", "", _text(call, "id") or None, tool, call.get("action")))
            case "compaction" | "summary":
                self.say("summary", "system", text_of_parts(record.get("content")))
            case _ if kind != "system":
                self.unknown(re.sub(r"\s", " ", kind), record)
        return None

    def _take_user(self, record: dict[str, Any]) -> None:
        text = "\n".join(b.text for b in blocks_of(record.get("content")) if b.kind == "text")
        if record.get("synthetic_reason"):
            self.say("system", "system", text)
        else:
            self.prompt(text)

    def _take_call(self, call: dict[str, Any]) -> None:
        given = call.get("arguments")
        arguments = given if given is not None else {}
        tool = _text(call, "name") or "tool"
        self.call(Block("call", "", _text(call, "id") or None, tool, arguments))


def _text(value: dict[str, Any], key: str) -> str:
    text = value.get(key)
    return text if isinstance(text, str) else ""
