"""How things are laid out for people: widths, ages, sizes and marked words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from aiana.cli.terminal import Piece, cells
from aiana.text import one_line
from aiana.times import to_datetime

_AGES = ((365 * 86400, "y"), (30 * 86400, "mo"), (7 * 86400, "w"), (86400, "d"), (3600, "h"))


def fit(text: str, columns: int | None) -> str:
    """A text on one line, cut with an ellipsis where it is wider."""
    text = one_line(text)
    if columns is None or cells(text) <= columns:
        return text
    if text.isascii():
        return text[: columns - 1].rstrip() + "…"
    from rich.cells import set_cell_size

    return set_cell_size(text, columns - 1).rstrip() + "…"


def joined(facts: Sequence[str | None], columns: int | None) -> str:
    """Facts on one line, most telling first; the last ones are left out where it is too narrow."""
    shown = [one_line(fact) for fact in facts if fact]
    while columns is not None and len(shown) > 1 and cells(" · ".join(shown)) > columns:
        shown.pop()
    return fit(" · ".join(shown), columns)


def pad(text: str, columns: int) -> str:
    """A text in a column of so many."""
    return text + " " * (columns - cells(text))


def age(timestamp: str) -> str:
    """How long ago, in two or three characters: `3d`."""
    seconds = (datetime.now(UTC) - to_datetime(timestamp)).total_seconds()
    for span, unit in _AGES:
        if seconds >= span:
            return f"{int(seconds // span)}{unit}"
    return f"{max(0, int(seconds // 60))}m"


def when(timestamp: str) -> str:
    """A day, and how long ago that was: `2026-02-01, 3d ago`; empty without a time."""
    if not timestamp:
        return ""
    day = to_datetime(timestamp).astimezone().date().isoformat()
    return f"{day}, {age(timestamp)} ago"


def marked(text: str, ranges: Sequence[tuple[int, int]]) -> list[Piece]:
    """`text` in pieces, with its ranges (in UTF-16 units) marked as matches."""
    offsets = _from_utf16(text)
    pieces, done = [], 0
    for start, end in ranges:
        first, last = offsets[start], offsets[end]
        pieces += [Piece(text[done:first]), Piece(text[first:last], "match")]
        done = last
    return [*pieces, Piece(text[done:])]


def _from_utf16(text: str) -> list[int]:
    """Code point offset of each UTF-16 offset, the end included."""
    offsets = []
    for index, character in enumerate(text):
        offsets += [index] * (2 if ord(character) > 0xFFFF else 1)
    return [*offsets, len(text)]
