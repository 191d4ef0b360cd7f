"""Search: the lanes of words and of meaning, fused into one ranking."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from aiana.models import Lane, Mode, SearchFilter, SearchReasons
from aiana.search import ranking
from aiana.search.catalogue import run_starts
from aiana.search.legibility import crumbling
from aiana.search.phrases import fitting_rows, spelt_as
from aiana.search.planning import Phrase, Plan, plan
from aiana.search.query import Query
from aiana.search.ranked import Ranked, RankedRows
from aiana.search.ranking import Hits

if TYPE_CHECKING:
    from aiana.search.catalogue import Catalogue
    from aiana.search.text_index import TextIndex

MOST_RANKED = 300
"""Hits that a search gives at most: fifteen pages."""
MOST_BY_MEANING = 200
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
MOST_PLACES = 8_000
"""Places of terms that are read, rarest terms first; of the others only which texts hold them."""
MOST_DOCUMENTS = 40_000
"""Documents of the more common terms that are read; what is commoner than that says nothing."""
MOST_LITERAL = 1_000
"""Texts that are read to compare the spelling of an identifier."""
MOST_WHOLE = 20
"""Texts in which the whole query stands as it was typed: what more of them hold is a manner of
speaking."""
MOST_BY_TIME = 200
MOST_EMBEDDED_CHARS = 2_000
"""Of a query: two or three windows of the model; a pasted log says what it is about before."""
LEAST_BEGINNING = 3
"""Letters from which a half-typed word counts beside others: most texts hold some `co…`."""


_NO_TIME = np.datetime64("NaT").astype(np.int64)


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


class Outside(Struct, frozen=True, kw_only=True):
    """What the restrictions of a request leave out."""

    messages: int
    memories: int
    matches: int | None = None
    """Texts among them that match by their words; None where that was not looked for."""


class Ranking(Struct, frozen=True, kw_only=True):
    """What a search found, best first, and what it looked at."""

    hits: Sequence[Ranked]
    lanes: list[Lane]
    """The lanes that answered."""
    messages: int
    memories: int
    total: int | None = None
    """Texts that match by their words, or by the filter alone; None if only meaning found them."""
    outside: Outside
    demanded: list[str]
    """The phrases that every hit must hold."""
    notes: list[str]
    """What of the query could not be done as it was put; sentences for a person."""
    reasons: SearchReasons | None = None
    """Where the request asks for them; then hits carry theirs, too."""


class Request(Struct, frozen=True, kw_only=True):
    """A parsed query, where to look, by which lanes; recency counts from `now`."""

    query: Query
    filter: SearchFilter
    mode: Mode = "hybrid"
    reads_english_only: bool = False
    """The model knows little of scripts without blanks: there, words decide."""
    least_cosine: float = LEAST_COSINE
    now: datetime
    colleagues: Sequence[frozenset[str]] = ()
    """Texts of others that are shown beside the hits: which phrases of the query each holds."""
    explain: bool = False


def search(
    request: Request,
    text_index: TextIndex,
    vector_index: MeaningIndex | None = None,
    embed_query: Callable[[str], NDArray[np.float32]] | None = None,
) -> Ranking:
    """The best documents among those that the request's filter lets through, best first.

    Without an index of vectors and a way to embed the query, words alone decide. A query that
    only restricts is answered with the newest documents.
    """
    query = request.query
    with text_index.database.reading():
        catalogue = text_index.catalogue()
        admitted = _admitted(request, text_index, catalogue)
        lanes: list[Lane] = []
        hits: Sequence[Ranked] = ()
        notes: list[str] = []
        demanded: list[str] = []
        total = matches = reasons = None
        if query.words or query.phrases:
            asked = plan(query, text_index.tokenize)
            fitting, demanded, notes = fitting_rows(
                asked, text_index, catalogue, admitted, request.colleagues
            )
            within = fitting & admitted
            keyword = session = spelt = np.zeros(len(catalogue), np.float32)
            whole = np.empty(0, np.int32)
            vector = None
            if request.mode != "keyword" and vector_index is not None and embed_query is not None:
                vector = embed_query(query.text[:MOST_EMBEDDED_CHARS])
                vector_index.ask(vector)
            if request.mode != "semantic":
                keyword, session, spelt, whole = _by_words(asked, text_index, catalogue)
                matches = int(np.count_nonzero(keyword[fitting & ~admitted]))
                keyword = ranking.normalised(keyword * within)
                session = ranking.normalised(session * within)
                total = int(np.count_nonzero(keyword))
                lanes.append("keyword")
            cosines = meaning = None
            weight = 0.0
            if vector is not None and vector_index is not None:

                def words() -> ranking.Floats:
                    return ranking.fused(keyword, session, None, catalogue.alone) * (keyword > 0)

                cosines = vector_index.cosines(vector, catalogue, within, words)
                if np.isnan(cosines).all():  # nothing is embedded yet: meaning did not answer
                    cosines = None
                else:
                    lanes.append("semantic")
            trust = 1.0 - asked.foreign if request.reads_english_only else 1.0
            least = request.least_cosine
            if request.mode == "hybrid":
                could_crumble = request.reads_english_only and not matches
                least *= _demanded(asked, trust, bool(keyword.any()), could_crumble)
            if cosines is not None:
                meaning = ranking.meaning_scores(cosines, within)
                known = meaning[within & ~np.isnan(cosines)]
                told = 0 < int(np.count_nonzero(within[whole])) <= MOST_WHOLE
                weight = trust * ranking.meaning_weight(keyword, known, told)
            rows, scores, alike = _fuse(
                catalogue, keyword, session, meaning, cosines, within, spelt, weight, least
            )
            thoughts = catalogue.present(text_index.thoughts())
            unweighed, scores = scores, ranking.with_thoughts(scores, thoughts)
            recent = _recency(catalogue.times[rows], request.now)
            seen: dict[Lane, tuple[NDArray[np.bool_], NDArray[np.float32]]] = {
                "keyword": (keyword > 0, np.where(keyword > 0, keyword, np.nan))
            }
            if cosines is not None:
                seen["semantic"] = (alike, cosines)
            hits = _ranked(rows, scores, recent, catalogue, seen)
            if request.explain:
                from aiana.search.explaining import explained

                whys, reasons = explained(
                    hits,
                    asked,
                    text_index,
                    catalogue,
                    keyword=keyword,
                    session=session,
                    meaning=meaning,
                    cosines=cosines,
                    within=within,
                    spelt=spelt,
                    steps=(unweighed, scores),
                    weight=weight,
                    least=least,
                )
                hits = [replace(hit, why=why) for hit, why in zip(hits, whys, strict=True)]
        elif query.is_filter_only:
            hits = _newest(catalogue, admitted)
            total = int(np.count_nonzero(admitted))
    messages, memories = _counts(catalogue, admitted)
    left_out = _counts(catalogue, ~admitted)
    return Ranking(
        hits=hits,
        lanes=lanes,
        messages=messages,
        memories=memories,
        total=total or (None if hits else total),
        outside=Outside(messages=left_out[0], memories=left_out[1], matches=matches),
        demanded=demanded,
        notes=notes,
        reasons=reasons,
    )


def _admitted(request: Request, text_index: TextIndex, catalogue: Catalogue) -> NDArray[np.bool_]:
    """The rows that the request's filter lets through and none of its exclusions names."""
    rows = text_index.admitted(request.filter, catalogue)
    for excluded in request.query.without:
        rows &= ~text_index.admitted(excluded, catalogue)
    return rows


