"""Where the text of an edit stands in a file as it is now: surely, or nowhere."""

from __future__ import annotations

import bisect
from collections import defaultdict
from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

_TELLING = 9
"""Letters and digits of a line that can be known by itself where it stands once."""
_LEAST_RUN = 3
"""Lines side by side by which a line is known that says little, or that stands in many places."""
_LIKE = 0.8
"""How alike a line and what became of it are at least, by the letters that they share in order."""
_MOST_PLACES = 50
_MOST_COMPARED = 2000
"""Lines of an edit; comparing may take the square of them."""


class Lines:
    """A text by its lines, as they are compared: without white space, empty ones left out."""

    def __init__(self, text: str) -> None:
        self.texts: list[str] = []
        self.numbers: list[int] = []
        """Of each line, from 1, in the text."""
        self.places: dict[str, list[int]] = defaultdict(list)
        for number, line in enumerate(text.split("\n"), 1):
            if bare := bare_line(line):
                self.places[bare].append(len(self.texts))
                self.texts.append(bare)
                self.numbers.append(number)

    def __len__(self) -> int:
        return len(self.texts)

    def between(self, number: int, count: int) -> list[str]:
        """What stands in so many lines of the text from one on, by its number."""
        begin = bisect.bisect_left(self.numbers, number)
        return self.texts[begin : bisect.bisect_left(self.numbers, number + count)]


def bare_line(line: str) -> str:
    """A line without white space, as `git blame -w` compares it."""
    return "".join(line.split())


def is_telling(bare: str) -> bool:
    """Whether a line says enough to be known by itself."""
    return sum(map(str.isalnum, bare)) >= _TELLING


def added_lines(old: Lines, new: Lines) -> set[int]:
    """Which lines of a new text are not taken over from the old one."""
    if not old.texts:
        return set(range(len(new)))
    if len(old) + len(new) > _MOST_COMPARED:
        return {place for place, text in enumerate(new.texts) if text not in old.places}
    kept = SequenceMatcher(None, old.texts, new.texts, autojunk=False).get_matching_blocks()
    same = {block.b + step for block in kept for step in range(block.size)}
    # What only moved within the text was there before.
    return {place for place in range(len(new)) if place not in same}


def place_of(line: int, edit: Lines, file: Lines) -> int | None:
    """Where a line of an edit's text stands in a file; None where that is not sure.

    A telling line that stands once in both is known by itself. Any other is known by its
    neighbours: by more of them than at any other place, and by three lines or all of the edit, one
    of which is telling; or where the edit is the whole file.
    """
    text = edit.texts[line]
    places = file.places.get(text, [])
    if not 0 < len(places) <= _MOST_PLACES:
        return None
    if len(places) == 1 and len(edit.places[text]) == 1 and is_telling(text):
        return places[0]
    runs = [_run(line, edit, place, file) for place in places]
    run = max(runs, key=lambda each: each.length)
    if sum(each.length == run.length for each in runs) > 1:
        return None
    if 1 < run.length == len(edit) == len(file):
        return run.place
    if not any(is_telling(near) for near in edit.texts[run.start : run.stop]):
        return None
    is_enough = run.length >= _LEAST_RUN or 1 < run.length == len(edit)
    return run.place if is_enough else None


class _Run(NamedTuple):
    """Lines of an edit that stand in the same order in a file."""

    start: int
    stop: int
    place: int
    """Where the line that was asked about stands in the file."""

    @property
    def length(self) -> int:
        return self.stop - self.start


def _run(line: int, edit: Lines, place: int, file: Lines) -> _Run:
    first = last = 0
    while _same(line + first - 1, edit, place + first - 1, file):
        first -= 1
    while _same(line + last + 1, edit, place + last + 1, file):
        last += 1
    return _Run(line + first, line + last + 1, place)


def _same(line: int, edit: Lines, place: int, file: Lines) -> bool:
    within = 0 <= line < len(edit) and 0 <= place < len(file)
    return within and edit.texts[line] == file.texts[place]


def likest(bare: str, among: Sequence[str]) -> int | None:
    """Which of some lines became this one: the likest, or the one that it is a piece of."""
    best, found = _LIKE, None
    for place, other in enumerate(among):
        if len(other) > 400 or len(bare) > 400:
            continue
        piece, whole = sorted((bare, other), key=len)
        if _letters(bare) == _letters(other):
            return place
        inside = is_telling(piece) and piece.rstrip(",;)") in whole
        ratio = 0.95 if inside else SequenceMatcher(None, other, bare, autojunk=False).ratio()
        if ratio > best:
            best, found = ratio, place
    return found


def _letters(bare: str) -> str:
    return "".join(filter(str.isalnum, bare))
