"""The lane of meaning: what the vector of a query says of every text."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from aiana.search import ranking
from aiana.search.legibility import crumbling
from aiana.search.planning import Plan
from aiana.search.words import Words

if TYPE_CHECKING:
    from aiana.search.catalogue import Catalogue

LEAST_COSINE = 0.15
"""Less alike than this is chance with the default model."""
LITTLE_TIMES = 2.8
"""So many times as much (0.42) of a single word that no text holds, and of several most of which
are no words. The best text of a development query is alike by 0.37 at the least, and by 0.45 of
single words that say something; `lgtm`, `1`, `yes` find up to 0.35 among 6,000 texts, and so do
most letters hit at random."""
MOST_CRUMBLING = 0.5
"""Of the words of a query: from so many on that are no words, it says little."""
LEAST_TRUST = 0.5
"""A query of which the model can read less is left to its words."""
MOST_WHOLE = 20
"""Texts in which the whole query stands as it was typed: what more of them hold is a manner of
speaking."""


class MeaningIndex(Protocol):
    """Cosines of a query's vector with every document of a catalogue; NaN where unknown.

    An index that does not look at every document must know those that may count: the ones most
    alike of those that are `admitted`, and of the others the best by their `words` (0 for none).
    """

    def cosines(
        self,
        query: NDArray[np.float32],
        catalogue: Catalogue,
        admitted: NDArray[np.bool_],
        words: Callable[[], ranking.Floats],
    ) -> NDArray[np.float32]: ...

    def ask(self, query: NDArray[np.float32]) -> None:
        """Begin with what can be found out before the rest of `cosines` is known."""


class Meaning(Struct, frozen=True, kw_only=True):
    """What the vector of a query says of every row of a catalogue."""

    cosines: NDArray[np.float32]
    """NaN where there is no vector."""
    scores: ranking.Floats
    """See `ranking.meaning_scores`."""
    weight: float
    """Beside that of words, which is 1."""
    least: float
    """The cosine of a text that meaning finds by itself."""


def by_meaning(
    index: MeaningIndex,
    vector: NDArray[np.float32],
    catalogue: Catalogue,
    within: NDArray[np.bool_],
    words: Words,
    trust: float,
    least: float,
) -> Meaning | None:
    """What a query's vector says beside what its words said; None where nothing is embedded yet.

    `trust` is how much of the query the model can read, 0..1.
    """

    def scores_by_words() -> ranking.Floats:
        fused = ranking.fused(words.keyword, words.session, None, catalogue.alone)
        return fused * (words.keyword > 0)

    cosines = index.cosines(vector, catalogue, within, scores_by_words)
    if np.isnan(cosines).all():
        return None
    scores = ranking.meaning_scores(cosines, within)
    known = scores[within & ~np.isnan(cosines)]
    told = 0 < int(np.count_nonzero(within[words.whole])) <= MOST_WHOLE
    weight = trust * ranking.meaning_weight(words.keyword, known, told)
    return Meaning(cosines=cosines, scores=scores, weight=weight, least=least)


def demanded_times(asked: Plan, trust: float, found: bool, could_crumble: bool) -> float:
    """How many times as much alike as else a text must be beside those that words found, if any.

    Words `could_crumble` where the model reads English only and nothing holds them: those that
    texts hold outside of where is searched are words, whatever the model makes of them.
    """
    if trust < LEAST_TRUST:
        return float("inf")
    if found:
        return 1.0
    says_little = len(asked.terms) < 2 or (
        could_crumble and crumbling(asked.terms.values()) >= MOST_CRUMBLING
    )
    return LITTLE_TIMES if says_little else 1.0
