"""Identifiers and their parts: `getUserById` is also found by `user`."""

from __future__ import annotations

import re

_HUMP = re.compile(r"[A-Za-z][a-z0-9]*[A-Z][A-Za-z0-9]*")
_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")


def identifier_parts(text: str) -> str:
    """The parts of the camelCase identifiers in `text`, separated by blanks."""
    return " ".join(part for hump in _HUMP.findall(text) for part in _PART.findall(hump))
