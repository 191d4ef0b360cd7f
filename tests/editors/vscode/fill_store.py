"""Fills a data folder for the panel's benchmark.

python -m tests.editors.vscode.fill_store FOLDER
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from aiana.embeddings import DEFAULT_MODEL
from aiana.storage import AianaStorage
from tests.benchmarks.searching import fill, queries

CHUNKS = 100_000


def main(home: Path) -> None:
    home.mkdir(parents=True, exist_ok=True)
    storage = AianaStorage(home / "conversations.db")
    sample = fill(storage, CHUNKS, DEFAULT_MODEL)
    (home / "queries.json").write_text(json.dumps(queries(sample, 40)), encoding="utf-8")
    storage.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