def _counts(catalogue: Catalogue, rows: NDArray[np.bool_]) -> tuple[int, int]:
    """How many of the rows are messages, and how many memories."""
    memories = int(np.count_nonzero(rows[: catalogue.memories]))
    return int(np.count_nonzero(rows)) - memories, memories


def _by_words(
    asked: Plan,
    text_index: TextIndex,
    catalogue: Catalogue,
) -> tuple[ranking.Floats, ranking.Floats, ranking.Floats, ranking.Rows]:
    """Scores of the words in each text, of the words in its session, and how names are spelt.

    Behind them the rows in which the whole query stands as it was typed.
    """
    spelt = np.zeros(len(catalogue), np.float32)
    if not len(catalogue):
        return spelt, spelt, spelt, np.empty(0, np.int32)
    hits, whole = _hits(asked, text_index, catalogue, spelt)
    keyword = ranking.keyword_scores(hits, catalogue.norms)
    keyword *= catalogue.weights
    session = ranking.session_scores(
        hits, catalogue.session_numbers, catalogue.session_sizes, catalogue.spoken
    )
    return keyword, session, spelt, whole


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


def _demanded(asked: Plan, trust: float, found: bool, could_crumble: bool) -> float:
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


def _fuse(
    catalogue: Catalogue,
    keyword: ranking.Floats,
    session: ranking.Floats,
    meaning: ranking.Floats | None,
    cosines: NDArray[np.float32] | None,
    admitted: NDArray[np.bool_],
    spelt: ranking.Floats,
    weight: float,
    least: float,
) -> tuple[NDArray[np.int64], ranking.Floats, NDArray[np.bool_]]:
    """The rows that either lane found, best first, the scores of all rows, and what is alike."""
    alike = np.zeros(len(catalogue), bool)
    if cosines is not None:
        close = admitted & (cosines >= least)
        alike[_best(cosines, close, MOST_BY_MEANING)] = True
    if cosines is not None and not keyword.any():
        scores = np.nan_to_num(cosines)
    else:
        scores = ranking.fused(keyword, session, meaning, catalogue.alone, weight)
        if spelt.any():
            scores = ranking.named_first(scores, spelt * (keyword > 0))
    return _best(scores, (keyword > 0) | alike, MOST_RANKED), scores, alike


