"""The form of Markdown that is given to somebody else and read back: what the parts of it are.

It is the Markdown that people read, with a comment above each part that says what the part is:

    <!-- aiana-share 1 KEY -->
    <!-- aiana-session KEY {...} -->     # Title, and facts
    <!-- aiana-message KEY {...} -->     a heading, and what was said
    <!-- aiana-memory KEY {...} -->      a heading, facts, and the text

The key stands in no text of the file, so that none of them can be taken for such a comment. The
comments repeat nothing that is said: who takes a sentence out of the file has taken it out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Any, Literal, NamedTuple

import msgspec

from aiana.models import Memory, Message, Session

VERSION = 1
Kind = Literal["session", "message", "memory"]
_HEAD = re.compile(r"<!-- aiana-share (\d{1,9}) ([0-9a-f]{16}) -->")
_DERIVED = ("uri", "messageCount", "tokenCount", "agents")
_SAID = frozenset(("content", "title", "toolInput", "metadata", "summary", *_DERIVED))
"""Left out of a comment: what the text says, what is derived, and what only programs read."""
_FENCE = re.compile(r"(`{3,})[\w-]*")


class Part(NamedTuple):
    """One part of a shared file."""

    kind: Kind
    facts: dict[str, Any]
    text: str
    line: int
    """Of its comment, counted from 1."""


def document(parts: Sequence[tuple[Kind, Session | Message | Memory, str]]) -> str:
    """A file of these parts, each with its value and with how it reads."""
    key = _key(text for _, _, text in parts)
    lines = [_head(key)]
    for kind, value, text in parts:
        lines += [_comment(kind, key, value), text]
    return "\n".join(lines).rstrip() + "\n"


def head_of(line: str) -> tuple[int, str] | None:
    """Version and key of a shared file by its first line; None if it is none."""
    found = _HEAD.fullmatch(line.strip())
    return found and (int(found[1]), found[2])


def parts_of(lines: Iterable[str], key: str) -> Iterable[Part | int]:
    """The parts of a shared file; of a comment that cannot be read the number of its line."""
    comment = re.compile(rf"<!-- aiana-(session|message|memory) {key} (.*) -->")
    kind: Any = None
    facts: dict[str, Any] | None = None
    text: list[str] = []
    begun = number = 0
    for number, line in enumerate(lines, start=1):
        found = comment.fullmatch(line.rstrip())
        if found is None:
            text.append(line)
            continue
        if kind is not None:
            yield begun if facts is None else Part(kind, facts, _said(kind, facts, text), begun)
        kind, facts, text, begun = found[1], _facts(found[2]), [], number
    if kind is not None:
        yield begun if facts is None else Part(kind, facts, _said(kind, facts, text), begun)


def _facts(text: str) -> dict[str, Any] | None:
    try:
        return msgspec.json.decode(text, type=dict[str, Any])
    except (msgspec.DecodeError, RecursionError):
        return None


def _said(kind: Kind, facts: dict[str, Any], lines: list[str]) -> str:
    """A session's title, or what was said below the heading (and of a memory below its facts)."""
    if kind == "session":
        return lines[0].removeprefix("# ") if lines else ""
    body = lines[1:]
    last_fact = f"- Memory: {facts.get('id')}"
    if kind == "memory" and last_fact in body:
        body = body[body.index(last_fact) + 1 :]
    text = "\n".join(body).strip("\n")
    first, _, rest = text.partition("\n")
    fence = _FENCE.fullmatch(first)
    is_tool = kind == "message" and bool(lines) and lines[0].startswith("**")
    if is_tool and fence and rest.endswith(fence[1]):
        return rest.removesuffix(fence[1]).removesuffix("\n")
    return text


def _head(key: str) -> str:
    return f"<!-- aiana-share {VERSION} {key} -->"


def _comment(kind: Kind, key: str, value: Session | Message | Memory) -> str:
    facts = {
        name: fact
        for name, fact in msgspec.to_builtins(value).items()
        if name not in _SAID and fact not in (None, "", [], {}, 0)
    }
    # Only in texts can there be such a sign, where it may be written so.
    said = msgspec.json.encode(facts).decode().replace(">", "\\u003e")
    return f"<!-- aiana-{kind} {key} {said} -->"


def _key(texts: Iterable[str]) -> str:
    """The same for the same texts, and in none of them."""
    known = list(texts)
    digest = sha256("\0".join(known).encode("utf-8", "surrogatepass"))
    while any(digest.hexdigest()[:16] in text for text in known):
        digest.update(b"\0")
    return digest.hexdigest()[:16]
