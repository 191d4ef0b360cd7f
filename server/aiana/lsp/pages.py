"""What an `aiana:` URI shows, as Markdown."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from aiana.errors import NotFound
from aiana.export import markdown
from aiana.models import Memory, SearchHit
from aiana.results import Result
from aiana.service import Aiana

SCHEME = "aiana"
_LONGEST_NAME = 120
_KEPT_S = 24 * 3600


class Page(Result):
    """A document that cannot be edited."""

    text: str
    line: int = 0
    """Zero-based line that the URI's fragment points at."""


def read_page(aiana: Aiana, uri: str) -> Page:
    """The session or memory of `aiana:///session/<id>#<message>` or `aiana:///memory/<id>`.

    Raises NotFound, also for a URI that names nothing of Aiana's.
    """
    parts = urlsplit(uri)
    kind, _, name = parts.path.strip("/").partition("/")
    if parts.scheme == SCHEME and kind == "session":
        session = aiana.get_session(unquote(name)).session
        text, lines = markdown(session, aiana.session_messages(session.id).messages)
        return Page(text=text, line=lines.get(unquote(parts.fragment), 0))
    if parts.scheme == SCHEME and kind == "memory":
        return Page(text=_memory(aiana.get_memory(unquote(name)).memory))
    raise NotFound(
        f"{uri!r} is no document of Aiana: write aiana:///session/<id> or aiana:///memory/<id>."
    )


def write_page(folder: Path, uri: str, text: str) -> Path:
    """A page as a real file, for editors that can open nothing else; for the user's eyes only.

    Pages are copies: those of yesterday are removed, and all of them when anything is deleted.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for old in folder.glob("*.md"):
        with contextlib.suppress(FileNotFoundError):
            if old.stat().st_mtime < time.time() - _KEPT_S:
                old.unlink()
    kind, _, name = urlsplit(uri).path.strip("/").partition("/")
    stem = f"{kind}-{quote(name, safe='')[-_LONGEST_NAME:]}" if name else kind
    path = folder / f"{stem}.md"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def hits_page(query: str, hits: Sequence[SearchHit]) -> str:
    """What a search found, in full."""
    lines = [f"# Aiana: {query}", ""]
    if not hits:
        lines.append("Nothing was found.")
    for hit in hits:
        facts = [hit.source, hit.project, hit.role or hit.memory_type, hit.timestamp]
        lines += [
            f"## {hit.session_title or hit.memory_type or hit.kind}",
            "",
            " · ".join(fact for fact in facts if fact),
            f"<{hit.uri}>",
            "",
            hit.content or hit.snippet,
            "",
        ]
    return "\n".join(lines).rstrip() + "\n"


def _memory(memory: Memory) -> str:
    facts = [
        ("Project", memory.project),
        ("Tags", ", ".join(memory.tags)),
        ("Session", memory.session_id),
        ("Created", memory.created_at),
        ("Memory", memory.id),
    ]
    lines = [f"# {memory.memory_type.capitalize()}", ""]
    lines += [f"- {name}: {value}" for name, value in facts if value]
    return "\n".join([*lines, "", memory.content.rstrip()]) + "\n"
