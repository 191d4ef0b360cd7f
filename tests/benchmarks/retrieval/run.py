"""Score Aiana's search on labelled collections, beside plain FTS5, vectors alone, and their RRF.

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
Search = Callable[[str, str | None], Sequence[tuple[str, str]]]
Query = dict[str, Any]


def read(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.open(encoding="utf-8")]


def rows_of(name: str, queries: Sequence[Query]) -> list[tuple[str, str, bool, Sequence[Query]]]:
    """What is reported of a collection: title, level, whether within the group, queries."""
    labelled = [query for query in queries if query["rel_units"]]
    if name == "cosqa":
        return [("all", "unit", False, labelled)]
    if name == "locomo":
        return [
            ("scoped", "session", True, queries),
            ("scoped", "unit", True, labelled),
            ("pooled", "session", False, queries),
            ("pooled", "unit", False, labelled),
        ]
    rows: list[tuple[str, str, bool, Sequence[Query]]] = [("all", "session", False, queries)]
    if labelled:
        rows.append(("all", "unit", False, labelled))
    if name == "entire":
        kinds = sorted({query["cat"] for query in queries})
        rows += [
            (kind, "session", False, [q for q in queries if q["cat"] == kind]) for kind in kinds
        ]
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
        print(f"\n{title + ', ' + level + ' level':<32}{len(asked):>6}", end="")
        print("".join(f"{metric:>9}" for metric in METRICS))
        for label, search in searches.items():
            scores = evaluate(search, level, scoped, asked)
            print(f"  {label:<36}" + "".join(f"{scores[m] * 100:>9.1f}" for m in METRICS))
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
