"""Sessions as documents: Markdown for people, JSON for programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec

from aiana.models import Message, Session

_SPEAKERS = {"user": "User", "assistant": "Assistant", "summary": "Summary", "system": "System"}


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
        ("Started", session.started_at),
        ("Ended", session.ended_at),
        ("Session", session.id),
    ]
    lines = [f"# {session.title or session.id}", ""]
    lines += [f"- {name}: {value}" for name, value in facts if value]
    lines.append("")
    starts = {}
    for message in messages:
        starts[message.id] = len(lines)
        lines += _markdown(message).split("\n")
    return "\n".join(lines).rstrip() + "\n", starts


def _markdown(message: Message) -> str:
    if message.type in ("tool_use", "tool_result"):
        verb = "called" if message.type == "tool_use" else "answered"
        fence = _fence(message.content)
        return f"**{message.tool_name or 'tool'}** {verb}\n\n{fence}\n{message.content}\n{fence}\n"
    speaker = _SPEAKERS.get(message.type, message.type)
    return f"## {speaker} ({message.timestamp})\n\n{message.content}\n"


def _fence(text: str) -> str:
    """A fence that no run of backticks in `text` can close."""
    longest = run = 0
    for character in text:
        run = run + 1 if character == "`" else 0
        longest = max(longest, run)
    return "`" * max(3, longest + 1)
