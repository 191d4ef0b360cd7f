"""Sessions as documents: Markdown for people, JSON for programs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

import msgspec

from aiana.models import Message, Session
from aiana.times import readable

_LINE_END = re.compile(r"\r\n?|\n")
TOOL_TYPES = ("tool_use", "tool_result")
_SPEAKERS = {"user": "User", "assistant": "Assistant", "summary": "Summary", "system": "System"}


class _FileInput(msgspec.Struct):
    """What tools that read and write files are given."""

    file_path: str = ""


def export_session(
    session: Session, messages: Sequence[Message], format: Literal["markdown", "json"]
) -> str:
    """The whole session in one text."""
    if format == "json":
        document = {"session": session, "messages": messages}
        return msgspec.json.format(msgspec.json.encode(document), indent=2).decode()
    return markdown(session, messages)[0]


def markdown(session: Session, messages: Sequence[Message]) -> tuple[str, dict[str, int]]:
    """The session for people, and the zero-based line on which each message begins."""
    facts = [
        ("Project", session.project),
        ("Assistant", session.source),
        ("Started", session.started_at and readable(session.started_at)),
        ("Ended", session.ended_at and readable(session.ended_at)),
        ("Session", session.id),
    ]
    lines = [f"# {session.title or session.id}", ""]
    lines += [f"- {name}: {value}" for name, value in facts if value]
    lines.append("")
    starts = {}
    for message in messages:
        starts[message.id] = len(lines)
        # Editors end a line at a lone carriage return too, and progress bars are full of them.
        lines += _LINE_END.split(_markdown(message))
    return "\n".join(lines).rstrip() + "\n", starts


def _markdown(message: Message) -> str:
    if message.type in TOOL_TYPES:
        verb = "called" if message.type == "tool_use" else "answered"
        path = tool_path(message)
        about = f" for {path}" if path else ""
        fence = _fence(message.content)
        head = f"**{message.tool_name or 'tool'}** {verb}{about}"
        return f"{head}\n\n{fence}\n{message.content}\n{fence}\n"
    speaker = _SPEAKERS.get(message.type, message.type)
    return f"## {speaker} · {readable(message.timestamp)}\n\n{message.content}\n"


def tool_path(message: Message) -> str | None:
    """The file that a tool was called for, as the assistant wrote it."""
    if message.type != "tool_use" or not message.tool_input:
        return None
    try:
        path = msgspec.json.decode(message.tool_input, type=_FileInput).file_path
    except msgspec.DecodeError:
        return None
    return path if path and path.isprintable() else None


def _fence(text: str) -> str:
    """A fence that no run of backticks in `text` can close."""
    longest = run = 0
    for character in text:
        run = run + 1 if character == "`" else 0
        longest = max(longest, run)
    return "`" * max(3, longest + 1)
