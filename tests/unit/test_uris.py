"""`aiana:` URIs: what is made is read again, whatever an identifier holds."""

from __future__ import annotations

from urllib.parse import quote, unquote, urlsplit

import pytest

from aiana.errors import NotFound
from aiana.protocol.uris import (
    MemoryAddress,
    SessionAddress,
    memory_uri,
    parse,
    session_uri,
)

AWKWARD = [
    "5f0c-1",
    "chat/42",
    "a b",
    "a#b",
    "100%",
    "%2F",
    "..",
    ".",
    "é認証🙂",
    "a?b&c=d",
    "a\\b",
    "//",
    "x/../y",
]


def through_vs_code(uri: str) -> str:
    """As VS Code gives it back: decoded, and encoded again but for slashes."""
    parts = urlsplit(uri)
    path, fragment = quote(unquote(parts.path)), quote(unquote(parts.fragment))
    return f"aiana:{path}#{fragment}" if fragment else f"aiana:{path}"


@pytest.mark.parametrize("id", AWKWARD)
def test_session_uri_is_read_again(id: str) -> None:
    uri = session_uri("codex", id, message=id)
    assert uri.isascii()
    assert uri.count("/") == 5
    assert parse(uri) == SessionAddress(id, "codex", id)
    assert parse(through_vs_code(uri)) == SessionAddress(id, "codex", id)
    assert parse(session_uri(None, id)) == SessionAddress(id)


@pytest.mark.parametrize("id", AWKWARD)
def test_memory_uri_is_read_again(id: str) -> None:
    assert parse(memory_uri(id)) == MemoryAddress(id)
    assert parse(through_vs_code(memory_uri(id))) == MemoryAddress(id)


def test_a_name_for_people_is_not_looked_at() -> None:
    assert parse("aiana:///session/s1/codex/Its title.md#m") == SessionAddress("s1", "codex", "m")
    assert parse("aiana:///memory/m1/Use uv.md") == MemoryAddress("m1")
    assert parse("aiana:///session/s1/Its title.md#m") == SessionAddress("s1", None, "m")
    assert parse("aiana:/session/s1") == SessionAddress("s1")


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "%",
        "aiana:",
        "aiana:///",
        "aiana:///session",
        "aiana:///session/",
        "aiana:///memory/",
        "aiana:///other/x",
        "aiana://host/session/x",
        "aiana:///session/%FF",
        "file:///etc/passwd",
        "http://[::1/session/x",
    ],
)
def test_anything_else_names_nothing(uri: str) -> None:
    with pytest.raises(NotFound):
        parse(uri)
