"""The part of a long text that shows best why it was found, and where the query stands in it.

FTS5's own `highlight()` is no substitute: it marks no parts of identifiers, and no text that is not
stored here.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from functools import lru_cache
from math import log2
from typing import NamedTuple

from aiana.pattern import Pattern
from aiana.text import one_line

ELLIPSIS = "…"
_MAX_NEEDLES = 32
_MAX_OCCURRENCES = 150
"""A word more frequent than this is only looked for near the rarer ones."""
_NEIGHBOURHOOD = 250
_SENTENCE_END = Pattern(r"(?:\n|[.!?;:]\s|[。！？])\s*")
_WORDS = re.compile(r"[^\W_]+")
_HUMPS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|[^\W_A-Za-z0-9]+")
# Longest first; what is left must keep three letters.
_SUFFIXES = re.findall(
    r"\w+",
    """izations ization ational ations ating ated ation ators ator ities ments ment ness ably ings
    ing ions ion ers ity ied ies ate ive ed es er ly al s e y i""",
)
_ACCENTED = Pattern("[\xc0-\u052f\u1e00-\u1fff]")  # Latin, Greek and Cyrillic
_VOWEL = re.compile("[aeiouy]")
_FUNCTION_WORDS = frozenset(
    re.findall(
        r"\w+",
        """a an and are as at be but by can did do does for from had has have how i if in is it its
        me my of on or our so that the their them then there this to was we were what when where
        which who why will with you your""",
    )
)


class _Needle(NamedTuple):
    """One thing to look for in folded text."""

    term: int
    """Needles of one term (the whole and its parts) count as one when windows are compared."""
    start: str
    """The letters that every match starts with."""
    stem: str
    """A match ends where a word with this stem ends; empty: `start` is matched as it stands."""
    weight: float
    pattern: re.Pattern[str] | None = None
    """A phrase: words with anything but words between them."""


class _Match(NamedTuple):
    start: int
    end: int
    needle: int


def snippet(
    content: str, terms: Sequence[str], phrases: Sequence[str], max_chars: int = 240
) -> tuple[str, list[tuple[int, int]]]:
    """At most `max_chars` characters of `content` on one line, and the matches in them.

    Matches are sorted [start, end) ranges in UTF-16 code units that do not overlap. Case and
    diacritics do not matter; words match by a light English stem, which knows fewer endings than
    the index's Porter stemmer: it may leave a match unmarked, and chooses no hit. An identifier is
    matched whole, or in its parts. Without a match the text starts at its first telling line.
    """
    needles = _needles(tuple(terms), tuple(phrases))
    matches = _matches(content, needles)
    start = _window_start(content, needles, matches, max_chars)
    text = _cut(content, start, max_chars)
    return text, _utf16(text, _matches(text, needles))


# The hits of one search share their needles, and many words of texts their stems.
@lru_cache(maxsize=16)
def _needles(terms: tuple[str, ...], phrases: tuple[str, ...]) -> list[_Needle]:
    needles: list[_Needle] = []
    for phrase in phrases:
        words = _WORDS.findall(_fold(phrase))
        if words:
            pattern = re.compile(r"[\W_]{1,8}".join(words) + r"(?![^\W_])")
            needles.append(_Needle(len(needles), words[0], "", 4.0, pattern))
    telling = [term for term in terms if term.lower() not in _FUNCTION_WORDS]
    for number, term in enumerate(telling or terms, len(needles)):
        needles.extend(_needles_of(number, term.strip("\"'`.,;:!?()[]{}")))
    return needles[:_MAX_NEEDLES]


def _needles_of(number: int, term: str) -> Iterator[_Needle]:
    """The whole term first, then its parts where it is made of several."""
    parts = list(dict.fromkeys(_fold(part) for part in _HUMPS.findall(term)))
    whole = _fold(term)
    if not whole:
        return
    if not whole.isalnum() or whole.upper() == whole:  # `foo-bar`, and scripts without word borders
        yield _Needle(number, whole, "", 2.0)
    else:
        parts = [whole, *(part for part in parts if part != whole)]
    for part in parts:
        stem = _stem(part)
        share = 1.0 if part == whole else 0.5
        if len(part) > 1 or part == whole:
            yield _Needle(number, stem, stem, share * (0.5 + min(len(part), 12) / 8))


def _matches(content: str, needles: list[_Needle]) -> list[_Match]:
    """Where the needles stand in `content`, by position; of overlapping ones the first given."""
    folded = _fold(content)
    counts = [folded.count(needle.start) for needle in needles]
    found: list[_Match] = []
    for index in sorted(range(len(needles)), key=counts.__getitem__):
        if counts[index] <= _MAX_OCCURRENCES or not found:
            areas = [(0, len(folded))]
        else:
            areas = _around(found)
        for area in areas:
            found.extend(_occurrences(content, folded, needles[index], index, area))
    found.sort(key=lambda match: (match.needle, match.start))
    return _without_overlaps(found)


def _around(matches: list[_Match]) -> list[tuple[int, int]]:
    """The neighbourhood of the first and rarest matches, as areas that do not overlap."""
    areas: list[tuple[int, int]] = []
    for match in sorted(matches[:_MAX_OCCURRENCES]):
        area = (max(0, match.start - _NEIGHBOURHOOD), match.end + _NEIGHBOURHOOD)
        if areas and area[0] <= areas[-1][1]:
            areas[-1] = (areas[-1][0], max(area[1], areas[-1][1]))
        else:
            areas.append(area)
    return areas


def _occurrences(
    content: str, folded: str, needle: _Needle, index: int, area: tuple[int, int]
) -> Iterator[_Match]:
    if needle.pattern:
        for number, match in enumerate(needle.pattern.finditer(folded, *area)):
            if number == _MAX_OCCURRENCES:
                return
            if not match.start() or not folded[match.start() - 1].isalnum():
                yield _Match(*match.span(), index)
        return
    position, end = area
    for _ in range(_MAX_OCCURRENCES):
        position = folded.find(needle.start, position, end)
        if position < 0:
            return
        stop = _match_end(content, folded, needle, position)
        if stop:
            yield _Match(position, stop, index)
        position = stop or position + 1


def _match_end(content: str, folded: str, needle: _Needle, start: int) -> int:
    """Where the word at `start` ends, if it is one that the needle means; else 0."""
    if not needle.stem:
        return start + len(needle.start)
    before = content[start - 1] if start else " "
    if before.isalnum() and not (content[start].isupper() and not before.isupper()):
        hump = content[start : start + 2]
        if not (hump[:1].isupper() and hump[1:].islower()):  # `HTTPServer` is HTTP and Server
            return 0
    word = _WORDS.match(content, start, start + 64)
    if not word:
        return 0
    if _stem(folded[start : word.end()]) == needle.stem:
        return word.end()
    part = _HUMPS.match(content, start, word.end())
    if part and _stem(folded[start : part.end()]) == needle.stem:
        return part.end()
    return 0


def _without_overlaps(matches: list[_Match]) -> list[_Match]:
    """`matches` by position; where two overlap, the one that stands first in the list stays."""
    kept: list[_Match] = []
    starts: list[int] = []
    for match in matches:
        at = bisect_left(starts, match.start)
        if at and kept[at - 1].end > match.start:
            continue
        if at < len(kept) and kept[at].start < match.end:
            continue
        starts.insert(at, match.start)
        kept.insert(at, match)
    return kept


def _window_start(
    content: str, needles: list[_Needle], matches: list[_Match], max_chars: int
) -> int:
    """Where the text that covers the most, and rarest, of the terms should start."""
    if not matches:
        return _first_telling_line(content)
    frequency: dict[int, int] = {}
    for match in matches:
        frequency[match.needle] = frequency.get(match.needle, 0) + 1
    weights = {n: needles[n].weight / (1 + log2(count)) for n, count in frequency.items()}
    first, last, best = matches[0], matches[0], -1.0
    right = 0
    for left, match in enumerate(matches):
        right = max(right, left)
        while right + 1 < len(matches) and matches[right + 1].end - match.start <= max_chars * 0.8:
            right += 1
        window = matches[left : min(right, left + 24) + 1]
        score = _score(window, needles, weights, max_chars)
        if score > best:
            first, last, best = window[0], window[-1], score
    return _border_before(content, first.start, max_chars - (last.end - first.start))


def _score(
    window: list[_Match], needles: list[_Needle], weights: dict[int, float], max_chars: int
) -> float:
    """Each term counts once, by its best needle; repetition and closeness break ties."""
    of_term: dict[int, float] = {}
    for match in window:
        term = needles[match.needle].term
        of_term[term] = max(of_term.get(term, 0.0), weights[match.needle])
    spread = (window[-1].end - window[0].start) / (max_chars + 1)
    return sum(of_term.values()) + 0.02 * min(len(window), 8) - 0.1 * spread


def _border_before(content: str, position: int, slack: int) -> int:
    """A good place to start so that `position` is shown with some of what leads to it."""
    lead = max(0, slack) * 2 // 3
    earliest = max(0, position - lead)
    if earliest == 0:
        return 0
    borders = [match.end() for match in _SENTENCE_END.finditer(content, earliest, position)]
    if borders:
        return borders[0]
    earliest = max(0, position - lead // 2)
    space = content.find(" ", earliest, position)
    return space + 1 if space >= 0 else earliest


def _first_telling_line(content: str) -> int:
    """The first line near the beginning that says something: three words or more."""
    position = 0
    head = content[:4000]
    for line in head.splitlines(keepends=True):
        if len(_WORDS.findall(line)) >= 3 and not line.lstrip().startswith(("#", "```", "---")):
            return position
        position += len(line)
    return len(head) - len(head.lstrip()) if head.strip() else 0


def _cut(content: str, start: int, max_chars: int) -> str:
    """One clean line of at most `max_chars` characters from `start`, with its cuts marked."""
    lead = ELLIPSIS if content[:start].strip() else ""
    window = one_line(content[start : start + 4 * max_chars])
    room = max(0, max_chars - len(lead))
    if len(window) <= room and start + 4 * max_chars >= len(content):
        return lead + window
    room = max(0, room - len(ELLIPSIS))
    cut = window[:room]
    if len(window) > room:
        border = cut.rfind(" ")
        cut = cut[:border] if border > room * 2 // 3 else cut
    return (lead + cut.rstrip() + ELLIPSIS)[:max_chars]


def _utf16(text: str, matches: list[_Match]) -> list[tuple[int, int]]:
    """Ranges in code points as ranges in UTF-16 code units; marks belong to their letter."""
    ranges: list[tuple[int, int]] = []
    position = units = 0
    for match in sorted(matches):
        end = match.end
        while end < len(text) and unicodedata.combining(text[end]):
            end += 1
        units += _units(text[position : match.start])
        length = _units(text[match.start : end])
        ranges.append((units, units + length))
        position, units = end, units + length
    return ranges


def _units(text: str) -> int:
    return len(text) + sum(character > "\uffff" for character in text)


def _fold(text: str) -> str:
    """Lower case without diacritics, character by character: positions stay what they were."""
    if text.isascii():
        return text.lower()
    text = text.replace("İ", "I").lower()
    for character in set(_ACCENTED.findall(text)):
        base = unicodedata.normalize("NFD", character)
        if all(map(unicodedata.combining, base[1:])):
            text = text.replace(character, base[0])
    return text


@lru_cache(maxsize=10_000)
def _stem(word: str) -> str:
    """`word` (folded) without its English ending: fixing, fixed and fixes are fix."""
    if not word.isascii():
        return word
    for suffix in _SUFFIXES:
        rest = word[: -len(suffix)]
        if word.endswith(suffix) and len(rest) >= 3 and _VOWEL.search(rest):
            word = word if suffix == "s" and rest[-1] == "s" else rest
            break
    if word[-1:] in "iey" and len(word) > 3:
        word = word[:-1]
    if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "aeiouslz":
        word = word[:-1]
    return word
