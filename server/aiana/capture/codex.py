"""Codex: JSONL rollouts under `~/.codex/sessions`, one file a thread.

Most of what is said stands in a file twice or three times: as a `response_item` (what went to the
model and back), as an event for the screen, and in newer files (`history_mode: paginated`) as an
`item_completed`. Of each text the first is taken, of each tool call one call and one result.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from msgspec import Struct, field

from aiana.capture.building import Row, SessionBuilder, SessionReader, Told, id_by_content
from aiana.capture.decoding import (
    find_text,
    loads,
    object_of,
    text_of_parts,
    whole_number,
    words_in,
)
from aiana.capture.jsonl import COMPRESSED, LineSource, UnknownRecord
from aiana.models import MessageType
from aiana.paths import expanded

_TYPES = frozenset({"session_meta", "turn_context", "response_item", "event_msg", "compacted"})
_COUNTS = "token_usage_record"
# What `codex exec --json` prints: a stream of its own, which tells no times and no prompts.
_STREAM_START, _STREAM = "thread.started", re.compile(r"(?:thread|turn|item)\.\w+|error")
_SKIPPED = frozenset({"world_state", "inter_agent_communication_metadata"})
# Events and items that repeat what stands elsewhere, or say nothing to a reader.
_SILENT = re.compile(
    r"token_count|task_\w+|turn_(started|complete)|turn\.completed|context_compacted|compaction|"
    r"ghost_snapshot|(entered|exited)_review_mode|item_started|plan_update|background_event|.*/.*|"
    r"(thread|guardian|exec_command|patch_apply|mcp_tool_call|web_search|image_generation|"
    r"dynamic_tool|collab|sub_agent|view_image|undo|agent_reasoning|session)_\w+"
)
_INJECTED = re.compile(
    r"(?s)\s*(?:<([a-z]+(?:[_-][a-z]+)+)\b[^>]*>.*</\1>\s*\Z|# AGENTS\.md instructions for )"
)
_IN_EDITOR = re.compile(r"(?sm)\A# Context from my IDE setup:.*?^## My request for Codex:\s*")
_WRAPPED = re.compile(r"(?s)\A(?:Chunk ID|Wall time|Exit code)\b.*?\n(?:Output|Final output):\n")
_EXIT_CODE = re.compile(r"(?:exited with code|Exit code:) (-?\d+)")


class Codex(LineSource):
    """Reads `CODEX_HOME`, or `~/.codex`."""

    name = "codex"
    title = "Codex"
    version = 2

    def roots(self) -> list[Path]:
        home = expanded(os.environ.get("CODEX_HOME") or "~/.codex").absolute()
        return [home / "sessions", home / "archived_sessions"]

    def is_transcript(self, path: Path) -> bool:
        # Old threads are compressed; while one is, it stands in both files.
        return super().is_transcript(path) or (
            path.name.endswith(COMPRESSED) and not path.with_suffix("").exists()
        )

    def reader(self, path: Path, mtime: float, state: dict[str, Any]) -> RolloutReader:
        return RolloutReader(path, mtime, state)

    def is_own(self, record: dict[str, Any]) -> bool:
        if record.get("type") == _STREAM_START:
            return isinstance(record.get("thread_id"), str)
        return str(record.get("type")) in _TYPES and isinstance(record.get("payload"), dict)


class State(Struct):
    """What must be remembered between two readings of a file."""

    session_id: str = ""
    model: str = ""
    paginated: bool = False
    is_stored: bool = False
    """Whether what was printed stands in a file of the thread, which tells more."""
    tokens: int = 0
    """What all answers took, as far as it was told."""
    told: Told = field(default_factory=Told)


class RolloutReader(SessionReader[State]):
    """Parse JSONL records into batches; resumable from the state of a position."""

    replay_ids = True

    def __init__(self, path: Path, mtime: float, state: dict[str, Any]) -> None:
        super().__init__(SessionBuilder(Codex.name, path, mtime, state), state, State)
        self._fallback = path.name.partition(".jsonl")[0][-36:]
        self._time = ""
        self._time_of_id = ""
        """What tells a message from others that say the same, where no time does."""

    def is_record(self, value: Any) -> bool:
        if "payload" not in value:
            return _STREAM.fullmatch(str(value.get("type"))) is not None
        return str(value.get("type")) in _TYPES | _SKIPPED | {_COUNTS} and "payload" in value

    def take(self, line: bytes) -> str | None:
        record = object_of(line)
        payload, kind = record.get("payload"), record.get("type")
        if isinstance(kind, str) and "payload" not in record and _STREAM.fullmatch(kind):
            self._take_printed(kind, record)
            return None
        if not isinstance(payload, dict) or not isinstance(kind, str):
            raise UnknownRecord("It is a JSON object, but no record.")
        self._time = self._builder.time(record.get("timestamp"))
        inner = str(payload.get("type"))
        match kind:
            case "session_meta":
                self._begin(payload)
            case "turn_context":
                self._builder.session(self._session_id, cwd=str(payload.get("cwd") or ""))
                self._state.model = str(payload.get("model") or "")
            case _ if kind == _COUNTS:
                self._spend(payload.get("thread_token_usage"), payload.get("usage"))
            case "compacted":
                self._say("summary", "system", payload.get("message"), 0)
            case "response_item":
                self._take_item(inner, payload)
            case "event_msg" if inner == "item_completed":
                item = payload.get("item")
                self._take_completed(item if isinstance(item, dict) else {})
            case "event_msg":
                self._take_event(inner, payload)
            case _ if kind not in _SKIPPED:
                self._take_unknown(kind, payload)
        return None

    def _take_printed(self, kind: str, record: dict[str, Any]) -> None:
        """A record of what was printed."""
        self._time = self._builder.time(None)
        item = record.get("item")
        if kind == _STREAM_START and isinstance(name := record.get("thread_id"), str):
            self._state.session_id = name
            self._state.is_stored = _is_stored(name)
            self._builder.session(name)
        elif self._state.is_stored:
            return
        elif kind == "turn.completed":
            usage = record.get("usage")
            tokens = usage.get("output_tokens") if isinstance(usage, dict) else None
            self._builder.spent(self._session_id, whole_number(tokens) or 0)
        elif kind == "item.completed" and isinstance(item, dict):
            self._time_of_id = str(item.get("id"))
            name = str(item.get("type"))
            told = {"agent_message": "AgentMessage", "command_execution": "CommandExecution"}
            told |= {"file_change": "FileChange", "reasoning": "Reasoning"}
            text = item.get("text")
            summary = {"content": text, "summary_text": text} if isinstance(text, str) else {}
            self._take_completed({**item, **summary, "type": told.get(name, name)})
        elif kind in ("error", "turn.failed"):
            words = " ".join(words_in({k: v for k, v in record.items() if k != "type"}))
            self._say("system", "system", words, 2)

    @property
    def _session_id(self) -> str:
        return self._state.session_id or self._fallback

    def _begin(self, meta: dict[str, Any]) -> None:
        """The first record of its kind says whose file it is; a fork repeats its parent's."""
        if self._state.session_id or not isinstance(meta.get("id"), str):
            return
        self._state.session_id = meta["id"]
        self._state.paginated = meta.get("history_mode") == "paginated"
        parent, fork = find_text(meta, "parent_thread_id"), find_text(meta, "forked_from_id")
        facts = {"version": meta.get("cli_version"), "gitBranch": find_text(meta, "branch")}
        facts |= {} if parent else {"forkedFrom": fork}
        self._builder.session(
            meta["id"],
            cwd=str(meta.get("cwd") or ""),
            remote=find_text(meta, "repository_url") or "",
            parent=parent or fork,
            metadata={key: value for key, value in facts.items() if isinstance(value, str)},
        )

    def _take_item(self, kind: str, item: dict[str, Any]) -> None:
        call = item.get("call_id")
        match kind:
            case "message" if item.get("role") == "assistant":
                self._say("assistant", "assistant", item.get("content"), 0)
            case "message" if item.get("role") == "user" and not self._state.paginated:
                # In newer files the person's words come as an item, and this may be put in.
                self._prompt(item.get("content"), 0)
            case "message" | "tool_search_output":
                pass
            case "agent_message":
                self._say("user", "assistant", item.get("content"), 0)
            case "reasoning":
                self._say("thinking", "assistant", item.get("summary"), 0)
            case "tool_call":
                self._call(call, find_text(item, "name"), item.get("arguments"))
            case "function_call_output" | "custom_tool_call_output":
                self._result(call, item.get("output"))
            case "tool_result":
                self._result(call, item.get("result"), name=item.get("name"))
            case _ if kind.endswith("_call") and kind != "image_generation_call":
                name = item.get("name") or kind.removesuffix("_call")
                given = (item[k] for k in ("arguments", "input", "action") if k in item)
                self._call(call or item.get("id"), name, next(given, {}))
            case _ if not _SILENT.fullmatch(kind):
                self._take_unknown(kind, item)

    def _take_completed(self, item: dict[str, Any]) -> None:
        """An item of a newer file; `id` is the call's where it is a tool."""
        call = item.get("id")
        match item.get("type"):
            case "UserMessage":
                self._prompt(item.get("content"), 1)
            case "AgentMessage":
                self._say("assistant", "assistant", item.get("content"), 1)
            case "Reasoning":
                self._say("thinking", "assistant", item.get("summary_text"), 1)
            case "Plan":
                self._say("assistant", "assistant", item.get("text"), 1)
            case "CommandExecution":
                self._call(call, "shell", {"command": item.get("command")})
                output, code = item.get("aggregated_output"), item.get("exit_code")
                self._result(call, output, code, "shell")
            case "FileChange":
                self._call(call, "apply_patch", item.get("changes"))
                self._result(call, item.get("stdout") or item.get("stderr") or "")
            case kind:
                name = str(item.get("tool") or item.get("kind") or kind)
                self._call(call, name, item.get("arguments") or item.get("query") or {})
                self._result(call, item.get("result") or item.get("results") or "")

    def _take_event(self, kind: str, event: dict[str, Any]) -> None:
        match kind:
            case "user_message":
                self._prompt(event.get("message"), 2)
            case "agent_message":
                self._say("assistant", "assistant", event.get("message"), 2)
            case "agent_reasoning":
                self._say("thinking", "assistant", event.get("text"), 2)
            case "turn_aborted" | "error" | "stream_error" | "warning":
                said = " ".join(words_in({k: v for k, v in event.items() if "at" not in k}))
                self._say("system", "system", f"{kind}: {said}", 2)
            case "token_count":
                info = event.get("info")
                told = info if isinstance(info, dict) else {}
                self._spend(told.get("total_token_usage"), told.get("last_token_usage"))
            case "thread_name_updated":
                self._builder.title(self._session_id, text_of_parts(event.get("thread_name")))
            case "thread_rolled_back":
                self._say("system", "system", f"{event.get('num_turns')} turns taken back", 2)
            case _ if not _SILENT.fullmatch(kind):
                self._take_unknown(kind, event)

    def _spend(self, total: Any, last: Any) -> None:
        """What the thread took so far, which is told after each answer, and again in between."""
        now = whole_number(total.get("output_tokens")) if isinstance(total, dict) else None
        if now is None or now <= self._state.tokens:
            return
        tokens: int | None = now - self._state.tokens
        if not self._state.tokens and isinstance(last, dict):
            # A fork's total holds what its parent took.
            tokens = whole_number(last.get("output_tokens"))
        self._state.tokens = now
        self._builder.spent(self._session_id, tokens or 0)

    def _take_unknown(self, kind: str, payload: dict[str, Any]) -> None:
        for key in ("message", "text", "content"):
            if text := text_of_parts(payload.get(key)):
                return self._say("system", "system", text, 0, recordType=kind)
        raise UnknownRecord(f"Records of type {kind[:40]!r} are not known, and hold no text.")

    def _prompt(self, content: Any, way: int) -> None:
        text = _IN_EDITOR.sub("", text_of_parts(content))
        kind: MessageType = "system" if _INJECTED.match(text) else "user"
        self._say(kind, kind, text, way)

    def _say(self, kind: MessageType, role: str, content: Any, way: int, **facts: Any) -> None:
        """Store a text, unless it is one that was told in another way."""
        text = text_of_parts(content).strip()
        if text and self._state.told.anew(kind, text, way):
            if role == "assistant" and self._state.model:
                facts["model"] = self._state.model
            if kind == "thinking":
                facts["thinking"] = True
            self._add(Row(kind, text, role, metadata=facts))

    def _call(self, call: Any, name: Any, arguments: Any) -> None:
        call_id = call if isinstance(call, str) else None
        if call_id is None or self._state.told.once("call", call_id):
            self._add(self._builder.call_row(call_id, str(name or "tool"), arguments))

    def _result(self, call: Any, output: Any, code: Any = None, name: str | None = None) -> None:
        call_id = call if isinstance(call, str) else None
        if call_id is None or self._state.told.once("result", call_id):
            text, found = _unwrapped(output)
            code = found if code is None else code
            self._add(self._builder.result_row(call_id, text, name, code))

    def _add(self, row: Row) -> None:
        """A message's id follows from what it is: a fork repeats its parent's under its own."""
        name = id_by_content(self._time_of_id or self._time, row)
        self._builder.add(self._session_id, [row], record_id=name, time=self._time)


def _is_stored(thread: str) -> bool:
    """Whether Codex keeps a thread in a file."""
    if not re.fullmatch(r"[\w-]{8,64}", thread):
        return False
    return any(next(root.rglob(f"*{thread}.jsonl*"), None) is not None for root in Codex().roots())


def _unwrapped(output: Any) -> tuple[str, int | None]:
    """A tool's output without what is put around it for the model, and its exit code."""
    if isinstance(output, str) and output.startswith("{"):
        try:
            output = loads(output.encode("utf-8", "replace"))
        except ValueError:
            return str(output), None
    if isinstance(output, dict) and ("output" in output or "metadata" in output):
        metadata = output.get("metadata")
        code = metadata.get("exit_code") if isinstance(metadata, dict) else None
        return text_of_parts(output.get("output")), code
    if not isinstance(output, str):
        return "\n".join(dict.fromkeys(words_in(output))), None
    if wrapping := _WRAPPED.match(output):
        code = _EXIT_CODE.search(wrapping[0])
        return output[wrapping.end() :], int(code[1]) if code else None
    return output, None
