"""Identifiers and their parts: `getUserById` is also found by `user`, `foo-bar` as one word."""

from __future__ import annotations

import re

_HUMP = re.compile(r"\b[A-Za-z][a-z0-9]*[A-Z][A-Za-z0-9]*")
_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_COMPOUND = re.compile(
    r"\w+(?:[^\w\s]+\w+)+"  # foo-bar, src/a/b.py, a:b, user_id.name
    r"|\w*[^\W_]_\w+"  # user_id
    r"|[a-z0-9]+[A-Z]\w*|[A-Z]\w*[a-z][A-Z]\w*"  # userId, UserId
)


def identifier_parts(text: str) -> str:
    """The parts of the camelCase identifiers in `text`, separated by blanks."""
    humps = [hump for hump in _HUMP.findall(text) if not hump.isupper()]
    return " ".join([part for hump in humps for part in _PART.findall(hump)])


def compounds(text: str) -> list[str]:
    """The identifiers, paths and hyphenated words of `text`: what means more than its words do."""
    return list(dict.fromkeys(_COMPOUND.findall(text)))
