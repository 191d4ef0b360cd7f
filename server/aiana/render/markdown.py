"""Sessions as documents: Markdown for people, JSON for programs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Literal

import msgspec

from aiana.models import Message, Session
from aiana.render.blocks import closed, edit_of, fenced, split_lines, without_orders
from aiana.text import clean, one_line
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
_MOST_WORDS = _HEADING_CHARS // 2 + 1
"""That fit; the last of them is all that is left."""
_PATH_NAME = re.compile(
    r"(?:(?:abs(?:olute)?|rel(?:ative)?|target|full)_?)?(?:file|path|file_?path|file_?name)", re.I
)
"""Of the argument that names the file of a tool call: `file_path`, `filePath`, `target_file`."""
_OWN_HEADING = re.compile(
    rf"^( {{0,3}})(?=## (?:{'|'.join(map(re.escape, _SPEAKERS.values()))})(?: ·|[ \t]*$)"
    r"|\*\*[^\n]{1,200}\*\* (?:called|answered)(?: for |[ \t]*$))",
    re.MULTILINE,
)
"""What `heading` writes, in a text."""
_MARKS = re.compile(r"[\s#>*_`~|+-]*")


def export_session(
    session: Session, messages: Sequence[Message], format: Literal["markdown", "json"]
) -> str:
    """The whole session in one text."""
    if format == "json":
        document = {"session": session, "messages": messages}
        return msgspec.json.format(msgspec.json.encode(document), indent=2).decode()
    lines = facts_of(session)
    for message in messages:
        lines += split_lines(turn(message, shown=True))
    return without_orders("\n".join(lines).rstrip() + "\n")


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


def turn(message: Message, *, shown: bool = False) -> str:
    """A message below its heading, which it cannot break out of; `shown` to people alone."""
    arguments = arguments_of(message)
    said = (shown_body if shown else body)(message, arguments)
    return f"{heading(message, path_in(arguments))}\n\n{said}\n"


def heading(message: Message, path: str | None) -> str:
    """What stands above a message: who, when, and its first words; of a tool its name and file."""
    if message.type in TOOL_TYPES:
        verb = "called" if message.type == "tool_use" else "answered"
        return f"**{tool_of(message)}** {verb}{f' for {path}' if path else ''}"
    speaker = _SPEAKERS.get(message.type, message.type)
    parts = [speaker, local(message.timestamp), first_words(message.content)]
    return "## " + " · ".join(part for part in parts if part)


def body(message: Message, arguments: Any) -> str:
    """What stands below the heading of a message: what was said, or done as a block of code."""
    if message.type not in TOOL_TYPES:
        return closed(message.content)
    edit = None if arguments is None else edit_of(arguments)
    return fenced(message.content) if edit is None else fenced(edit, "diff")


def shown_body(message: Message, arguments: Any) -> str:
    """The same where people read it: no line of what was said reads as the heading of a message."""
    said = body(message, arguments)
    return said if message.type in TOOL_TYPES else _OWN_HEADING.sub(r"\1\\", said)


def tool_of(message: Message) -> str:
    """The name of the tool that was called or answered."""
    return one_line(message.tool_name or "") or "tool"


def first_words(text: str) -> str:
    """What a text begins with, on one line and without its marks of Markdown."""
    for line in split_lines(text[:2_000]):
        marks = _MARKS.match(line)
        words = " ".join(clean(line[marks.end() :] if marks else line).split(maxsplit=_MOST_WORDS))
        if words and not line.lstrip().startswith(("```", "~~~")):
            cut = words[:_HEADING_CHARS]
            if len(words) > _HEADING_CHARS:
                border = cut.rfind(" ")
                cut = (cut[:border] if border > _HEADING_CHARS // 2 else cut) + "…"
            return cut
    return ""


def call_about(message: Message) -> str:
    """What a tool was called for, or what it answered, on one line: files, a command, or words."""
    arguments = arguments_of(message)
    return path_in(arguments) or about_without_path(message, arguments)


def about_without_path(message: Message, arguments: Any) -> str:
    """The same for a call none of whose arguments is a file."""
    patch = (None if arguments is None else edit_of(arguments)) or edit_of(message.content)
    if patch and (touched := touches_of_patch(patch)):
        names = [one_line(touch.path) for touch in touched[:_MOST_NAMED]]
        more = f" and {len(touched) - len(names)} more" if len(touched) > len(names) else ""
        return ", ".join(names) + more
    command = command_of(message.tool_input) if message.type == "tool_use" else ""
    return first_words(command) or first_words(message.content)


def path_in(arguments: Any) -> str | None:
    """The file among the arguments of a call, as the assistant wrote it."""
    for name, path in arguments.items() if isinstance(arguments, dict) else ():
        if _PATH_NAME.fullmatch(name) and isinstance(path, str) and path and path.isprintable():
            return path
    return None


def arguments_of(message: Message) -> Any:
    """What a tool was called with: the value of its JSON, or a text that is none; else None."""
    if message.type != "tool_use" or not message.tool_input:
        return None
    try:
        return msgspec.json.decode(message.tool_input)
    except (msgspec.DecodeError, RecursionError):
        return message.tool_input