def _ranked(
    rows: NDArray[np.int64],
    scores: ranking.Floats,
    recent: ranking.Floats,
    catalogue: Catalogue,
    lanes: dict[Lane, tuple[NDArray[np.bool_], ranking.Floats]],
) -> Sequence[Ranked]:
    """Rows as hits, those that are new a little before those that are not."""
    final = ranking.with_recency(ranking.within_bounds(scores[rows]), recent)
    order = np.argsort(-final, kind="stable")
    rows = rows[order]
    seen = {
        lane: (held[rows], np.clip(values[rows], 0, 1)) for lane, (held, values) in lanes.items()
    }
    return RankedRows(catalogue.keys[rows], final[order], recent[order], seen)


def _best(scores: NDArray[np.float32], among: NDArray[np.bool_], most: int) -> NDArray[np.int64]:
    """The rows with the greatest scores among some, greatest first, equal ones in order."""
    rows = np.flatnonzero(among)
    if len(rows) > most:
        least = np.partition(scores[rows], -most)[-most]
        rows = rows[scores[rows] >= least]
    return rows[np.argsort(-scores[rows], kind="stable")][:most]


def _recency(times: NDArray[np.int64], now: datetime) -> ranking.Floats:
    """How recent documents of these times are, 0..1."""
    moment = int(now.timestamp() * 1000)
    return ranking.recency(np.where(times == _NO_TIME, np.nan, (moment - times) / 86_400_000))


def _newest(catalogue: Catalogue, admitted: NDArray[np.bool_]) -> list[Ranked]:
    """What was said or changed last, newest first."""
    rows = np.flatnonzero(admitted)
    order = np.lexsort((-catalogue.keys[rows], -catalogue.times[rows]))[:MOST_BY_TIME]
    return [Ranked(key, 1.0, {}, []) for key in catalogue.keys[rows[order]].tolist()]
