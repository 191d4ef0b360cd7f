"""Messages with a role and a content of parts, as agents of Cursor keep them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from aiana.capture.building import Row, SessionBuilder
from aiana.capture.decoding import text_of_parts, words_in
from aiana.capture.parts import is_injected
from aiana.capture.turns import Turns
from aiana.redaction.fields import shown

_ASKED = re.compile(r"(?s)<user_query>\s*(.*?)\s*(?:</user_query>|\Z)")
_UNNAMED = "tool"
_HIDDEN = "[REDACTED]"
"""Stands where a thought was that Cursor does not store."""
_FOLDER = re.compile(r"(?m)^Workspace Path: (.+)$")


def asked_in(text: str) -> tuple[str, str]:
    """What a person typed, and what the program put around it."""
    if found := _ASKED.findall(text):
        return "\n\n".join(found).strip(), _ASKED.sub("", text).strip()
    return ("", text.strip()) if is_injected(text) else (text.strip(), "")


def folder_in(text: str) -> str:
    """The folder that the program tells an agent it works in."""
    found = _FOLDER.search(text) if "<user_info>" in text else None
    return found[1].strip() if found else ""


class MessageReader:
    """Gives a builder the messages of one session, in their order."""

    def __init__(self, builder: SessionBuilder, session_id: str, is_agent: bool) -> None:
        self._builder = builder
        self._session_id = session_id
        self._is_agent = is_agent
        """Whether another agent asks in it."""
        self._calls: dict[str, str] = {}
        self._unanswered: list[tuple[str, str]] = []
        """Calls without an id, and their tools."""
        self.clock: Callable[[], str] = lambda: builder.time(None)
        """The time of what tells none."""
        self._turns = Turns(builder, session_id)
        self._model: str | None = None
        self.times: dict[str, list[Any]] = {}
        """When a text was said, as it is told elsewhere."""

    def model(self, name: Any) -> None:
        """Which model answers from here on, as far as it is told."""
        self._model = name if isinstance(name, str) and name not in ("", "default") else None

    def take(self, message: dict[str, Any]) -> str | None:
        """Take a message; what was left out of it and why, if anything was."""
        inner = message.get("message")
        content = inner.get("content") if isinstance(inner, dict) else message.get("content")
        match message.get("role"):
            case "user":
                return self._asked(content)
            case "assistant":
                return self._answered(content)
            case "tool":
                return self._parts(content)
            case "system":
                return None  # the instructions that every conversation begins with
        return "A message has no role that is known."

    def prompt(self, text: str, *, by_program: bool = False) -> None:
        """A text that begins a turn."""
        told = bool(self.times.get(text.strip()))
        time = self._time_of(text)
        if by_program:
            self._turns.add("note", Row("system", text, "system"), time)
            return
        self._turns.begin(text, time if told else None)
        self._turns.prompt(Row("user", text, "assistant" if self._is_agent else "user"), time)

    def answer(self, text: str) -> None:
        """A text of the assistant."""
        if (text := text.strip()) and text != _HIDDEN:
            row = Row("assistant", text, "assistant", metadata=self._facts())
            self._turns.add("said", row, self._time_of(text))

    def thought(self, text: str) -> None:
        """What the assistant thought."""
        if (text := text.strip()) and text != _HIDDEN:
            facts = {**self._facts(), "thinking": True}
            row = Row("thinking", text, "assistant", metadata=facts)
            self._turns.add("thought", row, self.clock())

    def call(self, call_id: str | None, name: str, arguments: Any) -> None:
        """A tool call."""
        row = self._builder.call_row(call_id, name, arguments)
        message_id = self._turns.add("call", row, self.clock())
        if call_id:
            self._calls[call_id] = message_id
        else:
            self._unanswered.append((message_id, name))

    def result(self, call_id: str | None, name: str, output: Any, failed: bool = False) -> None:
        """What a tool gave back."""
        text = output_text(output)
        if text.strip() or failed:
            row = self._builder.result_row(call_id, text, name)
            row.metadata |= {"isError": True} if failed else {}
            called = self._calls.get(call_id or "")
            if called is None and self._unanswered:
                called, tool = self._unanswered.pop(0)
                row.tool_name = tool if name == _UNNAMED else name
            self._turns.result(called, row, self.clock())

    def _facts(self) -> dict[str, Any]:
        return {"model": self._model} if self._model else {}

    def _time_of(self, text: str) -> str:
        times = self.times.get(text.strip())
        return self._builder.time(times.pop(0)) if times else self.clock()

    def _asked(self, content: Any) -> str | None:
        texts = [content] if isinstance(content, str) else []
        images: list[str] = []
        lost = None
        for part in content if isinstance(content, list) else []:
            kind = part.get("type") if isinstance(part, dict) else None
            if isinstance(part, str) or kind == "text":
                texts.append(text_of_parts([part]))
            elif kind in ("image", "file", "image_url"):
                name = next(
                    (
                        v
                        for key in ("filename", "name", "path")
                        if isinstance(v := part.get(key), str)
                    ),
                    str(kind),
                )
                images.append(name.rpartition("/")[2])
            else:
                lost = self._part(part) or lost
        typed, put_in = asked_in("\n\n".join(text for text in texts if text.strip()))
        if folder := folder_in(put_in):
            self._builder.session(self._session_id, cwd=folder)
        if put_in:
            self.prompt(put_in, by_program=True)
        if typed or images:
            text = "\n".join([typed, *(f"[{name}]" for name in images)]).strip()
            self.prompt(text)
        return lost

    def _answered(self, content: Any) -> str | None:
        if isinstance(content, str):
            self.answer(content)
            return None
        return self._parts(content)

    def _parts(self, content: Any) -> str | None:
        lost = None
        for part in content if isinstance(content, list) else [content]:
            lost = self._part(part) or lost
        return lost

    def _part(self, part: Any) -> str | None:
        if isinstance(part, str):
            self.answer(part)
            return None
        if not isinstance(part, dict):
            return None if part is None else "A part of a message is no JSON object."
        kind = str(part.get("type")).replace("_", "-")
        call = part.get("toolCallId") or part.get("tool_use_id") or part.get("id")
        call_id = call if isinstance(call, str) and call else None
        name = part.get("toolName") or part.get("name")
        tool = name if isinstance(name, str) and name else _UNNAMED
        match kind:
            case "text":
                self.answer(text_of_parts([part]))
            case "reasoning" | "thinking":
                self.thought(str(part.get("text") or part.get("thinking") or ""))
            case "redacted-reasoning" | "redacted-thinking" | "image" | "file":
                pass
            case "tool-call" | "tool-use":
                given = (part[key] for key in ("args", "input", "arguments") if key in part)
                self.call(call_id, tool, next(given, {}))
            case "tool-result":
                output = part.get("result", part.get("output", part.get("content")))
                failed = part.get("isError") is True or part.get("is_error") is True
                self.result(call_id, tool, output, failed)
            case _:
                told = {key: value for key, value in part.items() if key != "type"}
                if not (words := words_in(told)):
                    return f"Parts of type {kind[:40]!r} are not known, and hold no text."
                row = Row("system", "\n".join(words), "system", metadata={"recordType": kind})
                self._turns.add("note", row, self.clock())
        return None


def output_text(output: Any) -> str:
    """The text of what a tool gave back."""
    if isinstance(output, dict) and isinstance(output.get("value"), (str, list)):
        output = shown(output, "value")
    if isinstance(output, str):
        return output
    if text := text_of_parts(output if isinstance(output, list) else []):
        return text
    return "\n".join(dict.fromkeys(words_in(output)))
