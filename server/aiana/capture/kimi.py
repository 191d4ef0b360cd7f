"""Kimi Code: `~/.kimi-code/sessions/<folder>/<session>/agents/<agent>/wire.jsonl`.

The log of what went over the wire; the session's title and folder stand in its `state.json`.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from aiana.capture.blocks import Block, blocks_of, output_text
from aiana.capture.building import SessionBuilder
from aiana.capture.decoding import object_of, text_of_parts, whole_number
from aiana.capture.jsonl import LineSource, UnknownRecord
from aiana.capture.talk import TalkReader
from aiana.paths import expanded
from aiana.regular import small_text

_OWN = frozenset({"context.append_message", "context.append_loop_event", "turn.prompt"})
_SILENT = re.compile(
    r"metadata|(config|tools|llm|usage|permission|plan_mode|full_compaction|plugin|runtime|"
    r"token_counting|turn|profile|goal|mcp|hook|skill|cron|todo|session)\.?[\w.]*"
)
_MAIN = "main"


class Kimi(LineSource):
    """Reads `KIMI_CODE_HOME`, else `~/.kimi-code`, the same on every system."""

    name = "kimi"
    title = "Kimi Code"

    def roots(self) -> list[Path]:
        home = os.environ.get("KIMI_CODE_HOME") or "~/.kimi-code"
        return [expanded(home).absolute() / "sessions"]

    def reader(self, path: Path, mtime: float, state: dict[str, Any]) -> KimiReader:
        return KimiReader(SessionBuilder(self.name, path, mtime, state), state)

    def is_own(self, record: dict[str, Any]) -> bool:
        kind = record.get("type")
        return str(kind) in _OWN or (kind == "metadata" and "protocol_version" in record)


class KimiReader(TalkReader):
    """Takes records; the end of a step tells what it took."""

    tells_calls_once = True

    def __init__(self, builder: SessionBuilder, state: dict[str, Any]) -> None:
        session, agent = _named(builder.path)
        super().__init__(builder, state, session if agent in ("", _MAIN) else f"{session}/{agent}")
        if agent not in ("", _MAIN):
            builder.session(self.session_id, parent=session, metadata={"agentId": agent})
        self._read_state(builder, agent)

    def _read_state(self, builder: SessionBuilder, agent: str) -> None:
        try:
            told = object_of(small_text(_state_file(builder.path)).encode())
        except ValueError:
            return
        cwd, title = told.get("workDir"), told.get("title")
        builder.session(self.session_id, cwd=cwd if isinstance(cwd, str) else "")
        # A title that nobody chose is the first prompt, which is found better here.
        if told.get("isCustomTitle") is True and agent in ("", _MAIN) and isinstance(title, str):
            builder.title(self.session_id, title)

    def is_record(self, value: Any) -> bool:
        return isinstance(value.get("type"), str) and ("time" in value or "created_at" in value)

    def take(self, line: bytes) -> str | None:
        record = object_of(line)
        kind = record.get("type")
        if not isinstance(kind, str):
            raise UnknownRecord("It is a JSON object, but no record.")
        self.begin(record, time=record.get("time") or record.get("created_at"))
        event = record.get("event")
        if kind == "context.append_loop_event" and isinstance(event, dict):
            self._take_event(event)
            return None
        message = record.get("message")
        match kind:
            case "context.append_message" if isinstance(message, dict):
                self._take_message(message, 0)
            case "turn.prompt" | "turn.steer":
                self._take_message({**record, "content": record.get("input")}, 1)
            case "context.apply_compaction":
                self.say("summary", "system", text_of_parts(record.get("summary")))
            case "llm.request" | "config.update" | "profile.bind":
                model = record.get("modelAlias") or record.get("model")
                self._state.model = model if isinstance(model, str) else self._state.model
                cwd = record.get("cwd")
                self._builder.session(self.session_id, cwd=cwd if isinstance(cwd, str) else "")
            case _ if not _SILENT.fullmatch(kind):
                self.unknown(kind, record)
        return None

    def _take_message(self, message: dict[str, Any], way: int) -> None:
        """What stands in a person's place is told when it comes and when the model gets it."""
        origin = message.get("origin")
        kind = origin.get("kind") if isinstance(origin, dict) else "user"
        text = "\n".join(b.text for b in blocks_of(message.get("content")) if b.kind == "text")
        if not text.strip() or not self._state.told.anew(f"{kind}", text, way):
            return
        if message.get("role", "user") != "user":
            self.say("system", "system", text)
        elif kind == "user":
            self.prompt(text)
        elif isinstance(origin, dict) and origin.get("name") == "subagent":
            self.asked(text)
        else:
            self.say("system", "system", text)

    def _take_event(self, event: dict[str, Any]) -> None:
        name = event.get("uuid") or event.get("parentUuid")
        self.record_id = name if isinstance(name, str) and "-" in name else None
        tool = event.get("name")
        call = event.get("toolCallId")
        call_id = call if isinstance(call, str) and call else None
        match event.get("type"):
            case "content.part":
                for block in blocks_of([event.get("part")]):
                    if block.kind == "thinking":
                        self.say("thinking", "assistant", block.text)
                    elif block.kind == "text":
                        self.say("assistant", "assistant", block.text)
            case "tool.call":
                arguments = event.get("args") or {}
                self.call(Block("call", "", call_id, str(tool or "tool"), arguments))
            case "tool.result":
                given = event.get("result")
                told: dict[str, Any] = given if isinstance(given, dict) else {"output": given}
                failed = told.get("isError") is True or told.get("is_error") is True
                output = output_text(told.get("output"))
                self.result(Block("result", output, call_id, is_error=failed))
            case "step.end":
                usage = event.get("usage")
                tokens = usage.get("output") if isinstance(usage, dict) else None
                self._builder.spent(self.session_id, whole_number(tokens) or 0)


def _named(path: Path) -> tuple[str, str]:
    """The session and the agent whose file it is; no agent where the path does not tell."""
    if path.name == "wire.jsonl" and path.parent.parent.name == "agents":
        return path.parents[2].name, path.parent.name
    return path.stem, ""


def _state_file(path: Path) -> Path:
    if path.name == "wire.jsonl" and path.parent.parent.name == "agents":
        return path.parents[2] / "state.json"
    return path.with_suffix(".state.json")
