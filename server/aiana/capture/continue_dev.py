"""Continue: a JSON document for each session, written anew after every turn."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from aiana.capture.building import FirstSeen, Occurrences, Row, SessionBuilder
from aiana.capture.decoding import loads, object_of, text_of_parts, whole_number
from aiana.capture.documents import DocumentSource
from aiana.errors import UnreadableFile
from aiana.paths import expanded
from aiana.projects import normalise_folder
from aiana.regular import open_regular

_INDEX = "sessions.json"
_UNNAMED = ("Untitled Session", "New Session", "")
_EXIT_CODE = re.compile(
    r"(?:Command failed with exit code|Exit code:?|exited with code) (-?\d{1,5})"
)
_LARGEST = 256 << 20


class Continue(DocumentSource):
    """Reads `CONTINUE_GLOBAL_DIR`, or `~/.continue`."""

    name = "continue"
    title = "Continue"

    def roots(self) -> list[Path]:
        home = expanded(os.environ.get("CONTINUE_GLOBAL_DIR") or "~/.continue").absolute()
        return [home / "sessions"]

    def enters(self, folder: Path) -> bool:
        return False

    def is_transcript(self, path: Path) -> bool:
        return path.suffix == ".json" and path.name != _INDEX and path.parent.name == "sessions"

    def recognises(self, path: Path) -> bool:
        if path.suffix != ".json" or path.name == _INDEX:
            return False
        with open_regular(path) as file:
            data = file.read(_LARGEST)
        try:
            session = object_of(data) if b'"history"' in data else {}
        except ValueError:
            return False
        history = session.get("history")
        return isinstance(session.get("sessionId"), str) and (
            isinstance(history, list)
            and all(isinstance(item, dict) and "message" in item for item in history[:3])
        )

    def parse(self, data: bytes, builder: SessionBuilder) -> list[str]:
        session = object_of(data)
        history = session.get("history")
        if not isinstance(history, list):
            raise ValueError("it has no history")
        told = session.get("sessionId")
        name = told if isinstance(told, str) and told else builder.path.stem
        listed = _listed(builder.path, name)
        folder = session.get("workspaceDirectory") or listed.get("workspaceDirectory")
        mode = session.get("mode")
        builder.session(
            name,
            cwd=normalise_folder(folder) if isinstance(folder, str) else "",
            metadata={"mode": mode} if isinstance(mode, str) else {},
        )
        title = session.get("title")
        builder.title(name, title if isinstance(title, str) and title not in _UNNAMED else None)
        reader = _Reader(builder, name, session.get("chatModelTitle"), listed.get("dateCreated"))
        for number, item in enumerate(history, 1):
            if isinstance(item, dict) and isinstance(item.get("message"), dict):
                reader.take(item, item["message"])
            else:
                reader.lost.append(f"Item {number} of the history is no message.")
        reader.seen.finish()
        return reader.lost


class _Reader:
    """Gives a builder the items of a history, in their order."""

    def __init__(self, builder: SessionBuilder, session_id: str, model: Any, began: Any) -> None:
        self._builder = builder
        self._session_id = session_id
        self._model = model
        self._ids = Occurrences()
        self.seen = FirstSeen(builder)
        # A file tells no times; the list of all sessions when each began.
        self._began = _milliseconds(began)
        self._answered: set[str] = set()
        self.lost: list[str] = []

    def take(self, item: dict[str, Any], message: dict[str, Any]) -> None:
        """Take an item and its message."""
        time = self.seen.next()
        if self._began is not None:
            time, self._began = self._builder.time(self._began), None
        summary = item.get("conversationSummary")
        if isinstance(summary, str) and summary.strip():
            self._add(Row("summary", summary.strip(), "system"), time)
        match message.get("role"):
            case "user":
                self._asked(item, message, time)
            case "assistant":
                self._said(item, message, time)
            case "thinking":
                self._thought(text_of_parts(message.get("content")), time)
            case "tool":
                self._result(message.get("toolCallId"), text_of_parts(message.get("content")), time)
            case "system":
                pass  # the instructions
            case role:
                self.lost.append(f"Messages of the role {str(role)[:40]!r} are not known.")

    def _asked(self, item: dict[str, Any], message: dict[str, Any], time: str) -> None:
        content = message.get("content")
        parts = content if isinstance(content, list) else []
        attached = [
            name
            for told in _dicts(item.get("contextItems"))
            if isinstance(name := told.get("name"), str) and name
        ]
        attached += ["image" for part in _dicts(parts) if part.get("type") in ("imageUrl", "image")]
        text = text_of_parts(content).strip() or "\n".join(f"[{name}]" for name in attached)
        facts = {"attachments": attached} if attached else {}
        self._add(Row("user", text, "user", metadata=facts), time)

    def _said(self, item: dict[str, Any], message: dict[str, Any], time: str) -> None:
        reasoning = item.get("reasoning")
        if isinstance(reasoning, dict):
            self._thought(text_of_parts(reasoning.get("text")), time)
        usage = message.get("usage")
        usage = usage if isinstance(usage, dict) else {}
        model = usage.get("model") or self._model
        tokens = whole_number(usage.get("completion_tokens", usage.get("completionTokens")))
        facts = {"model": model} if isinstance(model, str) and model else {}
        text = text_of_parts(message.get("content")).strip()
        if self._add(Row("assistant", text, "assistant", metadata=facts), time, tokens):
            tokens = None
        states = {
            str(state.get("toolCallId")): state for state in _dicts(item.get("toolCallStates"))
        }
        one = item.get("toolCallState")  # of which there was but one until 2025
        if isinstance(one, dict):
            states.setdefault(str(one.get("toolCallId")), one)
        calls = _dicts(message.get("toolCalls")) or [
            call for state in states.values() if isinstance(call := state.get("toolCall"), dict)
        ]
        for call in calls:
            tokens = self._call(call, states.get(str(call.get("id")), {}), time, tokens)

    def _call(
        self, call: dict[str, Any], state: dict[str, Any], time: str, tokens: int | None
    ) -> int | None:
        told = call.get("function")
        function = told if isinstance(told, dict) else {}
        name = function.get("name")
        call_id = call.get("id")
        call_id = call_id if isinstance(call_id, str) and call_id else None
        given = state.get("parsedArgs") or state.get("processedArgs") or function.get("arguments")
        row = self._builder.call_row(
            call_id,
            name if isinstance(name, str) and name else "tool",
            {} if given is None else given,
        )
        self._add(row, time, tokens)
        output = "\n".join(
            text_of_parts(part.get("content")) for part in _dicts(state.get("output"))
        )
        status = state.get("status")
        if output.strip() or status in ("errored", "canceled"):
            self._result(call_id, output, time, failed=status == "errored")
        return None

    def _result(self, call: Any, text: str, time: str, failed: bool = False) -> None:
        call_id = call if isinstance(call, str) and call else None
        if call_id in self._answered or not (text.strip() or failed):
            return
        if call_id:
            self._answered.add(call_id)
        code = _EXIT_CODE.match(text)
        row = self._builder.result_row(call_id, text, None, int(code[1]) if code else None)
        row.metadata |= {"isError": True} if failed else {}
        self._add(row, time)

    def _thought(self, text: str, time: str) -> None:
        self._add(Row("thinking", text.strip(), "assistant", metadata={"thinking": True}), time)

    def _add(self, row: Row, time: str, tokens: int | None = None) -> bool:
        """Store a row that says something; whether it did."""
        if not row.content.strip() and row.type not in ("tool_use", "tool_result"):
            return False
        name = self._ids.id(row)
        self._builder.add(self._session_id, [row], record_id=name, time=time, tokens=tokens)
        return True


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _milliseconds(value: Any) -> Any:
    return int(value) if isinstance(value, str) and value.isdigit() and len(value) < 16 else value


def _listed(path: Path, name: str) -> dict[str, Any]:
    """What the list of all sessions says of one."""
    try:
        with open_regular(path.with_name(_INDEX)) as file:
            index = loads(file.read(_LARGEST))
    except (OSError, ValueError, UnreadableFile):
        return {}
    found = (session for session in _dicts(index) if session.get("sessionId") == name)
    return next(found, {})
