"""Copilot CLI: `~/.copilot/session-state/<session>/events.jsonl`, one event a line.

A call stands in the answer that asks for it and again when it is run, thinking in an event of its
own and in the answer: each is told once.
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
from aiana.models import MessageType
from aiana.paths import expanded
from aiana.regular import open_regular

_EVENT = re.compile(
    r"(session|user|assistant|tool|system|hook|subagent|skill|model|permission|mcp)\.\w+|abort"
)
# Events that repeat what stands elsewhere, or say nothing to a reader.
_SILENT = re.compile(
    r"system\.message|assistant\.(turn_\w+|usage|\w+_delta|intent|streaming\w*)|hook\.\w+|"
    r"subagent\.\w+|tool\.execution_(progress|partial_result)|permission\.\w+|model\.\w+|"
    r"session\.(shutdown|truncation|idle|auto_mode_resolved|compaction_start|mode_changed|"
    r"snapshot_\w+|usage\w*|tools_updated|plan_changed|workspace_file_changed|background\w*|"
    r"\w+_loaded|mcp_\w+)"
)
_SHELL_END = re.compile(r"<shellId: [^<>\n]*? completed with exit code -?\d+>\s*\Z")


class CopilotCli(LineSource):
    """Reads `COPILOT_HOME`, or `~/.copilot`."""

    name = "copilot-cli"
    title = "Copilot CLI"

    def roots(self) -> list[Path]:
        return [
            expanded(os.environ.get("COPILOT_HOME") or "~/.copilot").absolute() / "session-state"
        ]

    def reader(self, path: Path, mtime: float, state: dict[str, Any]) -> EventReader:
        return EventReader(path, mtime, state)

    def is_own(self, record: dict[str, Any]) -> bool:
        data = record.get("data")
        if not isinstance(data, dict) or record.get("type") != "session.start":
            return False
        # VS Code's chats write the same events, and name their editor.
        return "copilotVersion" in data and "vscodeVersion" not in data


class State(Struct):
    """What must be remembered between two readings of a file."""

    session_id: str = ""
    model: str = ""
    told: Told = field(default_factory=Told)


class EventReader(SessionReader[State]):
    """Parse JSONL records into batches; resumable from the state of a position."""

    def __init__(self, path: Path, mtime: float, state: dict[str, Any]) -> None:
        super().__init__(SessionBuilder(CopilotCli.name, path, mtime, state), state, State)
        self._folder = path.parent if path.name == "events.jsonl" else None
        self._fallback = path.parent.name if self._folder else path.stem
        self._event: dict[str, Any] = {}
        self._data: dict[str, Any] = {}
        self._time = ""

    def is_record(self, value: Any) -> bool:
        kind = value.get("type")
        return isinstance(kind, str) and bool(_EVENT.fullmatch(kind)) and "data" in value

    def take(self, line: bytes) -> str | None:
        self._event = event = object_of(line)
        kind, data = event.get("type"), event.get("data")
        if not isinstance(kind, str) or not isinstance(data, dict):
            raise UnknownRecord("It is a JSON object, but no event.")
        self._data = data
        self._time = self._builder.time(event.get("timestamp"))
        match kind:
            case "session.start" | "session.resume":
                self._begin()
            case "session.model_change":
                self._state.model = self._text("newModel")
            case "session.title_changed":
                self._builder.title(self._session_id, self._text("title"), rank=1)
            case "user.message":
                self._take_prompt()
            case "assistant.message":
                self._take_answer()
            case "assistant.reasoning":
                self._think(self._text("content"), 0)
            case "tool.execution_start" | "tool.user_requested":
                self._call(self._text("toolCallId"), data.get("toolName"), data.get("arguments"))
            case "tool.execution_complete":
                self._take_result()
            case "session.compaction_complete":
                self._say("summary", "system", self._text("summaryContent"))
            case "abort":
                self._say("system", "system", f"Stopped: {self._text('reason')}")
            case _ if not _SILENT.fullmatch(kind):
                self._take_other(kind)
        return None

    @property
    def _session_id(self) -> str:
        return self._state.session_id or self._fallback

    def _text(self, key: str) -> str:
        value = self._data.get(key)
        return value if isinstance(value, str) else ""

    def _begin(self) -> None:
        self._state.session_id = self._state.session_id or self._text("sessionId")
        self._state.model = self._text("selectedModel") or self._state.model
        told = self._data.get("context")
        context = told if isinstance(told, dict) else {}
        beside = self._beside()
        facts = {"version": self._text("copilotVersion"), "gitBranch": context.get("branch")}
        cwd = context.get("cwd") or beside.get("cwd") or ""
        self._builder.session(
            self._session_id,
            cwd=cwd if isinstance(cwd, str) else "",
            remote=_remote(context),
            metadata={k: v for k, v in facts.items() if isinstance(v, str) and v},
        )
        if beside.get("user_named") == "true":
            self._builder.title(self._session_id, beside.get("name"), rank=2)

    def _beside(self) -> dict[str, str]:
        """The facts that stand beside the events, in `workspace.yaml`."""
        if self._folder is None:
            return {}
        try:
            with open_regular(self._folder / "workspace.yaml") as file:
                text = file.read(64 << 10).decode("utf-8", "replace")
        except Exception:  # whatever it is, the events are read without it
            return {}
        pairs = (line.partition(":") for line in text.splitlines() if line[:1].isalpha())
        return {key: value.strip().strip("\"'") for key, _, value in pairs}

    def _take_prompt(self) -> None:
        attached = self._data.get("attachments")
        paths = [
            item["path"]
            for item in (attached if isinstance(attached, list) else [])
            if isinstance(item, dict) and isinstance(item.get("path"), str)
        ]
        by_agent = self._is_agents() or bool(self._data.get("parentAgentTaskId"))
        facts = {"attachments": paths} if paths else {}
        content = text_of_parts(self._data.get("content"))
        self._say("user", "assistant" if by_agent else "user", content, **facts)

    def _take_answer(self) -> None:
        self._think(self._text("reasoningText"), 1)
        self._say("assistant", "assistant", text_of_parts(self._data.get("content")))
        requests = self._data.get("toolRequests")
        for request in requests if isinstance(requests, list) else []:
            if isinstance(request, dict):
                call_id = request.get("toolCallId")
                name = call_id if isinstance(call_id, str) else ""
                self._call(name, request.get("name"), request.get("arguments"))

    def _think(self, text: str, way: int) -> None:
        if text.strip() and self._state.told.anew("thinking", text, way):
            self._say("thinking", "assistant", text, thinking=True)

    def _call(self, call_id: str, name: Any, arguments: Any) -> None:
        if not call_id or self._state.told.once("call", call_id):
            given = {} if arguments is None else arguments
            self._add(self._builder.call_row(call_id or None, str(name or "tool"), given))

    def _take_result(self) -> None:
        call_id = self._text("toolCallId")
        if call_id and not self._state.told.once("result", call_id):
            return
        result, error = self._data.get("result"), self._data.get("error")
        if isinstance(result, dict):
            text = text_of_parts(result.get("content")) or text_of_parts(
                result.get("detailedContent")
            )
        else:
            text = text_of_parts(result)
        text = text or "\n".join(words_in(error))
        shell = self._data.get("shellExecution")
        code = shell.get("exitCode") if isinstance(shell, dict) else None
        tool = "bash" if isinstance(shell, dict) else None
        row = self._builder.result_row(call_id or None, _SHELL_END.sub("", text), tool, code)
        if self._data.get("success") is False:
            row.metadata["isError"] = True
        self._add(row)

    def _take_other(self, kind: str) -> None:
        for key in ("message", "content", "text", "summary"):
            if (text := text_of_parts(self._data.get(key))).strip():
                self._say("system", "system", text, recordType=kind)
                return
        if not kind.startswith("session."):
            raise UnknownRecord(f"Events of type {kind[:40]!r} are not known, and hold no text.")

    def _is_agents(self) -> bool:
        return bool(self._event.get("agentId") or self._data.get("parentToolCallId"))

    def _say(self, kind: MessageType, role: str, text: str, **facts: Any) -> None:
        if text.strip():
            self._add(Row(kind, text, role, metadata=facts))

    def _add(self, row: Row) -> None:
        model = self._text("model") or self._state.model
        if model and row.type in ("assistant", "thinking"):
            row.metadata["model"] = model
        for agent in (self._event.get("agentId"), self._data.get("parentToolCallId")):
            if isinstance(agent, str) and agent:
                row.metadata.setdefault("agentId", agent)
        if self._builder.add_once(
            self._session_id,
            row,
            self._state.told,
            name=self._event.get("id"),
            time=self._time,
            parent=self._event.get("parentId"),
            tokens=whole_number(self._data.get("outputTokens")),
        ):
            self._data.pop("outputTokens", None)


def _remote(context: dict[str, Any]) -> str:
    """The URL of the repository that a session names as `owner/name`."""
    repository, host = context.get("repository"), context.get("repositoryHost")
    if not isinstance(repository, str) or not re.fullmatch(r"[\w.-]+/[\w./-]+", repository):
        return ""
    if isinstance(host, str) and re.fullmatch(r"[\w-]+(\.[\w-]+)+", host):
        return f"https://{host}/{repository}"
    return f"https://github.com/{repository}" if context.get("hostType") == "github" else ""
