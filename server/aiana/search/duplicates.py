"""Near-duplicates in a ranked list: resumed sessions and repeated prompts say things twice."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, TypeVar

SIMILARITY = 0.85
"""Share of common word triples (Jaccard) from which two texts count as the same."""
_HEAD, _TAIL = 2000, 1000
_SHORT = 12
"""Texts of fewer words are the same only if all their words are."""
_WORD = re.compile(r"\w+")
_TELLING = re.compile(r"\d|[^\W\d]_|[a-z][A-Z]|\w[./:#-]\w")

T = TypeVar("T")


class _Print(NamedTuple):
    """What is compared of a text."""

    named: frozenset[str]
    """The identifiers and numbers of the query that stand in it."""
    length: int
    words: tuple[str, ...]
    triples: frozenset[tuple[str, ...]]


def collapse(
    items: Iterable[T], text_of: Callable[[T], str], limit: int, query: Sequence[str] = ()
) -> list[tuple[T, int]]:
    """The first `limit` different items, best first, each with the number folded into it.

    Texts that differ in an identifier or number among the words of `query` are never folded.
    Case, punctuation and white space make no difference; of a long text its beginning, its end
    and its length count. Each item is compared with those kept: give it the top of a ranking.
    """
    named = [word.lower() for word in query if _TELLING.search(word)]
    kept: list[T] = []
    prints: list[_Print] = []
    folded: list[int] = []
    for item in items:
        found = _print(text_of(item), named)
        size = len(found.triples)
        twin = next(
            (
                number
                for number, other in enumerate(prints)
                if SIMILARITY * size <= len(other.triples) <= size / SIMILARITY
                and _same(found, other)
            ),
            None,
        )
        if twin is not None:
            folded[twin] += 1
        elif len(kept) < limit:
            kept.append(item)
            prints.append(found)
            folded.append(0)
    return list(zip(kept, folded, strict=True))


def _print(text: str, named: list[str]) -> _Print:
    shown = text if len(text) <= _HEAD + _TAIL else f"{text[:_HEAD]} {text[-_TAIL:]}"
    words = tuple(_WORD.findall(shown.lower()))
    lower = text.lower() if named else ""
    return _Print(
        named=frozenset(name for name in named if _stands_in(name, lower)),
        length=len(text) if len(text) > len(shown) else 0,
        words=words or (text.strip(),),
        triples=frozenset(zip(words, words[1:], words[2:], strict=False)),
    )


def _stands_in(name: str, text: str) -> bool:
    """Whether `name` stands in `text` on its own: 80 does not stand in 8080."""
    at = text.find(name)
    while at >= 0:
        end = at + len(name)
        if not (text[at - 1 : at].isalnum() or text[end : end + 1].isalnum()):
            return True
        at = text.find(name, at + 1)
    return False


def _same(a: _Print, b: _Print) -> bool:
    """Whether two texts say the same, where their numbers of triples allow it."""
    if a.named != b.named or abs(a.length - b.length) > 0.02 * max(a.length, b.length):
        return False
    if a.words == b.words:
        return True
    if min(len(a.words), len(b.words)) < _SHORT:
        return False
    common = len(a.triples & b.triples)
    return common >= SIMILARITY * (len(a.triples) + len(b.triples) - common)
