"""How well documents answer a query: evidence of words, of their session, and of meaning.

Pure functions over arrays; a row stands for a document. The constants were tuned on development
queries of four collections at once: coding sessions, long chats, synthetic coding memories, and
code search.

The keyword score is BM25 (Robertson and Zaragoza 2009) with more saturation and less length
normalisation than SQLite's own, plus adjacent pairs of terms (the sequential dependence model of
Metzler and Croft 2005) and whole identifiers or phrases.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Rows = NDArray[np.int32]

K1, B = 0.9, 0.4
LENGTH_OFFSET = 100
"""Characters added to each length: a very short text is not better for being shorter still."""
SESSION_K1, SESSION_B = 1.2, 0.5
PART_WEIGHT = 0.25
PAIR_WEIGHT = 0.4
PHRASE_WEIGHT = 0.4
LITERAL_WEIGHT = 1.0
SESSION_WEIGHT = 0.7
TOOL_WEIGHT = 0.6
"""What a tool was told or answered counts for less than what somebody said."""
THOUGHT_WEIGHT = 0.8
"""What an assistant thought, of what it would count if it had been said."""
MEANING_WEIGHT, LEAD_POWER = 3.65, 0.7
LEAST_MEANING = 0.09
"""Little enough that the one memory which holds a word stays before the nearest by meaning."""
MEANING_ALONE = 9.0
"""How much more meaning counts for a text without a session that could speak for it."""
CROWD = 10
NAMED_SHARE = 0.3
"""Of a score, where texts are ranked first by whether they hold the identifiers of a query."""
RECENCY_WEIGHT = 0.03
RECENCY_HALF_LIFE_DAYS = 30.0


PLACE_BITS = 24
"""A place of a term is `(document * 2 + column) << PLACE_BITS | offset`; column 1 is
`identifiers`."""


class Hits(Struct, frozen=True):
    """The rows in which something occurs (each once), how often, and how much that counts."""

    rows: Rows
    counts: Floats
    weight: float = 1.0
    is_term: bool = False
    """It is a term of the query, by which sessions are judged too."""


def length_norms(sizes: Floats) -> Floats:
    """BM25's denominator for each document, from its length in characters."""
    lengths = sizes + LENGTH_OFFSET
    norms = K1 * (1 - B + B * lengths / max(float(lengths.mean()), 1.0)) if len(sizes) else sizes
    return norms.astype(np.float32)


def rarity(documents: int, total: int) -> float:
    """How much it says that a document holds something that so many of `total` hold."""
    return float(np.log(1 + (total - documents + 0.5) / (documents + 0.5)))


def keyword_scores(hits: Sequence[Hits], norms: Floats) -> Floats:
    """Sum of the BM25 contributions, one score a row."""
    scores = np.zeros(len(norms), np.float32)
    for hit in hits:
        value = hit.weight * rarity(len(hit.rows), len(norms)) * (K1 + 1)
        scores[hit.rows] += value * hit.counts / (hit.counts + norms[hit.rows])
    return scores


def session_scores(
    hits: Sequence[Hits], numbers: Rows, sizes: NDArray[np.float64], spoken: NDArray[np.bool_]
) -> Floats:
    """BM25 of each row's whole session, by the query's terms in what was said there.

    `numbers` gives the session of a row, `sizes` the characters of a session.
    """
    total = len(sizes)
    norms = SESSION_K1 * (1 - SESSION_B + SESSION_B * sizes / max(float(sizes.mean()), 1.0))
    scores = np.zeros(total)
    for hit in hits:
        if not hit.is_term:
            continue
        said = spoken[hit.rows]
        counts = np.bincount(numbers[hit.rows[said]], hit.counts[said], minlength=total)
        value = hit.weight * rarity(int(np.count_nonzero(counts)), total) * (SESSION_K1 + 1)
        scores += value * counts / (counts + norms)
    return scores.astype(np.float32)[numbers]


def next_to(first: NDArray[np.int64], second: NDArray[np.int64], gap: int) -> NDArray[np.int64]:
    """The places of `first` that a place of `second` follows `gap` later, or directly."""
    if not len(first) or not len(second):
        return first[:0]
    found = _contains(second, first + gap)
    if gap > 1:
        found |= _contains(second, first + 1)
    return first[found]


