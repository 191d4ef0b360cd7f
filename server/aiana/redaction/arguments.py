"""The arguments of tool calls as text."""

from __future__ import annotations

from typing import Any


def flatten(value: Any) -> str:
    """The texts in a JSON value, one a line, so that commands, paths and edits can be found."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return "\n".join(text for item in value if (text := flatten(item)))
    return ""
