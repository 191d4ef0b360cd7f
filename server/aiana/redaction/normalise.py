"""Text as a reader sees it: without what hides in or beside a token, and where each part was."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from typing import NamedTuple

from aiana.pattern import Pattern
from aiana.text import signs_beyond_ascii

# Terminal sequences as they are and as source code writes them; all runs are bounded.
_ESCAPE = Pattern(
    "(?:(?:\x1b|\x9b)(?:\\[[0-?]{0,64}[ -/]{0,8}[@-~]"
    "|\\][^\x07\x1b\n]{0,300}(?:\x07|\x1b\\\\)|[ -/]?[0-~])?)+"
)
_WRITTEN = Pattern(  # all of it after one backslash, which is quickly found
    r"\\(?:(?:x1[bB]|u001[bB]|0?33|e)\[[0-9;]{0,20}[a-zA-Z]"
    r"|\\{0,3}(?:u(?P<unicode>[0-9a-fA-F]{4})|x(?P<hex>[0-9a-fA-F]{2}))"
    r"|(?P<plain>[_~/-])|(?<='\\)'')"  # the last: a quote in a shell's literal
)
_ENTITY = Pattern(r"&(?:#\d{1,6}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z]{2,8});")
_PERCENT = Pattern(r"%([2-7][0-9a-fA-F])")
_INVISIBLE = Pattern(
    "([\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb"
    "\U000e0000-\U000e01ef])(?:(?![\x1b\x9b])\\1)*"
)
# One of them, or a rule that is drawn with one.
_FULL_WIDTH = Pattern("([\uff01-\uff5e\u2010-\u2012\u2212\u2024])(?:\\1{7,})?")
_DASHES = dict.fromkeys("\u2010\u2011\u2012\u2212", "-") | {"\u2024": "."}
# One of them stands in whatever would be a token, or a name and its value, in plain signs.
_WIDE_SIGNS = frozenset("\u2010\u2011\u2012\u2212\u2024\uff0d\uff0e\uff1a\uff1d\uff3f")


class Edit(NamedTuple):
    """A part of a text, and what a reader sees in its place."""

    start: int
    end: int
    text: str


class Normalised:
    """`text` without what hides, and the place in the original of each of its places."""

    def __init__(self, original: str, edits: list[Edit]) -> None:
        parts: list[str] = []
        # Where pieces of the original begin in the text, and in the original.
        self._places: list[int] = []
        self._origins: list[int] = []
        self._lengths: list[int] = []
        position = length = 0
        for start, end, replacement in edits:
            if start < position:
                continue
            if start > position:
                self._add(length, position, start - position)
                parts.append(original[position:start])
                length += start - position
            if replacement:
                self._add(length, start, 0)
                parts.append(replacement)
                length += len(replacement)
            position = end
        self._add(length, position, len(original) - position)
        parts.append(original[position:])
        self.text = "".join(parts)
        self._end = len(original)

    def _add(self, place: int, origin: int, length: int) -> None:
        self._places.append(place)
        self._origins.append(origin)
        self._lengths.append(length)

    def origin(self, place: int) -> int:
        """Where the character at a place of the text begins in the original."""
        if place >= len(self.text):
            return self._end
        n = bisect_right(self._places, place) - 1
        return self._origins[n] + min(place - self._places[n], self._lengths[n])

    def windows(self, before: int, after: int) -> list[tuple[int, int]]:
        """The parts of the text around what was changed."""
        found: list[tuple[int, int]] = []
        for place in self._places[1:]:
            start, end = max(0, place - before), min(len(self.text), place + after)
            if found and start <= found[-1][1]:
                found[-1] = (found[-1][0], end)
            else:
                found.append((start, end))
        return found

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The part of the original that a part of the text stands for; what hides within goes."""
        n = bisect_right(self._places, end - 1) - 1
        last = end - 1 - self._places[n]
        if last < self._lengths[n]:
            return self.origin(start), self._origins[n] + last + 1
        return self.origin(start), self.origin(end)


def normalised(text: str, *, has_controls: bool) -> Normalised | None:
    """None where nothing hides, as in most texts. Linear in the text.

    `has_controls`: whether there are signs of control in it, blanks and line ends aside.
    """
    edits: list[Edit] = []
    if (has_controls and "\x1b" in text) or "\x9b" in text:
        edits += (Edit(*m.span(), "") for m in _ESCAPE.finditer(text))
    if "\\" in text:
        edits += _written(text)
    if "&" in text:
        edits += _entities(text)
    if "%" in text:
        edits += (Edit(*m.span(), chr(int(m[1], 16))) for m in _PERCENT.finditer(text))
    letters = signs_beyond_ascii(text)
    if not letters.isdisjoint(_WIDE_SIGNS):
        edits += (
            Edit(*m.span(), len(m[0]) * (_DASHES.get(m[1]) or chr(ord(m[1]) - 0xFEE0)))
            for m in _FULL_WIDTH.finditer(text)
        )
    if has_controls or any(map(_INVISIBLE.match, letters)):
        edits += (Edit(*m.span(), "") for m in _INVISIBLE.finditer(text))
    if not edits:
        return None
    return Normalised(text, sorted(edits, key=lambda edit: (edit.start, -edit.end)))


def _written(text: str) -> Iterator[Edit]:
    """What escapes of source code stand for."""
    for match in _WRITTEN.finditer(text):
        code = match["unicode"] or match["hex"]
        if code is None:
            yield Edit(*match.span(), match["plain"] or "")
        elif _INVISIBLE.match(character := chr(int(code, 16))):
            yield Edit(*match.span(), "")
        elif character.isprintable():
            yield Edit(*match.span(), character)


def _entities(text: str) -> Iterator[Edit]:
    from html import unescape

    for match in _ENTITY.finditer(text):
        if (character := unescape(match[0])) != match[0]:
            hides = character in "\n\t" or _INVISIBLE.match(character)
            yield Edit(*match.span(), "" if hides else character)
