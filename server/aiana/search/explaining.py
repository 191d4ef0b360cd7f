"""How hits came to their places: which lane saw them where, and what each gave to the score."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from aiana.models import HitReasons, Lane, SearchReasons
from aiana.search import ranking

if TYPE_CHECKING:
    from aiana.search.catalogue import Catalogue
    from aiana.search.meaning import Meaning
    from aiana.search.planning import Plan
    from aiana.search.ranked import Ranked
    from aiana.search.text_index import TextIndex
    from aiana.search.words import Words


def explained(
    hits: Sequence[Ranked],
    asked: Plan,
    text_index: TextIndex,
    catalogue: Catalogue,
    words: Words,
    meaning: Meaning | None,
    within: NDArray[np.bool_],
    steps: tuple[ranking.Floats, ranking.Floats],
) -> tuple[list[HitReasons], SearchReasons]:
    """The reasons of each hit, and what holds for all of them.

    `within` are the rows that were ranked, `words` and `meaning` what either lane said of them,
    `steps` the scores of all rows before and after thoughts were weighed.
    """
    rows = catalogue.rows(np.array([hit.key for hit in hits], np.int64))
    counts: dict[str, int] = {}
    holders: dict[str, NDArray[np.bool_]] = {}
    for word in dict.fromkeys([*asked.terms.values(), *asked.signs]):
        found = catalogue.present(text_index.documents_with(word))
        counts[word] = len(found)
        holders[word] = np.isin(rows, found)
    keyword = words.keyword
    by_words = bool(keyword.any())
    parts = _parts(rows, words, meaning, catalogue.alone)
    after = _after_fusion(rows, parts, steps, np.array([hit.score for hit in hits], np.float32))
    ranks: dict[Lane, NDArray[np.int64]] = {"keyword": _places(keyword, keyword > 0, rows)}
    if meaning is not None:
        ranks["semantic"] = _places(meaning.cosines, within & ~np.isnan(meaning.cosines), rows)
    named = {1.0: "exactly", 0.5: "in another case"}
    reasons = [
        HitReasons(
            ranks={
                str(lane): int(places[at]) for lane, places in ranks.items() if lane in hit.lanes
            },
            parts={name: round(float(part[at]), 4) for name, part in parts.items()}
            | {name: part for name, added in after.items() if (part := round(float(added[at]), 4))},
            words=[word for word, held in holders.items() if held[at]],
            missing=[word for word, held in holders.items() if not held[at]],
            named=named.get(round(float(words.spelt[row]) / 2, 2)) if by_words else None,
        )
        for at, (row, hit) in enumerate(zip(rows.tolist(), hits, strict=True))
    ]
    weights = {"keyword": 1.0, "session": ranking.SESSION_WEIGHT} if by_words else {}
    least = None
    if meaning is not None:
        weights["semantic"] = round(meaning.weight, 4) if by_words else 1.0
        least = round(meaning.least, 4) if np.isfinite(meaning.least) else None
    return reasons, SearchReasons(
        words=counts,
        weights=weights,
        least_cosine=least,
        excluded=asked.excluded,
    )


def _parts(
    rows: NDArray[np.int32], words: Words, meaning: Meaning | None, alone: NDArray[np.bool_]
) -> dict[str, ranking.Floats]:
    """What each signal gives to the fused score of some rows; see `ranking.fused`."""
    if meaning is not None and not words.keyword.any():
        return {"semantic": np.nan_to_num(meaning.cosines[rows])}
    weight = 0.0 if meaning is None else meaning.weight
    alike = np.zeros(len(rows), np.float32) if meaning is None else meaning.scores[rows]
    total = 1 + ranking.SESSION_WEIGHT + weight
    share = ranking.MEANING_ALONE * weight / (1 + ranking.MEANING_ALONE * weight)
    single = alone[rows]
    return {
        "keyword": words.keyword[rows] * np.where(single, 1 - share, 1 / total),
        "session": words.session[rows] * np.where(single, 0, ranking.SESSION_WEIGHT / total),
        "semantic": alike * np.where(single, share, weight / total),
    }


def _after_fusion(
    rows: NDArray[np.int32],
    parts: dict[str, ranking.Floats],
    steps: tuple[ranking.Floats, ranking.Floats],
    scores: ranking.Floats,
) -> dict[str, ranking.Floats]:
    """What each step after the fusion added to the scores of some rows, or took from them."""
    fused = np.sum(list(parts.values()), axis=0)
    named, weighed = (step[rows] for step in steps)
    bounded = ranking.within_bounds(weighed)
    return {
        "named": named - fused,
        "thought": weighed - named,
        "cut": bounded - weighed,
        "recency": scores - bounded,
    }


def _places(
    scores: ranking.Floats, among: NDArray[np.bool_], rows: NDArray[np.int32]
) -> NDArray[np.int64]:
    """The places of some rows, from 1, by their scores among those in question."""
    ascending = np.sort(scores[among])
    return len(ascending) - np.searchsorted(ascending, scores[rows], side="right") + 1
