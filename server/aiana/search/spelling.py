"""What was probably meant where no text holds a word of a query."""

from __future__ import annotations

import re

from msgspec.structs import replace

from aiana.search.query import Query
from aiana.search.ranking import PLACE_BITS
from aiana.search.text_index import TextIndex

_WORD = re.compile(r"[^\W\d_]{4,40}")
_TWO_SLIPS = 8
"""Letters from which on two slips are forgiven; of shorter words one is."""
_SAME_ENDS = 5
"""Up to so many letters the first and the last must be right, unless letters were only swapped:
there is a short word near any."""


def corrected(query: Query, text_index: TextIndex) -> Query:
    """The query with near words in place of those that no text holds, and a note that says so.

    It stays as it is where any of its words stands somewhere, or may be the beginning of one.
    """
    if not query.words or query.phrases or not all(map(_WORD.fullmatch, query.words)):
        return query
    terms = [tokens[0] for tokens in text_index.tokenize(query.words) if len(tokens) == 1]
    if len(terms) != len(query.words) or text_index.frequencies(terms):
        return query
    if len(text_index.documents_with(query.words[-1], prefix=True)):
        return query
    near = [_near(term, text_index) for term in terms]
    if not any(near):
        return query
    words = tuple(new or old for new, old in zip(near, query.words, strict=True))
    said = f"Nothing holds “{' '.join(query.words)}”; this is what “{' '.join(words)}” finds."
    return replace(query, words=words, notes=(*query.notes, said))


def _near(term: str, text_index: TextIndex) -> str | None:
    """The word, as a text spells it, whose stem is nearest; of two the one that more texts hold."""
    most = 2 if len(term) >= _TWO_SLIPS else 1
    best: tuple[int, int] | None = None
    nearest = None
    for other, documents in text_index.terms_like(term, most):
        swapped = sorted(other) == sorted(term)
        if len(term) <= _SAME_ENDS and other[-1] != term[-1] and not swapped:
            continue
        slips = _slips(term, other, most)
        if slips <= most and (best is None or (-slips, documents) > best):
            best, nearest = (-slips, documents), other
    return None if nearest is None else _spelt(nearest, text_index)


def _spelt(term: str, text_index: TextIndex) -> str | None:
    """A word of a text that has the term as its stem; None if only identifiers hold it."""
    keys = text_index.places(term)[:1] >> (PLACE_BITS + 1)
    for _, text in text_index.texts(keys):
        words = list(dict.fromkeys(_WORD.findall(text)))
        for word, tokens in zip(words, text_index.tokenize(words), strict=True):
            if tokens == [term]:
                return str(word).lower()
    return None


def _slips(a: str, b: str, most: int) -> int:
    """Letters that were left out, added, replaced, or swapped with their neighbour.

    The optimal string alignment distance; more than `most` where it is more.
    """
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, letter in enumerate(a, 1):
        above, before, row = before, row, [i]
        for j, other in enumerate(b, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == b[j - 2] and a[i - 2] == other:
                cost = min(cost, above[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
    return row[-1]
