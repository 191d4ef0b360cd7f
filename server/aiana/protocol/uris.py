"""The one place that makes and reads `aiana:` URIs.

`aiana:///session/<id>/<source>#<message>`, `aiana:///memory/<id>`, `aiana:///preference/<id>`. A
last part of the path that ends in `.md` is a name for people and is not looked at; a session that
people name without its source is looked up by its id.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple
from urllib.parse import quote, unquote, urlsplit

from aiana.errors import NotFound

SCHEME = "aiana"
_ESCAPES = {code: quote(chr(code), safe="") for code in range(128)}


class SessionAddress(NamedTuple):
    """A session, or a message in it."""

    id: str
    source: str | None = None
    """None: whichever assistant's it is."""
    message: str | None = None


class MemoryAddress(NamedTuple):
    """A memory."""

    id: str


def session_uri(source: str | None, id: str, message: str | None = None) -> str:
    """URI of a session, or of a message in it."""
    path = _segment(id) if source is None else f"{_segment(id)}/{_segment(source)}"
    fragment = "" if message is None else f"#{_quoted(message)}"
    return f"{SCHEME}:///session/{path}{fragment}"


def memory_uri(id: str) -> str:
    """URI of a memory."""
    return f"{SCHEME}:///memory/{_segment(id)}"


def preference_uri(id: str) -> str:
    """URI of a preference."""
    return f"{SCHEME}:///preference/{_segment(id)}"


def parse(uri: str) -> SessionAddress | MemoryAddress:
    """What a URI names. Raises NotFound for one that names nothing of Aiana's."""
    try:
        parts = urlsplit(uri)
        kind, *names = [_name(part) for part in parts.path.lstrip("/").split("/")]
        message = unquote(parts.fragment, errors="strict") or None
    except ValueError:
        raise _unknown(uri) from None
    if parts.scheme != SCHEME or parts.netloc or not names or not names[0]:
        raise _unknown(uri)
    if kind == "session":
        named = len(names) > 1 and names[1] and not names[1].endswith(".md")
        source = names[1] if named else None
        return SessionAddress(names[0], source, message)
    if kind == "memory":
        return MemoryAddress(names[0])
    raise _unknown(uri)


@lru_cache(256)  # of one session there are as many as it has messages
def _segment(name: str) -> str:
    """A name as one segment of a path.

    A slash is encoded twice, since clients such as VS Code decode a path and encode it again but
    for its slashes; a name of dots too, since it would be taken for a step up.
    """
    inner = name.replace("%", "%25").replace("/", "%2F")
    if name in (".", ".."):
        inner = name.replace(".", "%2E")
    return _quoted(inner)


def _quoted(text: str) -> str:
    if text.isascii():  # as most are
        return text.translate(_ESCAPES)
    return quote(text, safe="", errors="replace")


def _name(segment: str) -> str:
    return unquote(unquote(segment, errors="strict"), errors="strict")


def _unknown(uri: str) -> NotFound:
    return NotFound(
        f"{uri!r} is no document of Aiana.",
        "Write aiana:///session/<id>/<source> or aiana:///memory/<id>.",
    )
