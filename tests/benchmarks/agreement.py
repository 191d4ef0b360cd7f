"""How far search over Qdrant finds what search over the embedded index finds.

    python -m tests.benchmarks.agreement SETS [--only NAME ...] [--queries 50] [--cache DIR]

SETS and DIR are those of tests/benchmarks/retrieval/run.py. Qdrant is qdrant_client's local mode
behind HTTP, which compares with every point: a server's graph may miss some.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

from aiana.embeddings import get_embedder
from aiana.models import SearchFilter
from aiana.search.qdrant_index import MOST_NEAREST
from tests.benchmarks.retrieval.adapter import Store
from tests.integration.agreement import Both
from tests.integration.qdrant_endpoint import QdrantEndpoint


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("sets", type=Path)
    parser.add_argument("--only", nargs="*")
    parser.add_argument("--queries", type=int, default=50)
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "aiana-bench")
    arguments = parser.parse_args()
    print(f"first ten over Qdrant, asked for {MOST_NEAREST:,}, among those of the embedded index")
    print(
        f"{'collection':<14}{'texts':>8}{'vectors':>9}{'queries':>9}{'hybrid':>9}{'semantic':>10}"
    )
    for folder in sorted(path.parent for path in arguments.sets.glob("*/units.jsonl")):
        if arguments.only and folder.name not in arguments.only:
            continue
        units = [json.loads(line) for line in (folder / "units.jsonl").open(encoding="utf-8")]
        lines = (folder / "queries.dev.jsonl").read_text("utf-8").splitlines()
        step = max(1, len(lines) // arguments.queries)
        asked = [json.loads(line)["text"] for line in lines[::step]][: arguments.queries]
        store = Store(get_embedder(), arguments.cache)
        vectors = store.add(units)
        endpoint = QdrantEndpoint()
        endpoint.start()
        both = Both(store.storage, get_embedder(), endpoint)
        print(f"{folder.name:<14}{len(units):>8,}{vectors:>9,}{len(asked):>9}", end="")
        print(f"{both.overlap(asked, SearchFilter()):>9.1%}", end="")
        print(f"{both.overlap(asked, SearchFilter(), 'semantic'):>10.1%}", flush=True)
        both.tier.close()
        endpoint.close()
        store.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
