"""Pi, and OpenClaw, which is made from it: JSONL, a tree of entries under a `session` header.

All branches of the tree are read, in the order in which they were written.
"""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from aiana.capture.blocks import Block, blocks_of, output_text
from aiana.capture.building import SessionBuilder
from aiana.capture.databases import ConversationDatabase, answers
from aiana.capture.decoding import object_of, text_of_parts
from aiana.capture.jsonl import LineSource, UnknownRecord
from aiana.capture.talk import TalkReader
from aiana.models import CaptureBatch, CapturePosition
from aiana.paths import expanded
from aiana.regular import open_regular

_TYPES = frozenset(
    {"session", "message", "model_change", "thinking_level_change", "compaction", "custom"}
)
# Entries that hold no words of anybody, or those of others once more.
_SILENT = re.compile(r"custom|label|context_transform|ephemeral|\w+_change|file_\w+|leaf|usage")
_ARCHIVE = re.compile(r".+\.jsonl\.(?:reset|deleted)\.[\dTZ.:-]+")
_DATABASE = "openclaw-agent.sqlite"


class PiReader(TalkReader):
    """Takes entries, whoever of the two wrote them."""

    def is_record(self, value: Any) -> bool:
        return isinstance(value.get("type"), str) and ("id" in value or "timestamp" in value)

    def take(self, line: bytes) -> str | None:
        record = object_of(line)
        kind = record.get("type")
        if not isinstance(kind, str):
            raise UnknownRecord("It is a JSON object, but no entry.")
        self.begin(record, time=record.get("timestamp"), record_id=record.get("id"))
        message = record.get("message")
        match kind:
            case "session":
                self._begin_session(record)
            case "message" if isinstance(message, dict):
                self._take_message(message)
            case "model_change":
                self._state.model = str(record.get("modelId") or "")
            case "compaction" | "branch_summary" | "compact":
                text = text_of_parts(record.get("summary")) or text_of_parts(record.get("note"))
                self.say("summary", "system", text)
            case "session_info":
                name = record.get("name")
                self._builder.title(self.session_id, name if isinstance(name, str) else None)
            case "custom_message":
                self.say("system", "system", text_of_parts(record.get("content")))
            case _ if not _SILENT.fullmatch(kind):
                self.unknown(kind, record)
        return None

    def _begin_session(self, header: dict[str, Any]) -> None:
        if self._state.session_id or not isinstance(header.get("id"), str):
            return  # a fork repeats the header of what it was made from
        self._state.session_id = header["id"]
        self._state.model = str(header.get("modelId") or "")
        origin = header.get("parentSession") or header.get("branchedFrom")
        parent = None
        if isinstance(origin, str) and origin:
            name = re.split(r"[/\\]", origin)[-1]
            parent = name.removesuffix(".jsonl").rpartition("_")[2]
        cwd = header.get("cwd")
        self._builder.session(
            self.session_id,
            cwd=cwd if isinstance(cwd, str) else "",
            parent=parent,
            metadata={"forkedFrom": parent} if parent else {},
        )

    def _take_message(self, message: dict[str, Any]) -> None:
        role, content = message.get("role"), message.get("content")
        model = message.get("model")
        if isinstance(model, str) and model:
            self._state.model = model
        match role:
            case "user":
                self._take_blocks(content, is_user=True)
            case "assistant":
                usage = message.get("usage")
                self.count(usage.get("output") if isinstance(usage, dict) else None)
                self._take_blocks(content, is_user=False)
                if isinstance(error := message.get("errorMessage"), str):
                    self.say("system", "system", error)
            case "toolResult":
                details = message.get("details")
                code = details.get("exitCode") if isinstance(details, dict) else None
                call, tool = message.get("toolCallId"), message.get("toolName")
                block = Block(
                    "result",
                    output_text(content),
                    call if isinstance(call, str) and call else None,
                    tool if isinstance(tool, str) and tool else None,
                    is_error=message.get("isError") is True,
                )
                self.result(block, code)
            case "bashExecution":
                # A person's own command, which the model is shown.
                self.call(Block("call", name="bash", arguments={"command": message.get("command")}))
                output = output_text(message.get("output"))
                self.result(Block("result", output, name="bash"), message.get("exitCode"))
            case "compactionSummary" | "branchSummary":
                self.say("summary", "system", text_of_parts(message.get("summary")))
            case _:
                self.say("system", "system", text_of_parts(content))

    def _take_blocks(self, content: Any, is_user: bool) -> None:
        for block in blocks_of(content):
            match block.kind:
                case "text" if is_user:
                    self.prompt(block.text)
                case "text":
                    self.say("assistant", "assistant", block.text)
                case "thinking":
                    self.say("thinking", "assistant", block.text)
                case "call":
                    self.call(block)
                case "result":
                    self.result(block)


