"""Whether the words of a query are ones that the model can read, or letters that somebody hit."""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache

from aiana.embeddings.wordpiece import vocabulary
from aiana.storage.letters import folded

LONGEST_CRUMB = 3
"""Letters. `middleware` is read as `middle` and `ware`; `qwxzv` in pieces of one letter each."""
_LONGEST_WORD = 100


def crumbling(words: Collection[str]) -> float:
    """Share of words that fall into crumbs where the model reads them, 0..1; 0 of no words.

    Some real words do so too (`redis` is `red`, `is`), so this says something only of words that
    no text holds.
    """
    return sum(map(_crumbles, words)) / len(words) if words else 0.0


def _crumbles(word: str) -> bool:
    plain = folded(word)
    pieces = _pieces(plain)
    return plain not in pieces and max(map(len, pieces), default=0) <= LONGEST_CRUMB


def _pieces(word: str) -> list[str]:
    """WordPiece's greedy cut of one word in small letters; signs that it lacks stand alone."""
    known = _known()
    pieces = []
    word = word[:_LONGEST_WORD]
    start = 0
    while start < len(word):
        before = "##" if start else ""
        end = next(
            (end for end in range(len(word), start, -1) if before + word[start:end] in known),
            start + 1,
        )
        pieces.append(word[start:end])
        start = end
    return pieces


@lru_cache(maxsize=1)
def _known() -> frozenset[str]:
    return frozenset(vocabulary())
