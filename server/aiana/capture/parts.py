"""Contents of the Gemini API, as Gemini CLI and Qwen Code keep them: texts, thoughts, tools."""

from __future__ import annotations

import re
from typing import Any

from msgspec import Struct, field

from aiana.capture.decoding import words_in

_INJECTED = re.compile(r"(?s)\s*<([a-z]+(?:[:_-][a-z]+)+)\b[^>]*>.*</\1>\s*\Z")
_EXIT_CODE = re.compile(
    r"Exit Code: (-?\d+)(?=(?:\n|\\n)(?:Signal|Background PIDs|Process Group PGID)\b)"
)


class Call(Struct):
    """A tool call, or the answer to one."""

    id: str | None
    name: str
    value: Any


class Content(Struct):
    """What the parts of one content say."""

    texts: list[str] = field(default_factory=list)
    thoughts: list[str] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    answers: list[Call] = field(default_factory=list)


def content_of(value: Any) -> Content:
    """A text, a list of parts, or an object with `parts`."""
    content = Content()
    if isinstance(value, dict) and isinstance(value.get("parts"), list):
        value = value["parts"]
    for part in value if isinstance(value, list) else [value]:
        if isinstance(part, str):
            content.texts.append(part)
        elif isinstance(part, dict):
            _take(content, part)
    return content


def _take(content: Content, part: dict[str, Any]) -> None:
    text = part.get("text")
    if isinstance(text, str) and text.strip():
        (content.thoughts if part.get("thought") is True else content.texts).append(text)
    if isinstance(call := part.get("functionCall"), dict):
        content.calls.append(_call(call, "args"))
    if isinstance(answer := part.get("functionResponse"), dict):
        content.answers.append(_call(answer, "response"))


def _call(value: dict[str, Any], key: str) -> Call:
    call_id = value.get("id")
    given = value.get(key)
    return Call(
        call_id if isinstance(call_id, str) and call_id else None,
        str(value.get("name") or "tool"),
        {} if given is None else given,
    )


def is_injected(text: str) -> bool:
    """Whether a text is one element that the program put in: `<session_context>...`."""
    return _INJECTED.match(text) is not None


def answer_text(response: Any) -> str:
    """What a tool answered the model."""
    if isinstance(response, dict):
        for key in ("output", "error"):
            if isinstance(text := response.get(key), str) and text:
                return text
    return "\n".join(dict.fromkeys(words_in(response)))


def exit_code(response: Any) -> int | None:
    """The exit code in the answer of a shell tool, where there is one."""
    found = _EXIT_CODE.findall(answer_text(response))
    return int(found[-1]) if found and len(found[-1]) < 12 else None
