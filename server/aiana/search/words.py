"""The lane of words: what the terms, pairs and phrases of a query say of every text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from aiana.search import ranking
from aiana.search.catalogue import run_starts
from aiana.search.phrases import spelt_as
from aiana.search.planning import Phrase, Plan
from aiana.search.ranking import Hits

if TYPE_CHECKING:
    from aiana.search.catalogue import Catalogue
    from aiana.search.text_index import TextIndex

MOST_PLACES = 8_000
"""Places of terms that are read, rarest terms first; of the others only which texts hold them."""
MOST_DOCUMENTS = 40_000
"""Documents of the more common terms that are read; what is commoner than that says nothing."""
MOST_LITERAL = 1_000
"""Texts that are read to compare the spelling of an identifier."""
LEAST_BEGINNING = 3
"""Letters from which a half-typed word counts beside others: most texts hold some `co…`."""


class Words(Struct, frozen=True, kw_only=True):
    """What the words of a query say of every row of a catalogue; 0 where they say nothing."""

    keyword: ranking.Floats
    """How well they fit the text."""
    session: ranking.Floats
    """How well they fit the session that it is of."""
    spelt: ranking.Floats
    """How the names that are all that was asked for are spelt; see `ranking.named_first`."""
    whole: ranking.Rows
    """The rows in which the whole query stands as it was typed."""

    @classmethod
    def none(cls, catalogue: Catalogue) -> Words:
        """Where words are not asked."""
        nothing = np.zeros(len(catalogue), np.float32)
        whole = np.empty(0, np.int32)
        return cls(keyword=nothing, session=nothing, spelt=nothing, whole=whole)

    def within(self, rows: NDArray[np.bool_]) -> Words:
        """What counts among some rows, the best of which has 1."""
        return replace(
            self,
            keyword=ranking.normalised(self.keyword * rows),
            session=ranking.normalised(self.session * rows),
        )


def by_words(asked: Plan, text_index: TextIndex, catalogue: Catalogue) -> Words:
    """What the words of a query say of every text."""
    if not len(catalogue):
        return Words.none(catalogue)
    spelt = np.zeros(len(catalogue), np.float32)
    hits, whole = _hits(asked, text_index, catalogue, spelt)
    keyword = ranking.keyword_scores(hits, catalogue.norms)
    keyword *= catalogue.weights
    session = ranking.session_scores(
        hits, catalogue.session_numbers, catalogue.session_sizes, catalogue.spoken
    )
    return Words(keyword=keyword, session=session, spelt=spelt, whole=whole)


def _hits(
    asked: Plan, text_index: TextIndex, catalogue: Catalogue, spelt: ranking.Floats
) -> tuple[list[Hits], ranking.Rows]:
    """What the index knows of the terms, their pairs, and the phrases of a query.

    Behind it the rows that hold a phrase which is the whole query.
    Where only names are asked for, `spelt` becomes what `named_first` takes.
    """
    frequencies = text_index.frequencies([*asked.terms, *asked.parts])
    places: dict[str, NDArray[np.int64]] = {}
    hits: list[Hits] = []
    places_left, documents_left = MOST_PLACES, MOST_DOCUMENTS
    for term in sorted(frequencies, key=lambda term: frequencies[term][1]):
        documents, occurrences = frequencies[term]
        weight = 1.0 if term in asked.terms else ranking.PART_WEIGHT
        if occurrences <= places_left:
            places_left -= occurrences
            places[term] = text_index.places(term)
            hits.append(_hits_at(places[term], catalogue, weight, is_term=True))
        elif not hits or documents <= documents_left:
            documents_left -= documents
            keys = text_index.documents_with(asked.terms.get(term, term))
            hits.append(_hits_in(keys, catalogue, weight, is_term=True))
    for sign in asked.signs:
        hits.append(_hits_in(text_index.documents_with(sign), catalogue, 1.0, is_term=True))
    least = LEAST_BEGINNING if hits else 2
    hits += _beginnings(asked, text_index, catalogue, frequencies, least)
    for pair in asked.pairs:
        if pair.first in places and pair.second in places:
            met = ranking.next_to(places[pair.first], places[pair.second], pair.gap)
            hits.append(_hits_at(met, catalogue, ranking.PAIR_WEIGHT))
    names = max(1, sum(phrase.literal for phrase in asked.phrases))
    whole = np.empty(0, np.int32)
    for phrase in asked.phrases:
        found, folded, exact = _phrase_hits(phrase, text_index, catalogue)
        hits += found
        if phrase.share == 1 and phrase.tokens > 1:
            whole = found[0].rows
        if asked.only_names:
            spelt[folded] += 1 / names
            spelt[exact] += 1 / names
    return [hit for hit in hits if len(hit.rows)], whole


def _hits_at(
    places: NDArray[np.int64], catalogue: Catalogue, weight: float, is_term: bool = False
) -> Hits:
    keys = places >> (ranking.PLACE_BITS + 1)
    starts = run_starts(keys)
    ends = np.concatenate((starts[1:], [len(keys)]))[: len(starts)]
    counts = (ends - starts).astype(np.float32)
    rows = catalogue.rows(keys[starts])
    known = rows >= 0
    return Hits(rows[known], counts[known], weight, is_term)


def _hits_in(
    keys: NDArray[np.int64], catalogue: Catalogue, weight: float, is_term: bool = False
) -> Hits:
    rows = catalogue.present(keys)
    return Hits(rows, np.ones(len(rows), np.float32), weight, is_term)


def _beginnings(
    asked: Plan,
    text_index: TextIndex,
    catalogue: Catalogue,
    frequencies: dict[str, tuple[int, int]],
    least: int,
) -> list[Hits]:
    """What begins with the last word, if nothing holds it as it stands: it is still being typed."""
    word = asked.last_word
    terms = [term for term, spelling in asked.terms.items() if spelling == word]
    if len(word) < least or not terms or terms[0] in frequencies:
        return []
    return [_hits_in(text_index.documents_with(word, prefix=True), catalogue, 1.0, is_term=True)]


def _phrase_hits(
    phrase: Phrase, text_index: TextIndex, catalogue: Catalogue
) -> tuple[list[Hits], ranking.Rows, ranking.Rows]:
    """Where a phrase stands; of a name also the rows where it is spelt so, but for case or not."""
    none = np.empty(0, np.int32)
    keys = text_index.documents_with(phrase.text)
    share = phrase.share**2
    hits = []
    if phrase.tokens > 1:
        weight = ranking.PHRASE_WEIGHT * phrase.tokens * share
        hits.append(_hits_in(keys, catalogue, weight))
    if not phrase.literal or not 0 < len(keys) <= MOST_LITERAL:
        return hits, none, none
    folded, exact = spelt_as(phrase.text, keys, text_index)
    hits.append(_hits_in(folded, catalogue, ranking.LITERAL_WEIGHT * share))
    return hits, catalogue.present(folded), catalogue.present(exact)
