"""How good a ranking is, as usual in information retrieval.

hit@k: a relevant item is among the first k (others say any@k, or recall_any). all@5: all relevant
items are among the first five; of more than five, five. mrr: 1 / rank of the first relevant one
within 50. ndcg@10: binary gains, against the best order of min(10, number of relevant items).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from math import log2

METRICS = ("hit@1", "hit@5", "all@5", "mrr", "ndcg@10")


def measure(ranked: Sequence[str], relevant: Collection[str]) -> dict[str, float]:
    """The metrics of one ranking of distinct items."""
    found = [place for place, item in enumerate(ranked) if item in relevant]
    first = found[0] if found else len(ranked) + 50
    gain = sum(1 / log2(place + 2) for place in found if place < 10)
    ideal = sum(1 / log2(place + 2) for place in range(min(10, len(relevant))))
    return {
        "hit@1": float(first < 1),
        "hit@5": float(first < 5),
        "all@5": float(sum(place < 5 for place in found) >= min(5, len(relevant))),
        "mrr": 1 / (first + 1) if first < 50 else 0.0,
        "ndcg@10": gain / ideal,
    }


def average(measured: Sequence[dict[str, float]]) -> dict[str, float]:
    """The mean of each metric."""
    return {name: sum(one[name] for one in measured) / len(measured) for name in METRICS}
