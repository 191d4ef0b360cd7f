"""Which texts hold what a query demands in quotes, and none of what it excludes."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from aiana.pattern import Pattern
from aiana.storage.letters import LETTER, folded

if TYPE_CHECKING:
    from aiana.search.catalogue import Catalogue
    from aiana.search.planning import Plan
    from aiana.search.text_index import TextIndex
    from aiana.storage.array_file import Ints

MOST_READ = 20_000
"""Texts that are read to compare the spelling of a phrase; of a commoner one, stems decide."""
MOST_WORDS = 200
"""Of a phrase that are compared."""
_LONGEST_SHOWN = 60


def fitting_rows(
    asked: Plan,
    text_index: TextIndex,
    catalogue: Catalogue,
    admitted: NDArray[np.bool_],
    colleagues: Sequence[frozenset[str]] = (),
) -> tuple[NDArray[np.bool_], list[str], list[str]]:
    """The rows that hold what is demanded and nothing that is excluded; what is demanded; notes.

    A phrase that none of the `admitted` rows and none of the `colleagues`' texts holds, of which
    the phrases are given that they hold, is demanded only where nothing else is asked.
    """
    stored = len(catalogue)
    rows = np.ones(stored + len(colleagues), bool)
    admitted = np.concatenate([admitted, rows[stored:]])
    for text in asked.excluded:
        rows[catalogue.present(text_index.documents_with(text))] = False
    if not asked.required:
        return rows[:stored], [], []
    notes = []
    holding = {}
    for phrase in asked.required:
        held = np.zeros(len(rows), bool)
        held[catalogue.present(_holding(phrase, text_index))] = True
        held[stored:] = [phrase in text for text in colleagues]
        holding[phrase] = held
        if not (held & rows & admitted).any():
            outside = int(np.count_nonzero(held & rows))
            notes.append(_nowhere(phrase, outside, dropped=asked.has_words))
    if asked.has_words:
        holding = {p: held for p, held in holding.items() if (held & rows & admitted).any()}
    together = _all_of(list(holding.values()), rows)
    if asked.has_words and holding and not (together & admitted).any():
        notes.append("No text holds all that is in quotes; texts with some of it are shown.")
        return rows[:stored], [], notes
    return together[:stored], list(holding), notes


def _all_of(masks: Sequence[NDArray[np.bool_]], rows: NDArray[np.bool_]) -> NDArray[np.bool_]:
    together = rows.copy()
    for mask in masks:
        together &= mask
    return together


def phrases_in(
    texts: Sequence[str], phrases: Sequence[str], text_index: TextIndex
) -> list[frozenset[str]]:
    """Which of the phrases stand in each of some texts that are not stored here."""
    held: list[set[str]] = [set() for _ in texts]
    for phrase in phrases:
        stands = exactly(phrase)
        for place in text_index.matching(texts, phrase):
            if stands.search(folded(texts[place])):
                held[place].add(phrase)
    return [frozenset(each) for each in held]


def _nowhere(phrase: str, outside: int, dropped: bool) -> str:
    shown = phrase if len(phrase) <= _LONGEST_SHOWN else phrase[:_LONGEST_SHOWN] + "…"
    where = f" within the restrictions, though in {outside:,} outside them" if outside else ""
    then = "its words count all the same" if dropped else "leave out the quotes to find its words"
    return f'"{shown}" stands in no text{where}: {then}.'


def _holding(phrase: str, text_index: TextIndex) -> Ints:
    """Keys of the texts in which a phrase stands as it is spelt."""
    keys = text_index.documents_with(phrase)
    if not len(keys) or len(keys) > MOST_READ:
        return keys
    return text_index.remembered(("exactly", phrase), lambda: _spelt(phrase, keys, text_index))


def _spelt(phrase: str, keys: Ints, text_index: TextIndex) -> Ints:
    stands = exactly(phrase)
    found = [key for key, text in text_index.texts(keys) if stands.search(folded(text))]
    return np.array(found, np.int64)


def spelt_as(name: str, keys: Ints, text_index: TextIndex) -> tuple[Ints, Ints]:
    """Those of the texts in which a name stands by itself: in any case, and as it is typed."""

    def found() -> list[tuple[int, bool]]:
        spellings = _spellings(name)
        matches = [(key, spellings(text)) for key, text in text_index.texts(keys)]
        return [(key, name in spelt) for key, spelt in matches if spelt]

    spelt = text_index.remembered(("name", name), found)
    folded = np.array([key for key, _ in spelt], np.int64)
    return folded, np.array([key for key, exact in spelt if exact], np.int64)


def _spellings(name: str) -> Callable[[str], set[str]]:
    """What tells how a name is spelt where it stands by itself in a text."""
    escaped = re.escape(name.lower())
    whole = Pattern(rf"(?<!\w){re.escape(name)}(?!\w)", re.IGNORECASE)
    # Letters that it may begin with are looked for first, which is several times faster.
    plain = Pattern(rf"{escaped}(?<!\w{escaped})(?!\w)")

    def spellings(text: str) -> set[str]:
        if name.isascii() and text.isascii():
            return {text[slice(*match.span())] for match in plain.finditer(text.lower())}
        return {match[0] for match in whole.finditer(text)}

    return spellings


def exactly(phrase: str) -> re.Pattern[str]:
    """What finds a phrase in folded text: whole words, any white space between them."""
    words = folded(phrase).split()[:MOST_WORDS]
    between = re.compile(LETTER)
    before = f"(?<!{LETTER})" if words and between.match(words[0][0]) else ""
    after = f"(?!{LETTER})" if words and between.match(words[-1][-1]) else ""
    return re.compile(before + r"\s+".join(map(re.escape, words)) + after)
