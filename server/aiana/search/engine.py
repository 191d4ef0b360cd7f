"""Search: the lanes of words and of meaning, fused into one ranking."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from aiana.models import Lane, Mode, SearchFilter, SearchReasons
from aiana.search import ranking
from aiana.search.meaning import LEAST_COSINE, Meaning, MeaningIndex, by_meaning, demanded_times
from aiana.search.phrases import fitting_rows
from aiana.search.planning import plan
from aiana.search.query import Query
from aiana.search.ranked import Ranked, RankedRows
from aiana.search.words import Words, by_words

if TYPE_CHECKING:
    from aiana.search.catalogue import Catalogue
    from aiana.search.text_index import TextIndex

MOST_RANKED = 300
"""Hits that a search gives at most: fifteen pages."""
MOST_BY_MEANING = 200
MOST_BY_TIME = 200
MOST_EMBEDDED_CHARS = 2_000
"""Of a query: two or three windows of the model; a pasted log says what it is about before."""

_NO_TIME = np.datetime64("NaT", "ms").astype(np.int64)


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
        if query.words or query.phrases:
            found = _matching(request, text_index, catalogue, admitted, vector_index, embed_query)
        elif query.is_filter_only:
            total = int(np.count_nonzero(admitted))
            found = _Found(hits=_newest(catalogue, admitted), total=total)
        else:
            found = _Found()
    messages, memories = _counts(catalogue, admitted)
    left_out = _counts(catalogue, ~admitted)
    return Ranking(
        hits=found.hits,
        lanes=found.lanes,
        messages=messages,
        memories=memories,
        total=found.total or (None if found.hits else found.total),
        outside=Outside(messages=left_out[0], memories=left_out[1], matches=found.matches),
        demanded=found.demanded,
        notes=found.notes,
        reasons=found.reasons,
    )


class _Found(Struct, frozen=True, kw_only=True):
    """The part of a ranking that the query decides."""

    hits: Sequence[Ranked] = ()
    lanes: list[Lane] = []
    total: int | None = None
    matches: int | None = None
    demanded: list[str] = []
    notes: list[str] = []
    reasons: SearchReasons | None = None


def _matching(
    request: Request,
    text_index: TextIndex,
    catalogue: Catalogue,
    admitted: NDArray[np.bool_],
    vector_index: MeaningIndex | None,
    embed_query: Callable[[str], NDArray[np.float32]] | None,
) -> _Found:
    """What matches the words of a request, or its meaning."""
    asked = plan(request.query, text_index.tokenize)
    fitting, demanded, notes = fitting_rows(
        asked, text_index, catalogue, admitted, request.colleagues
    )
    within = fitting & admitted
    vector = None
    if request.mode != "keyword" and vector_index is not None and embed_query is not None:
        vector = embed_query(request.query.text[:MOST_EMBEDDED_CHARS])
        vector_index.ask(vector)
    seen: dict[Lane, tuple[NDArray[np.bool_], ranking.Floats]] = {}
    words, meaning = Words.none(catalogue), None
    total = matches = reasons = None
    if request.mode != "semantic":
        everywhere = by_words(asked, text_index, catalogue)
        matches = int(np.count_nonzero(everywhere.keyword[fitting & ~admitted]))
        words = everywhere.within(within)
        total = int(np.count_nonzero(words.keyword))
        is_found = words.keyword > 0
        seen["keyword"] = (is_found, np.where(is_found, words.keyword, np.nan))
    if vector is not None and vector_index is not None:
        trust = 1.0 - asked.foreign if request.reads_english_only else 1.0
        least = request.least_cosine
        if request.mode == "hybrid":
            could_crumble = request.reads_english_only and not matches
            least *= demanded_times(asked, trust, bool(words.keyword.any()), could_crumble)
        meaning = by_meaning(vector_index, vector, catalogue, within, words, trust, least)
    rows, scores, alike = _fuse(catalogue, words, meaning, within)
    if meaning is not None:
        seen["semantic"] = (alike, meaning.cosines)
    thoughts = catalogue.present(text_index.thoughts())
    weighed = ranking.with_thoughts(scores, thoughts)
    recent = _recency(catalogue.times[rows], request.now)
    hits = _ranked(rows, weighed, recent, catalogue, seen)
    if request.explain:
        from aiana.search.explaining import explained

        whys, reasons = explained(
            hits, asked, text_index, catalogue, words, meaning, within, steps=(scores, weighed)
        )
        hits = [replace(hit, why=why) for hit, why in zip(hits, whys, strict=True)]
    return _Found(
        hits=hits,
        lanes=list(seen),
        total=total,
        matches=matches,
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


def _fuse(
    catalogue: Catalogue, words: Words, meaning: Meaning | None, within: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], ranking.Floats, NDArray[np.bool_]]:
    """The rows that either lane found, best first, the scores of all rows, and what is alike."""
    alike = np.zeros(len(catalogue), bool)
    if meaning is not None:
        close = within & (meaning.cosines >= meaning.least)
        alike[_best(meaning.cosines, close, MOST_BY_MEANING)] = True
    if meaning is not None and not words.keyword.any():
        scores = np.nan_to_num(meaning.cosines)
    else:
        by_meaning, weight = (meaning.scores, meaning.weight) if meaning else (None, 0.0)
        scores = ranking.fused(words.keyword, words.session, by_meaning, catalogue.alone, weight)
        if words.spelt.any():
            scores = ranking.named_first(scores, words.spelt * (words.keyword > 0))
    return _best(scores, (words.keyword > 0) | alike, MOST_RANKED), scores, alike


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
