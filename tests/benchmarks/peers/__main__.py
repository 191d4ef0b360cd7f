"""Score other memories of assistants on the collections by which retrieval is measured.

    python -m tests.benchmarks.peers SETS MODEL [--only NAME ...]

SETS is a folder of collections as `tests/benchmarks/retrieval/run.py` reads them, MODEL the folder
of a compiled model (`~/.aiana/models/all-MiniLM-L6-v2`), which all are given. Each peer is
installed from the package index into an environment of its own in a temporary folder, which is
gone afterwards.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.benchmarks.retrieval.metrics import METRICS, average, measure

HERE = Path(__file__).parent
PEERS = {"mempalace": "mempalace==3.11.0"}
SETTINGS = {"MEMPALACE_EMBEDDING_MODEL": "minilm", "ANONYMIZED_TELEMETRY": "False"}


def install(package: str, folder: Path) -> Path:
    """The interpreter of an environment with a package."""
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    python = folder / "bin" / "python"
    subprocess.run([str(python), "-m", "pip", "install", "--quiet", package], check=True)
    return python


def found_by(peer: str, python: Path, collection: Path, model: Path) -> list[list[str]]:
    """The sessions that a peer finds for each query of a collection."""
    with tempfile.TemporaryDirectory() as home:
        ran = subprocess.run(
            [
                str(python),
                str(HERE / f"in_{peer}.py"),
                str(collection / "units.jsonl"),
                str(collection / "queries.dev.jsonl"),
                home,
                str(model),
            ],
            check=True,
            stdout=subprocess.PIPE,
            env={"PATH": os.environ["PATH"], "HOME": home, **SETTINGS},
        )
    return [json.loads(line) for line in ran.stdout.splitlines()]


def scores(found: list[list[str]], queries: Path) -> dict[str, float]:
    """Average metrics of the sessions that were found, in their order."""
    asked = [json.loads(line) for line in queries.read_text("utf-8").splitlines()]
    return average(
        [
            measure(list(dict.fromkeys(sessions)), set(query["rel_sessions"]))
            for sessions, query in zip(found, asked, strict=True)
        ]
    )


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("sets", type=Path)
    parser.add_argument("model", type=Path)
    parser.add_argument("--only", nargs="*", default=["devmem", "locomo"])
    arguments = parser.parse_args()
    print(f"{'session level, one store':<36}" + "".join(f"{metric:>9}" for metric in METRICS))
    for peer, package in PEERS.items():
        with tempfile.TemporaryDirectory() as folder:
            python = install(package, Path(folder) / "venv")
            for name in arguments.only:
                collection = arguments.sets / name
                found = found_by(peer, python, collection.resolve(), arguments.model.resolve())
                score = scores(found, collection / "queries.dev.jsonl")
                figures = "".join(f"{score[metric] * 100:>9.1f}" for metric in METRICS)
                print(f"{f'{name}, {package}':<36}{figures}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