class Pi(LineSource):
    """Reads `PI_CODING_AGENT_DIR`, else `~/.pi/agent`, and `~/.omp/agent` of Oh My Pi."""

    name = "pi"
    title = "Pi"

    def roots(self) -> list[Path]:
        told = os.environ.get("PI_CODING_AGENT_DIR")
        homes = [told] if told else ["~/.pi/agent", "~/.omp/agent"]
        return [expanded(home).absolute() / "sessions" for home in homes]

    def reader(self, path: Path, mtime: float, state: dict[str, Any]) -> PiReader:
        name = path.name.split(".jsonl", 1)[0].rpartition("_")[2]
        return PiReader(SessionBuilder(self.name, path, mtime, state), state, name)

    def is_own(self, record: dict[str, Any]) -> bool:
        message = record.get("message")
        if record.get("type") == "session":
            return isinstance(record.get("id"), str) and "timestamp" in record and "cwd" in record
        return (
            record.get("type") == "message"
            and "timestamp" in record
            and isinstance(message, dict)
            and message.get("role") in ("toolResult", "bashExecution")
        )


class _Files(Pi):
    name = "openclaw"
    title = "OpenClaw"


class _Database(ConversationDatabase):
    """One agent's conversations since August 2026: the same entries, a row each."""

    name = "openclaw"
    title = "OpenClaw"

    def conversations(
        self, connection: sqlite3.Connection, path: Path
    ) -> Iterable[tuple[str, str]]:
        return [
            (str(session), f"{count}-{last}")
            for session, count, last in connection.execute(
                "SELECT session_id, count(*), max(seq) FROM transcript_events "
                "GROUP BY session_id ORDER BY max(created_at) DESC"
            )
        ]

    def take(
        self, connection: sqlite3.Connection, key: str, builder: SessionBuilder, lost: list[str]
    ) -> Iterator[None]:
        reader = PiReader(builder, fallback=key)
        for seq, event in connection.execute(
            "SELECT seq, event_json FROM transcript_events WHERE session_id = ? ORDER BY seq",
            (key,),
        ):
            try:
                reader.take(str(event).encode("utf-8", "replace"))
            except (UnknownRecord, ValueError) as error:
                lost.append(f"Event {seq} of {key[:60]}: {error}")
            yield


class OpenClaw:
    """Reads `agents` in `OPENCLAW_STATE_DIR`, else `~/.openclaw` and what it was called before."""

    name = "openclaw"
    title = "OpenClaw"

    def __init__(self) -> None:
        self._files, self._database = _Files(), _Database()

    def roots(self) -> list[Path]:
        told = os.environ.get("OPENCLAW_STATE_DIR")
        homes = [told] if told else ["~/.openclaw", "~/.clawdbot", "~/.moltbot"]
        return [expanded(home).absolute() / "agents" for home in homes]

    def enters(self, folder: Path) -> bool:
        return folder.name != "session-sqlite-import-archive"

    def is_transcript(self, path: Path) -> bool:
        if path.name == _DATABASE or _ARCHIVE.fullmatch(path.name):
            return True
        return path.suffix == ".jsonl" and ".checkpoint." not in path.name

    def recognises(self, path: Path) -> bool:
        if path.suffix == ".sqlite":
            return answers(
                path, "SELECT session_id, seq, event_json FROM transcript_events LIMIT 1"
            )
        if path.suffix != ".jsonl" and not _ARCHIVE.fullmatch(path.name):
            return False
        named = any(part.startswith((".openclaw", "openclaw")) for part in path.parts[-5:])
        with open_regular(path) as file:
            head = file.read(64 << 10)
        is_entries = re.search(rb'\A\s*\{"type":\s*"session"', head) is not None
        return is_entries and (named or b'"customType":"openclaw.' in head)

    def unchanged(self, path: Path, position: CapturePosition) -> bool:
        return self._kit(path).unchanged(path, position)

    def read(self, path: Path, position: CapturePosition | None) -> Iterator[CaptureBatch]:
        return self._kit(path).read(path, position)

    def retention_days(self) -> int | None:
        return None

    def _kit(self, path: Path) -> _Files | _Database:
        return self._database if path.suffix == ".sqlite" else self._files