def _contains(ascending: NDArray[np.int64], wanted: NDArray[np.int64]) -> NDArray[np.bool_]:
    places = np.searchsorted(ascending, wanted)
    places[places == len(ascending)] = 0
    return np.asarray(ascending[places] == wanted)


def normalised(scores: Floats) -> Floats:
    """Scores as parts of the greatest."""
    greatest = float(scores.max(initial=0))
    return scores / greatest if greatest > 0 else scores


def meaning_weight(keyword: Floats, meaning: Floats, whole: bool = False) -> float:
    """How much meaning counts beside words: more, the less words decide and the more meaning does.

    Where one text stands out by its words (normalised scores) it is likely the one; where ten are
    about as good, words did not tell them apart. So it is with meaning (`meaning_scores`). Where
    the `whole` query stands in a text as it was typed, words decide.
    """
    if whole:
        return LEAST_MEANING
    lead = 1 - max(0.0, _tenth(meaning))
    crowd = _tenth(keyword[keyword > 0])
    return max(LEAST_MEANING, MEANING_WEIGHT * crowd * float(lead**LEAD_POWER))


def _tenth(scores: Floats) -> float:
    """The tenth best of scores up to 1; 0 if there are fewer."""
    if len(scores) < CROWD:
        return 0.0
    # `partition` takes long where most are equal: 30 ms for a million, the best of which take one.
    mean, high = scores.mean(), scores.max()
    above = (scores[scores > least] for least in ((mean + high) / 2, mean))
    best = next((each for each in above if len(each) >= CROWD), scores)
    return float(np.partition(best, -CROWD)[-CROWD])


def meaning_scores(cosines: Floats, among: NDArray[np.bool_]) -> Floats:
    """Cosines between the mean (0) and the best (1) of the rows in question; unknown is 0."""
    known = among & ~np.isnan(cosines)
    if not known.any():
        return np.zeros(len(cosines), np.float32)
    values = cosines[known]
    low, high = float(values.mean()), float(values.max())
    if high - low < 1e-6:
        low = 0.0
    scaled = (np.nan_to_num(cosines, nan=low) - low) / max(high - low, 1e-6)
    return np.asarray(np.maximum(scaled, -0.2), np.float32)


def fused(
    keyword: Floats,
    session: Floats,
    meaning: Floats | None,
    alone: NDArray[np.bool_],
    weight: float = 0.0,
) -> Floats:
    """One score a row, 0..1, from the normalised keyword and session scores and the meaning.

    `weight` is that of meaning; see `meaning_weight`.
    """
    meaning = np.zeros_like(keyword) if meaning is None else meaning
    together = keyword + SESSION_WEIGHT * session + weight * meaning
    share = MEANING_ALONE * weight / (1 + MEANING_ALONE * weight)
    by_itself = (1 - share) * keyword + share * meaning
    return np.where(alone, by_itself, together / (1 + SESSION_WEIGHT + weight)).astype(np.float32)


def named_first(scores: Floats, spelt: Floats) -> Floats:
    """Scores with all that hold the query's identifiers above all that do not.

    `spelt` is 2 where every identifier stands as it was typed, 1 where only its case differs, 0
    where none stands; between these, some stand. What is nearer comes first whatever the scores
    say, even after `with_recency`.
    """
    return np.asarray(NAMED_SHARE * scores + spelt / 3, np.float32)


def with_thoughts(scores: Floats, thoughts: Rows) -> Floats:
    """Scores with what an assistant thought below what it said."""
    weighed = scores.copy()
    weighed[thoughts] *= THOUGHT_WEIGHT
    return weighed


def within_bounds(scores: Floats) -> Floats:
    """Scores as they are shown, 0..1: below the mean in meaning, a sum may be less."""
    return np.clip(scores, 0, 1)


def recency(age_days: NDArray[np.float64]) -> Floats:
    """1 for today, halved every month; 0 where the age is not known (NaN)."""
    fresh = 0.5 ** (np.maximum(age_days, 0) / RECENCY_HALF_LIFE_DAYS)
    return np.nan_to_num(fresh).astype(np.float32)


def with_recency(scores: Floats, recent: Floats) -> Floats:
    """Scores with a gentle preference for what is new: 3 in 100, so that relevance decides."""
    return np.asarray(scores * (1 - RECENCY_WEIGHT + RECENCY_WEIGHT * recent), np.float32)
