"""Sessions as documents: Markdown for people, JSON for programs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Literal

import msgspec

from aiana.models import Message, Session
from aiana.render.blocks import closed, edit_of, fenced, split_lines
from aiana.text import one_line
from aiana.times import local
from aiana.touches.calls import command_of
from aiana.touches.patches import touches_of_patch

TOOL_TYPES = ("tool_use", "tool_result")
_SPEAKERS = {
    "user": "User",
    "assistant": "Assistant",
    "thinking": "Assistant (thinking)",
    "summary": "Summary",
    "system": "System",
}
_HEADING_CHARS = 50
_MOST_NAMED = 3
"""Files of one call that a line names."""
_PATH_NAME = re.compile(
    r"(?:(?:abs(?:olute)?|rel(?:ative)?|target|full)_?)?(?:file|path|file_?path|file_?name)", re.I
)
"""Of the argument that names the file of a tool call: `file_path`, `filePath`, `target_file`."""
_MARKS = re.compile(r"^[\s#>*_`~|+-]+")


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
    lines = facts_of(session)
    starts = {}
    for message in messages:
        starts[message.id] = len(lines)
        lines += split_lines(turn(message))
    return "\n".join(lines).rstrip() + "\n", starts


def facts_of(session: Session) -> list[str]:
    """The lines above what was said: the title, and what is known of the session."""
    facts = [
        ("Project", session.project),
        ("Assistant", session.source),
        ("Started", session.started_at and local(session.started_at, zone=True)),
        ("Ended", session.ended_at and local(session.ended_at, zone=True)),
        ("Session", session.id),
    ]
    lines = [f"# {one_line(session.title or session.id)}", ""]
    lines += [f"- {name}: {one_line(value)}" for name, value in facts if value]
    return [*lines, ""]


def heading(message: Message) -> str:
    """What stands above a message: who, when, and its first words; of a tool its name."""
    if message.type in TOOL_TYPES:
        verb = "called" if message.type == "tool_use" else "answered"
        path = tool_path(message)
        return f"**{message.tool_name or 'tool'}** {verb}{f' for {path}' if path else ''}"
    speaker = _SPEAKERS.get(message.type, message.type)
    parts = [speaker, local(message.timestamp), first_words(message.content)]
    return "## " + " · ".join(part for part in parts if part)


def first_words(text: str) -> str:
    """What a text begins with, on one line and without its marks of Markdown."""
    for line in split_lines(text[:2_000]):
        words = one_line(_MARKS.sub("", line))
        if words and not line.lstrip().startswith(("```", "~~~")):
            cut = words[:_HEADING_CHARS]
            if len(words) > _HEADING_CHARS:
                border = cut.rfind(" ")
                cut = (cut[:border] if border > _HEADING_CHARS // 2 else cut) + "…"
            return cut
    return ""


def call_about(message: Message) -> str:
    """What a tool was called for, or what it answered, on one line: files, a command, or words."""
    if path := tool_path(message):
        return path
    change = edit_of(arguments_of(message)) if message.type == "tool_use" else None
    patch = change or edit_of(message.content)
    if patch and (touched := touches_of_patch(patch)):
        names = [one_line(touch.path) for touch in touched[:_MOST_NAMED]]
        more = f" and {len(touched) - len(names)} more" if len(touched) > len(names) else ""
        return ", ".join(names) + more
    command = command_of(message.tool_input) if message.type == "tool_use" else ""
    return first_words(command) or first_words(message.content)


def turn(message: Message) -> str:
    """A message below its heading, which it cannot break out of."""
    if message.type not in TOOL_TYPES:
        return f"{heading(message)}\n\n{closed(message.content)}\n"
    edit = edit_of(arguments_of(message)) if message.type == "tool_use" else None
    block = fenced(message.content) if edit is None else fenced(edit, "diff")
    return f"{heading(message)}\n\n{block}\n"


def tool_path(message: Message) -> str | None:
    """The file that a tool was called for, as the assistant wrote it."""
    arguments = arguments_of(message) if message.type == "tool_use" else None
    for name, path in arguments.items() if isinstance(arguments, dict) else ():
        if _PATH_NAME.fullmatch(name) and isinstance(path, str) and path and path.isprintable():
            return path
    return None


def arguments_of(message: Message) -> Any:
    """What a tool was called with: JSON's value, or the text if it is none."""
    if not message.tool_input:
        return None
    try:
        return msgspec.json.decode(message.tool_input)
    except (msgspec.DecodeError, RecursionError):
        return message.tool_input
