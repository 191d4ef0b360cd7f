"""Score Aiana's search on labelled collections, beside plain FTS5, vectors alone, and their RRF.

The last line of each table is what the mixture gains on the better of its two lanes, and `<` marks
where it loses more than half a point.

    python -m tests.benchmarks.retrieval.run SETS [--only NAME ...] [--cache DIR] [--imported]

SETS is a folder with a folder for each collection: `units.jsonl` (id, session, group, ts, role,
text) and `queries.dev.jsonl` (text, group, cat, rel_units, rel_sessions). The first run embeds
everything, which takes some ten minutes; the vectors are kept in DIR. No collection is part of the
project.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tests.benchmarks.retrieval.adapter import Store
from tests.benchmarks.retrieval.baselines import DEPTH, PlainText, reciprocal_ranks
from tests.benchmarks.retrieval.metrics import METRICS, average, measure

from aiana.embeddings import get_embedder

LIMIT = 50
LEAST_QUERIES = 30
"""Of a category, to be reported: fewer say nothing."""
TOLERANCE = 0.5
LANES = ("vectors alone", "Aiana, keyword")
"""What the mixture is never to be worse than."""
Search = Callable[[str, str | None], Sequence[tuple[str, str]]]
Query = dict[str, Any]


def read(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.open(encoding="utf-8")]


def rows_of(name: str, queries: Sequence[Query]) -> list[tuple[str, str, bool, Sequence[Query]]]:
    """What is reported of a collection: title, level, whether within the group, queries."""
    kinds = sorted({query["cat"] for query in queries})
    parts = {"all": queries}
    if len(kinds) > 1:
        parts |= {kind: [q for q in queries if q["cat"] == kind] for kind in kinds}
    scopes = {" in one group": True, " in one store": False} if name == "locomo" else {"": False}
    levels = ("unit",) if name == "cosqa" else ("session", "unit")
    rows: list[tuple[str, str, bool, Sequence[Query]]] = []
    for scope, scoped in scopes.items():
        for level in levels:
            for title, asked in parts.items():
                labelled = [query for query in asked if query[f"rel_{level}s"]]
                if len(labelled) >= LEAST_QUERIES:
                    rows.append((title + scope, level, scoped, labelled))
    return rows


def evaluate(
    search: Search, level: str, scoped: bool, queries: Sequence[Query]
) -> dict[str, float]:
    """Average metrics of a search over queries."""
    measured = []
    for query in queries:
        hits = search(query["text"], query["group"] if scoped else None)[:LIMIT]
        side = 0 if level == "unit" else 1
        ranked = list(dict.fromkeys(hit[side] for hit in hits))
        measured.append(measure(ranked, set(query[f"rel_{level}s"])))
    return average(measured)


def margin(scores: dict[str, dict[str, float]], metric: str) -> str:
    """What the mixture gains on the better of its lanes, marked where it loses."""
    best = max(scores[lane][metric] for lane in LANES)
    gain = round(100 * (scores["Aiana, hybrid"][metric] - best), 1)
    return f"{'<' if gain < -TOLERANCE else ''}{gain:+.1f}".rjust(9)


def remembered(search: Search) -> Search:
    """A search that answers the same question once."""
    known: dict[tuple[str, str | None], Sequence[tuple[str, str]]] = {}

    def answer(text: str, group: str | None) -> Sequence[tuple[str, str]]:
        if (text, group) not in known:
            known[text, group] = search(text, group)
        return known[text, group]

    return answer


def timed(search: Search, times: list[float]) -> Search:
    def answer(text: str, group: str | None) -> Sequence[tuple[str, str]]:
        began = time.perf_counter()
        hits = search(text, group)
        times.append((time.perf_counter() - began) * 1000)
        return hits

    return answer


def report(name: str, folder: Path, split: str, cache: Path, imported: bool) -> None:
    units, queries = read(folder / "units.jsonl"), read(folder / f"queries.{split}.jsonl")
    store = Store(get_embedder(), cache, imported)
    vectors = store.add(units)
    plain = remembered(PlainText(units).search)
    meaning = remembered(lambda text, group: store.search(text, "semantic", group, DEPTH))
    times: list[float] = []
    searches: dict[str, Search] = {
        "FTS5 porter OR, no stop words": plain,
        "vectors alone": meaning,
        "RRF 60 of these two": lambda text, group: reciprocal_ranks(
            plain(text, group), meaning(text, group)
        ),
        "Aiana, keyword": remembered(lambda text, group: store.search(text, "keyword", group)),
        "Aiana, hybrid": remembered(
            timed(lambda text, group: store.search(text, "hybrid", group), times)
        ),
    }
    print(f"\n## {name}: {len(units)} texts, {vectors} vectors, {len(queries)} queries")
    for title, level, scoped, asked in rows_of(name, queries):
        print(f"\n{title + ', ' + level + ' level':<46}{len(asked):>6}", end="")
        print("".join(f"{metric:>9}" for metric in METRICS))
        scores = {
            label: evaluate(search, level, scoped, asked) for label, search in searches.items()
        }
        for label, score in scores.items():
            print(f"  {label:<50}" + "".join(f"{score[m] * 100:>9.1f}" for m in METRICS))
        print(f"  {'margin':<50}" + "".join(margin(scores, metric) for metric in METRICS))
    times.sort()
    print(
        f"\nhybrid search, embedding the query included: p50 {statistics.median(times):.1f} ms, "
        f"p95 {times[int(len(times) * 0.95)]:.1f} ms"
    )
    store.close()


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("sets", type=Path)
    parser.add_argument("--only", nargs="*")
    parser.add_argument("--split", default="dev")
    parser.add_argument("--cache", type=Path, default=Path.home() / ".cache" / "aiana-bench")
    parser.add_argument(
        "--imported", action="store_true", help="bring the texts in as transcripts on disk"
    )
    arguments = parser.parse_args()
    found = sorted(path.parent for path in arguments.sets.glob("*/units.jsonl"))
    if not found:
        print(f"{arguments.sets} holds no collections.", file=sys.stderr)
        return 1
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    for folder in found:
        if not arguments.only or folder.name in arguments.only:
            report(folder.name, folder, arguments.split, arguments.cache, arguments.imported)
    return 0


if __name__ == "__main__":
    sys.exit(main())
