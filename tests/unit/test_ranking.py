"""The arithmetic of ranking."""

from __future__ import annotations

import numpy as np
import pytest

from aiana.search import ranking
from aiana.search.ranking import Hits


def hits(rows: list[int], counts: list[float], is_term: bool = True) -> Hits:
    return Hits(np.array(rows, np.int32), np.array(counts, np.float32), 1.0, is_term)


def test_bm25_by_hand() -> None:
    norms = np.array([0.5, 1.0, 2.0], np.float32)
    scores = ranking.keyword_scores([hits([0, 2], [1, 3])], norms)
    rare = np.log(1 + (3 - 2 + 0.5) / 2.5)
    assert scores == pytest.approx([rare * 1.9 * 1 / 1.5, 0, rare * 1.9 * 3 / 5])


def test_rare_terms_say_more() -> None:
    assert ranking.rarity(1, 1000) > ranking.rarity(100, 1000) > ranking.rarity(1000, 1000) > 0


def test_long_texts_need_more_to_say_the_same() -> None:
    short, long = ranking.length_norms(np.array([100, 10_000], np.float32))
    assert short < long


def test_a_session_is_judged_by_what_was_said_in_it() -> None:
    numbers = np.array([0, 0, 1, 2], np.int32)
    spoken = np.array([True, True, False, True])
    scores = ranking.session_scores(
        [hits([0, 2], [1, 5])], numbers, np.array([100.0, 100.0, 100.0]), spoken
    )
    assert scores[0] == scores[1] > 0
    assert scores[2] == scores[3] == 0


def test_next_to() -> None:
    first, second = np.array([10, 20, 30]), np.array([11, 23, 32])
    assert ranking.next_to(first, second, 1).tolist() == [10]
    assert ranking.next_to(first, second, 2).tolist() == [10, 30]
    assert ranking.next_to(first, second[:0], 1).tolist() == []


def test_weight_of_meaning() -> None:
    one = np.array([1, 0.1, *[0.05] * 20], np.float32)
    alike = np.full(20, 0.95, np.float32)
    few = np.array([1.0, 0.9], np.float32)
    weight, least = ranking.meaning_weight, ranking.LEAST_MEANING
    assert weight(one, few) == pytest.approx(3.65 * 0.05, rel=1e-3)
    assert weight(few, few) == least
    assert weight(alike, few) == pytest.approx(3.65 * 0.95, rel=1e-3)
    assert weight(alike, one) == pytest.approx(3.65 * 0.95 * 0.95**0.7, rel=1e-3)
    assert weight(alike, alike) == pytest.approx(3.65 * 0.95 * 0.05**0.7, rel=1e-3)
    assert weight(alike, few, whole=True) == least


def test_meaning_scale_of_restricted_rows() -> None:
    cosines = np.array([0.9, 0.2, 0.4, np.nan], np.float32)
    among = np.array([False, True, True, True])
    assert ranking.meaning_scores(cosines, among)[1:] == pytest.approx([-0.2, 1.0, 0.0])
    nothing = ranking.meaning_scores(np.full(2, np.nan, np.float32), np.array([True, True]))
    assert nothing.tolist() == [0, 0]


def test_fusion_without_meaning() -> None:
    keyword, session = np.array([1, 0.5], np.float32), np.array([1, 0], np.float32)
    alone = np.array([False, True])
    assert ranking.fused(keyword, session, None, alone) == pytest.approx([1.0, 0.5])


def test_recency_prefers_but_never_decides() -> None:
    recent = ranking.recency(np.array([0.0, 30.0, 3650.0, -5.0, np.nan]))
    assert recent == pytest.approx([1, 0.5, 0, 1, 0])
    old, new = ranking.with_recency(np.array([0.9, 0.86], np.float32), np.array([0, 1], np.float32))
    assert old > new


@pytest.mark.parametrize(
    "scores",
    [
        [0.0] * 9,
        [0.0] * 40,
        [1.0] * 3 + [0.5] * 12 + [0.0] * 500,
        [1.0] + [0.25] * 20 + [0.0] * 20,
        [place / 100 for place in range(100)],
    ],
    ids=["few", "all equal", "two steps", "one far above", "even"],
)
def test_the_tenth_best_is_that_of_all(scores: list[float]) -> None:
    tenth = sorted(scores, reverse=True)[9] if len(scores) >= 10 else 0.0
    assert ranking._tenth(np.array(scores, np.float32)) == pytest.approx(tenth)
