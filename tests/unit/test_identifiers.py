"""Parts of identifiers, and what counts as one."""

from __future__ import annotations

import pytest

from aiana.storage.identifiers import compounds, identifier_parts


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("getUserById", "get User By Id"),
        ("call parseJSON, then HTTPServer.run", "parse JSON HTTP Server"),
        ("utf8String", "utf 8 String"),
        ("README and user_id stay whole, they are split by the index", ""),
        ("", ""),
    ],
)
def test_parts(text: str, parts: str) -> None:
    assert identifier_parts(text) == parts


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("why does getUserById fail", ["getUserById"]),
        ("foo-bar and src/a/b.py", ["foo-bar", "src/a/b.py"]),
        ("user_id user_id", ["user_id"]),
        ("a:b don't", ["a:b", "don't"]),
        ("README is plain", []),
    ],
)
def test_compounds(text: str, found: list[str]) -> None:
    assert compounds(text) == found


@pytest.mark.parametrize("piece", ["a", "A", "_", ".", "aA", "a_", "a.", "é", "認"])
def test_endless_words_are_no_identifiers(piece: str) -> None:
    text = piece * 300_000
    assert compounds(text) == []
    assert identifier_parts(text) == ""
