"""The part of a long text that a hit is about."""

from __future__ import annotations

import re

_BLANK_LINES = re.compile(r"\n\s*\n")


def find_passage(text: str, snippet: str) -> tuple[int, int] | None:
    """Where the words of a snippet stand in the text that it was cut from; None if they do not."""
    words = snippet.strip().removeprefix("…").removesuffix("…").split()
    if not words:
        return None
    found = re.search(r"\s+".join(map(re.escape, words)), text)
    return found.span() if found else None


def paragraphs_of(text: str, snippet: str) -> str:
    """The paragraphs that hold the words of a snippet; the whole text if they stand nowhere."""
    found = find_passage(text, snippet)
    if found is None:
        return text
    start, end = found
    before = [border.end() for border in _BLANK_LINES.finditer(text, 0, start)]
    after = _BLANK_LINES.search(text, end)
    return text[before[-1] if before else 0 : after.start() if after else None].strip()
