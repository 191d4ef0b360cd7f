"""Takes out what somebody wrote between `<private>` and `</private>`: it is never stored."""

from __future__ import annotations

from typing import Any

import msgspec

from aiana.pattern import Pattern

# As it is written, in JSON at any depth, and in HTML.
_LESS = r"(?:<|\\{1,16}u003[cC]|&lt;)"
_GREATER = r"(?:>|\\{1,16}u003[eE]|&gt;)"
_TAG = Pattern(
    rf"(?i){_LESS}\s{{0,4}}(?P<close>/\s{{0,4}})?private(?:\s(?:(?!{_GREATER})[^<\n]){{0,200}})?"
    rf"{_GREATER}"
)
_LISTS = (list, tuple)


def without_private(text: str) -> str:
    """`text` without what is private; tags may be nested.

    What is not closed is private to its end; an end without a beginning is a text like others.
    """
    if "rivate" not in text and "RIVATE" not in text:
        return text
    kept: list[str] = []
    depth = place = 0
    for tag in _TAG.finditer(text):
        if text[tag.start() - 1 : tag.start()] == text[tag.end() : tag.end() + 1] == "`":
            continue  # somebody writes about the tag
        if tag["close"]:
            if depth == 1:
                place = tag.end()
            depth = max(0, depth - 1)
        else:
            if not depth:
                kept.append(text[place : tag.start()])
            depth += 1
    return "".join(kept) + ("" if depth else text[place:])


def without_private_json(text: str) -> str:
    """The same for JSON, string by string, so that it stays JSON; other texts as they are."""
    if "rivate" not in text and "RIVATE" not in text:
        return text
    try:
        value = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return without_private(text)
    clean = without_private_tree(value)
    return text if clean == value else msgspec.json.encode(clean).decode()


def without_private_tree(value: Any) -> Any:
    """The same for every text in a JSON value, keys included."""
    return _without_private(value) if _mentions_private(value) else value


def _without_private(value: Any) -> Any:
    if isinstance(value, str):
        return without_private(value)
    if isinstance(value, dict):
        return {_without_private(key): _without_private(of) for key, of in value.items()}
    if isinstance(value, _LISTS):
        return [_without_private(item) for item in value]
    return value


def _mentions_private(value: Any) -> bool:
    if isinstance(value, str):
        return "rivate" in value or "RIVATE" in value
    if isinstance(value, dict):
        return any(map(_mentions_private, value)) or any(map(_mentions_private, value.values()))
    return isinstance(value, _LISTS) and any(map(_mentions_private, value))
