"""Amp: a JSON document a thread, which it wrote until March 2026.

Later threads are on its servers alone.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from aiana.capture.blocks import Block, blocks_of, output_text
from aiana.capture.building import SessionBuilder
from aiana.capture.decoding import object_of
from aiana.capture.documents import DocumentSource
from aiana.capture.talk import TalkReader
from aiana.paths import expanded
from aiana.regular import open_regular


class Amp(DocumentSource):
    """Reads `amp/threads` in `XDG_DATA_HOME`, else in `~/.local/share`, on every system."""

    name = "amp"
    title = "Amp"

    def roots(self) -> list[Path]:
        data = os.environ.get("XDG_DATA_HOME") or "~/.local/share"
        return [expanded(data).absolute() / "amp" / "threads"]

    def is_transcript(self, path: Path) -> bool:
        return path.suffix == ".json" and path.name.startswith("T-")

    def recognises(self, path: Path) -> bool:
        if path.suffix != ".json":
            return False
        with open_regular(path) as file:
            head = file.read(256 << 10)
        return b'"messages"' in head and (b'"id":"T-' in head or b'"id": "T-' in head)

    def parse(self, data: bytes, builder: SessionBuilder) -> list[str]:
        thread = object_of(data)
        messages = thread.get("messages")
        if not isinstance(messages, list):
            raise ValueError("it holds no messages")
        named = thread.get("id")
        session_id = named if isinstance(named, str) and named else builder.path.stem
        parent = thread.get("mainThreadID")
        builder.session(
            session_id,
            cwd=_folder(thread),
            parent=parent if isinstance(parent, str) and parent else None,
        )
        title = thread.get("title")
        builder.title(session_id, title if isinstance(title, str) else None)
        builder.time(thread.get("created"))
        teller = _Teller(builder, fallback=session_id)
        for message in messages:
            if isinstance(message, dict):
                teller.take_message(message)
        lost = sum(not isinstance(message, dict) for message in messages)
        return [f"{lost} of its messages are no objects."] if lost else []


class _Teller(TalkReader):
    _asked, _first = "", 0
    """When what is answered was sent, and its number."""

    def is_record(self, value: Any) -> bool:
        return "role" in value

    def take(self, line: bytes) -> str | None:
        self.take_message(object_of(line))
        return None

    def take_message(self, message: dict[str, Any]) -> None:
        """Take a message; they are numbered from 0 in each thread.

        What comes in the place of another one gets its number, but was sent at another time.
        """
        meta, usage = _dict(message.get("meta")), _dict(message.get("usage"))
        number, sent = message.get("messageId"), meta.get("sentAt")
        if isinstance(number, int) and message.get("role") == "user" and sent is not None:
            self._asked, self._first = f"@{sent}", number
        self.begin(
            {},
            time=meta.get("sentAt") or usage.get("timestamp"),
            record_id=f"{self.session_id}{self._asked}/{number - self._first}"
            if isinstance(number, int)
            else None,
        )
        self.use_model(usage.get("model"))
        self.count(usage.get("outputTokens"))
        role = message.get("role")
        content = message.get("content")
        for item in content if isinstance(content, list) else [content]:
            if isinstance(item, dict) and item.get("type") == "tool_result":
                self._answer(item)
                continue
            for block in blocks_of([item]):
                match block.kind:
                    case "call":
                        self.call(block)
                    case "thinking":
                        self.say("thinking", "assistant", block.text)
                    case "text" if role == "user":
                        self.prompt(block.text)
                    case "text" if role == "assistant":
                        self.say("assistant", "assistant", block.text)
                    case "text":
                        self.say("system", "system", block.text)

    def _answer(self, item: dict[str, Any]) -> None:
        run, name = _dict(item.get("run")), item.get("toolUseID") or item.get("tool_use_id")
        result = run.get("result")
        code = result.get("exitCode") if isinstance(result, dict) else None
        failed = run.get("status") in ("error", "cancelled", "rejected-by-user")
        text = output_text(result) or output_text(run.get("error"))
        call_id = name if isinstance(name, str) and name else None
        self.result(Block("result", text, call_id, is_error=failed), None if code == -1 else code)


def _folder(thread: dict[str, Any]) -> str:
    trees = _dict(_dict(thread.get("env")).get("initial")).get("trees")
    first = trees[0] if isinstance(trees, list) and trees else None
    uri = _dict(first).get("uri")
    return uri if isinstance(uri, str) else ""


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
