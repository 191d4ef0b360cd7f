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
    from aiana.search.planning import Plan
    from aiana.search.ranked import Ranked
    from aiana.search.text_index import TextIndex


def explained(
    hits: Sequence[Ranked],
    asked: Plan,
    text_index: TextIndex,
    catalogue: Catalogue,
    *,
    keyword: ranking.Floats,
    session: ranking.Floats,
    meaning: ranking.Floats | None,
    cosines: ranking.Floats | None,
    within: NDArray[np.bool_],
    spelt: ranking.Floats,
    steps: tuple[ranking.Floats, ranking.Floats],
    weight: float,
    least: float,
) -> tuple[list[HitReasons], SearchReasons]:
    """The reasons of each hit, and what holds for all of them.

    `keyword` and `session` are the normalised scores of all rows, `within` the rows that were
    ranked, `steps` the scores of all rows before and after thoughts were weighed; the others are
    what `_fuse` was given.
    """
    rows = catalogue.rows(np.array([hit.key for hit in hits], np.int64))
    words: dict[str, int] = {}
    holders: dict[str, NDArray[np.bool_]] = {}
    for word in dict.fromkeys([*asked.terms.values(), *asked.signs]):
        found = catalogue.present(text_index.documents_with(word))
        words[word] = len(found)
        holders[word] = np.isin(rows, found)
    by_words = bool(keyword.any())
    parts = _parts(rows, keyword, session, meaning, cosines, catalogue.alone, weight)
    after = _after_fusion(rows, parts, steps, np.array([hit.score for hit in hits], np.float32))
    ranks: dict[Lane, NDArray[np.int64]] = {"keyword": _places(keyword, keyword > 0, rows)}
    if cosines is not None:
        ranks["semantic"] = _places(cosines, within & ~np.isnan(cosines), rows)
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
            named=named.get(round(float(spelt[row]) / 2, 2)) if by_words else None,
        )
        for at, (row, hit) in enumerate(zip(rows.tolist(), hits, strict=True))
    ]
    weights = {"keyword": 1.0, "session": ranking.SESSION_WEIGHT} if by_words else {}
    if cosines is not None:
        weights["semantic"] = round(weight, 4) if by_words else 1.0
    return reasons, SearchReasons(
        words=words,
        weights=weights,
        least_cosine=round(least, 4) if cosines is not None and np.isfinite(least) else None,
        excluded=asked.excluded,
    )


def _parts(
    rows: NDArray[np.int32],
    keyword: ranking.Floats,
    session: ranking.Floats,
    meaning: ranking.Floats | None,
    cosines: ranking.Floats | None,
    alone: NDArray[np.bool_],
    weight: float,
) -> dict[str, ranking.Floats]:
    """What each signal gives to the fused score of some rows; see `ranking.fused`."""
    if cosines is not None and not keyword.any():
        return {"semantic": np.nan_to_num(cosines[rows])}
    alike = np.zeros(len(rows), np.float32) if meaning is None else meaning[rows]
    total = 1 + ranking.SESSION_WEIGHT + weight
    share = ranking.MEANING_ALONE * weight / (1 + ranking.MEANING_ALONE * weight)
    single = alone[rows]
    return {
        "keyword": keyword[rows] * np.where(single, 1 - share, 1 / total),
        "session": session[rows] * np.where(single, 0, ranking.SESSION_WEIGHT / total),
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
