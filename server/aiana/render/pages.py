"""What an `aiana:` URI shows, as Markdown."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Sequence, Set
from pathlib import Path
from urllib.parse import quote, urlsplit

import msgspec

from aiana.models import Memory, SearchHit, Session
from aiana.private import files_in, make_own_folder, remove, write_text
from aiana.protocol.results import Fixes, Link, Page, Section, Why
from aiana.protocol.uris import SCHEME, session_uri
from aiana.render.blocks import closed, without_orders
from aiana.render.drawn import Drawn
from aiana.render.markdown import facts_of
from aiana.text import one_line
from aiana.times import local

PREVIOUS = "↑ previous turn"
NEXT = "↓ next turn"
_OPENED = (SCHEME, "file", "untitled", "vscode-remote", "vscode-vfs", "vscode-notebook-cell")
"""Schemes of what editors open to be read."""
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
    write_text(path, without_orders(text))
    return path


def page_file(folder: Path, uri: str) -> Path:
    """The file in which `write_page` puts the document of this URI."""
    kind, _, name = urlsplit(uri).path.strip("/").partition("/")
    stem = f"{kind}-{quote(name, safe='')[-_LONGEST_NAME:]}" if name else kind
    return folder / f"{stem}.md"


def hits_page(query: str, hits: Sequence[SearchHit]) -> str:
    """What a search found, in full."""
    lines = [f"# Aiana: {one_line(query)}", ""]
    if not hits:
        lines.append("Nothing was found.")
    for hit in hits:
        facts = [hit.user or hit.source, hit.project, hit.speaker, local(hit.timestamp)]
        lines += [
            f"## {one_line(hit.session_title or hit.memory_type or hit.kind)}",
            "",
            " · ".join(one_line(fact) for fact in facts if fact),
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
            " · ".join(map(one_line, (reason.how, reason.source, local(reason.timestamp)))),
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
            " · ".join(map(one_line, (fix.source, local(fix.timestamp)))),
            f"<{fix.uri}>",
            "",
            *(closed(fix.message), ""),
            *(closed(how), f"<{fix.proof}>", ""),
            *([f"Changed: {one_line(', '.join(fix.files))}"] if fix.files else []),
            *(f"<{turn}>" for turn in fix.turns),
            *(
                part
                for each in fix.commands
                for part in (f"Ran: {one_line(each.text)}", f"<{each.uri}>")
            ),
            "",
        ]
    return "\n".join(lines).rstrip() + "\n"


def session_page(
    session: Session,
    drawn: Sequence[Drawn],
    message_id: str | None = None,
    *,
    navigation: bool = False,
    changing: Set[str] = frozenset(),
) -> Page:
    """A session, at one of its messages; with `navigation` its turns lead to their neighbours.

    `changing` are the ids of the messages that changed files.
    """
    lines = _head(session)
    line = len(lines)
    at = 0
    links: list[Link] = []
    sections: list[Section] = []
    targets: dict[str, str | None] = {}
    neighbours = _neighbours(drawn) if navigation else iter(())
    for each in drawn:
        message = each.message
        if message.id == message_id:
            at = line
        if each.path is not None:
            if each.path not in targets:
                targets[each.path] = _file_uri(session, each.path)
            if target := targets[each.path]:
                links.append(_link(line, each.heading, each.path, target))
        sections.append(
            Section(
                line=line,
                kind=each.kind,
                uri=message.uri,
                message_id=message.id,
                title=each.title,
                changes=message.id in changing,
            )
        )
        lines.append(each.heading)
        if navigation and each.kind != "tool":
            words = next(neighbours)
            way = " · ".join(words)
            lines.append(way)
            links += [_link(line + 1, way, text, target) for text, target in words.items()]
            line += 1
        lines.append(each.below[1:])
        line += each.lines
    return Page(
        text="\n".join(lines).rstrip() + "\n",
        line=at,
        title=one_line(session.title or session.id),
        uri=session.uri,
        kind="session",
        id=session.id,
        source=session.source,
        links=links,
        sections=sections,
    )


def line_after(session: Session, drawn: Sequence[Drawn], *, navigation: bool = False) -> int:
    """The zero-based line on which goes on what follows these first messages of a session."""
    turns = sum(each.kind != "tool" for each in drawn) if navigation else 0
    return len(_head(session)) + sum(each.lines for each in drawn) + turns


def _head(session: Session) -> list[str]:
    # A line that changes with each turn would cost readers of a session that grows their place:
    # editors replace all that stands between two changes.
    return facts_of(msgspec.structs.replace(session, ended_at=None))


def _file_uri(session: Session, path: str) -> str | None:
    file = Path(session.project_path or "", path)
    return file.as_uri() if file.is_absolute() else None


def _neighbours(drawn: Sequence[Drawn]) -> Iterator[dict[str, str]]:
    """For each turn, the words that lead away from it and the URI of where to."""
    turns = [each.message for each in drawn if each.kind != "tool"]
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
            lines.append(f"- {name}: {one_line(value)}")
        if value and value in (origin, session) and _leads_to_a_text(value):
            links.append(_link(len(lines) - 1, lines[-1], value, value))
    return Page(
        text="\n".join([*lines, "", closed(memory.content.rstrip())]) + "\n",
        title=one_line(memory.content.strip().partition("\n")[0]),
        uri=memory.uri,
        kind="memory",
        id=memory.id,
        links=links,
    )


def _leads_to_a_text(uri: str) -> bool:
    """Whether an editor that follows it opens a text: some run commands, or show web pages."""
    return uri.partition(":")[0].lower() in _OPENED and one_line(uri) == uri


def _place(memory: Memory) -> str | None:
    """Where a memory was taken from, if that was no file."""
    origin = memory.metadata.get("origin")
    for kind, name in (("terminal", "the terminal"), ("chat", "a chat in")):
        if isinstance(origin, dict) and isinstance(origin.get(kind), str):
            return f"{name} {origin[kind]}"
    return None


def _link(line: int, words: str, text: str, target: str) -> Link:
    """A link from the last place of `text` in the words of a line."""
    start = _utf16_length(words.rpartition(text)[0])
    return Link(line=line, start=start, end=start + _utf16_length(text), target=target)


def _utf16_length(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def _origin(memory: Memory) -> str | None:
    """The file that a memory was taken from, with its first line."""
    origin = memory.metadata.get("origin")
    if not isinstance(origin, dict) or not isinstance(origin.get("uri"), str):
        return None
    lines = origin.get("lines")
    start = lines[0] if isinstance(lines, list) and lines else None
    uri: str = origin["uri"]
    return f"{uri}#L{start + 1}" if isinstance(start, int) else uri
