"""What an `aiana:` URI shows, as Markdown."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Sequence, Set
from pathlib import Path
from typing import Literal
from urllib.parse import quote, urlsplit

import msgspec

from aiana.models import Memory, Message, SearchHit, Session
from aiana.private import files_in, make_own_folder, remove, write_text
from aiana.protocol.results import Fixes, Link, Page, Section, Why
from aiana.protocol.uris import session_uri
from aiana.render.blocks import closed
from aiana.render.markdown import TOOL_TYPES, call_about, markdown, tool_path
from aiana.text import one_line
from aiana.times import local

PREVIOUS = "↑ previous turn"
NEXT = "↓ next turn"
_LONGEST_NAME = 120
_KEPT_S = 24 * 3600


def write_page(folder: Path, uri: str, text: str) -> Path:
    """A page as a real file, for editors that can open nothing else; for the user's eyes only.

    Pages are copies: those of yesterday are removed, and all of them when anything is deleted.
    Raises StorageUnavailable.
    """
    make_own_folder(folder)
    for old in files_in(folder, "*.md"):
        with contextlib.suppress(FileNotFoundError):
            if old.stat().st_mtime < time.time() - _KEPT_S:
                remove(old)
    path = page_file(folder, uri)
    write_text(path, text)
    return path


def page_file(folder: Path, uri: str) -> Path:
    """The file in which `write_page` puts the document of this URI."""
    kind, _, name = urlsplit(uri).path.strip("/").partition("/")
    stem = f"{kind}-{quote(name, safe='')[-_LONGEST_NAME:]}" if name else kind
    return folder / f"{stem}.md"


def hits_page(query: str, hits: Sequence[SearchHit]) -> str:
    """What a search found, in full."""
    lines = [f"# Aiana: {query}", ""]
    if not hits:
        lines.append("Nothing was found.")
    for hit in hits:
        facts = [hit.user or hit.source, hit.project, hit.speaker, local(hit.timestamp)]
        lines += [
            f"## {hit.session_title or hit.memory_type or hit.kind}",
            "",
            " · ".join(fact for fact in facts if fact),
            f"<{hit.uri}>",
            "",
            closed(hit.content or hit.snippet),
            "",
        ]
    return "\n".join(lines).rstrip() + "\n"


def why_page(why: Why) -> str:
    """The turns behind some lines, and what was asked."""
    first, last = why.lines
    lines = [f"# Aiana: why line {first}" + (f" to {last}" if last > first else ""), ""]
    lines += [f"{note}\n" for note in why.notes]
    for reason in why.reasons:
        asked = reason.asked.text if reason.asked else None
        lines += [
            f"## {one_line(reason.session_title or reason.source)}",
            "",
            " · ".join([one_line(reason.how), reason.source, local(reason.timestamp)]),
            f"<{reason.uri}>",
            "",
            *([closed(f"Asked: {asked}"), ""] if asked else []),
            *(part for each in reason.rejected for part in (f"Refused before: <{each.uri}>", "")),
        ]
    return "\n".join(lines).rstrip() + "\n"


def fixes_page(fixes: Fixes) -> str:
    """The sessions in which an error went away, and what was changed in between."""
    lines = ["# Aiana: what made this error go away", ""]
    for fix in fixes.fixes:
        ran = one_line(fix.command or "what was run")
        how = "the person said so" if fix.how == "said" else f"ran again without it: {ran}"
        lines += [
            f"## {one_line(fix.session_title or fix.source)}",
            "",
            " · ".join([fix.source, local(fix.timestamp)]),
            f"<{fix.uri}>",
            "",
            *(closed(fix.message), ""),
            *(closed(how), f"<{fix.proof}>", ""),
            *([closed(f"Changed: {', '.join(fix.files)}")] if fix.files else []),
            *(f"<{turn}>" for turn in fix.turns),
            *(
                part
                for each in fix.commands
                for part in (closed(f"Ran: {each.text}"), f"<{each.uri}>")
            ),
            "",
        ]
    return "\n".join(lines).rstrip() + "\n"


def session_page(
    session: Session,
    messages: Sequence[Message],
    message_id: str | None = None,
    *,
    navigation: bool = False,
    changing: Set[str] = frozenset(),
) -> Page:
    """A session, at one of its messages; with `navigation` its turns lead to their neighbours.

    `changing` are the ids of the messages that changed files.
    """
    # A line that changes with each turn would cost readers of a session that grows their place:
    # editors replace all that stands between two changes.
    text, starts = markdown(msgspec.structs.replace(session, ended_at=None), messages)
    lines = text.split("\n")
    turns = [message for message in messages if message.type not in TOOL_TYPES]
    if navigation:
        starts = _make_room(lines, starts, turns)
    links = []
    for turn, words in zip(turns, _neighbours(turns), strict=True) if navigation else ():
        line = starts[turn.id] + 1
        lines[line] = " · ".join(words)
        links += [_link(lines, line, text, target) for text, target in words.items()]
    paths = {message.id: path for message in messages if (path := tool_path(message))}
    for id, path in paths.items():
        file = Path(session.project_path or "", path)
        if file.is_absolute():
            links.append(_link(lines, starts[id], path, file.as_uri()))
    return Page(
        text="\n".join(lines),
        line=starts.get(message_id or "", 0),
        title=session.title or session.id,
        uri=session.uri,
        kind="session",
        id=session.id,
        source=session.source,
        links=links,
        sections=[
            Section(
                line=starts[message.id],
                kind=_section_kind(message),
                uri=message.uri,
                message_id=message.id,
                title=_outline(message, lines[starts[message.id]]),
                changes=message.id in changing,
            )
            for message in messages
        ],
    )


def _outline(message: Message, heading: str) -> str:
    if message.type not in TOOL_TYPES:
        return heading.removeprefix("## ")
    about = call_about(message)
    return f"{message.tool_name or 'tool'}: {about}" if about else message.tool_name or "tool"


def _section_kind(message: Message) -> Literal["turn", "thinking", "tool"]:
    if message.type in TOOL_TYPES:
        return "tool"
    return "thinking" if message.type == "thinking" else "turn"


def _make_room(
    lines: list[str], starts: dict[str, int], turns: Sequence[Message]
) -> dict[str, int]:
    """Put an empty line below the heading of each turn; returns where the messages begin now."""
    moved = {}
    added = 0
    waiting = {turn.id for turn in turns}
    for message, line in starts.items():
        moved[message] = line + added
        if message in waiting:
            lines.insert(moved[message] + 1, "")
            added += 1
    return moved


def _neighbours(turns: Sequence[Message]) -> Iterator[dict[str, str]]:
    """For each turn, the words that lead away from it and the URI of where to."""
    for place in range(len(turns)):
        words = {}
        if place > 0:
            words[PREVIOUS] = turns[place - 1].uri
        if place + 1 < len(turns):
            words[NEXT] = turns[place + 1].uri
        yield words


def memory_page(memory: Memory) -> Page:
    """A memory with where it is from."""
    session = memory.session_id and session_uri(None, memory.session_id)
    origin = _origin(memory)
    facts = [
        ("Project", memory.project),
        ("Tags", ", ".join(memory.tags)),
        ("From", origin or _place(memory)),
        ("Session", session),
        ("Created", local(memory.created_at, zone=True)),
        ("Memory", memory.id),
    ]
    lines = [f"# {memory.memory_type.capitalize()}", ""]
    links = []
    for name, value in facts:
        if value:
            lines.append(f"- {name}: {value}")
        if value and value in (origin, session):
            links.append(_link(lines, len(lines) - 1, value, value))
    return Page(
        text="\n".join([*lines, "", closed(memory.content.rstrip())]) + "\n",
        title=memory.content.strip().partition("\n")[0],
        uri=memory.uri,
        kind="memory",
        id=memory.id,
        links=links,
    )


def _place(memory: Memory) -> str | None:
    """Where a memory was taken from, if that was no file."""
    origin = memory.metadata.get("origin")
    for kind, name in (("terminal", "the terminal"), ("chat", "a chat in")):
        if isinstance(origin, dict) and isinstance(origin.get(kind), str):
            return f"{name} {origin[kind]}"
    return None


def _link(lines: list[str], line: int, text: str, target: str) -> Link:
    """A link from the last place of `text` in its line."""
    start = _utf16_length(lines[line].rpartition(text)[0])
    return Link(line=line, start=start, end=start + _utf16_length(text), target=target)


def _utf16_length(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _origin(memory: Memory) -> str | None:
    """The file that a memory was taken from, with its first line."""
    origin = memory.metadata.get("origin")
    if not isinstance(origin, dict) or not isinstance(origin.get("uri"), str):
        return None
    lines = origin.get("lines")
    start = lines[0] if isinstance(lines, list) and lines else None
    uri: str = origin["uri"]
    return f"{uri}#L{start + 1}" if isinstance(start, int) else uri
