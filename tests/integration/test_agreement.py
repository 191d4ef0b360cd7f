"""Search over Qdrant finds what search over the embedded index finds, however much is stored."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from aiana.embeddings import Embedder
from aiana.models import Message, Mode, SearchFilter, Session
from aiana.search.query import parse
from aiana.storage import AianaStorage
from aiana.storage.packing import unpack
from tests.benchmarks.retrieval.adapter import Unit, Vectors, messages_of
from tests.integration.agreement import Both, embed
from tests.integration.qdrant_endpoint import QdrantEndpoint
from tests.integration.test_search import CORPUS, Library

SETS = Path(os.environ.get("AIANA_TEST_SETS", Path(__file__).parents[3] / "shared/bench/sets"))
NEAREST = 400
"""Asked for of Qdrant: a small part of what these tests store."""
FILLING = 3000
UNITS, ASKED = 600, 20


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory, embedder: Embedder) -> Iterator[AianaStorage]:
    """The golden corpus among thousands of texts of the same words, as alike as texts are."""
    library = Library(tmp_path_factory.mktemp("filled") / "conversations.db")
    library.embed(embedder)
    storage = library.storage
    numbers = np.random.default_rng(3)
    words = [word for query in CORPUS["queries"] for word in query["text"].split()]
    with storage.database.reading() as connection:
        rows = connection.execute("SELECT vector FROM vectors").fetchall()
    known = np.array([unpack(row[0]) for row in rows])
    for session in range(FILLING // 100):
        start = f"2026-0{1 + session % 5}-01T00:00:00.000Z"
        storage.sessions.record(
            Session(
                id=f"filling-{session}",
                source="codex" if session % 3 else "claude-code",
                project=f"filling-{session % 2}",
                started_at=start,
            ),
            [
                Message(
                    id=f"{session}-{place}",
                    session_id=f"filling-{session}",
                    type="user",
                    content=f"{session} {place} {' '.join(numbers.choice(words, 4))}".ljust(
                        300, "."
                    ),
                    timestamp=start,
                )
                for place in range(100)
            ],
        )

    def mixed(texts: Sequence[str]) -> NDArray[np.float32]:
        found = numbers.dirichlet(np.full(len(known), 0.1), len(texts)) @ known
        found += 0.04 * numbers.standard_normal(found.shape)
        found /= np.linalg.norm(found, axis=1, keepdims=True)
        return np.asarray(found, np.float32)

    assert embed(storage, mixed) > FILLING / 2
    yield storage
    storage.close()


@pytest.fixture(scope="module")
def both(filled: AianaStorage, embedder: Embedder) -> Iterator[Both]:
    endpoint = QdrantEndpoint()
    endpoint.start()
    both = Both(filled, embedder, endpoint)
    yield both
    both.tier.close()
    endpoint.close()


QUERIES = [query["text"] for query in CORPUS["queries"] if not parse(query["text"]).is_filter_only]


@pytest.mark.parametrize("mode", ["hybrid", "semantic"])
def test_first_ten_of_thousands(both: Both, mode: Mode) -> None:
    assert both.overlap(QUERIES, SearchFilter(), mode, NEAREST) >= 0.995


@pytest.mark.parametrize(
    "filter",
    [
        SearchFilter(project="filling-1"),
        SearchFilter(sources=["claude-code"]),
        SearchFilter(session_id="filling-7"),
        SearchFilter(after="2026-04-15T00:00:00.000Z"),
        SearchFilter(before="2026-02-01T00:00:00.000Z"),
        SearchFilter(kinds=["memory"]),
    ],
    ids=["project", "source", "session", "after", "before", "memories"],
)
def test_first_ten_with_a_filter(both: Both, filter: SearchFilter) -> None:
    assert both.overlap(QUERIES, filter, nearest=NEAREST) >= 0.995


@pytest.mark.parametrize("name", ["cosqa", "devmem", "entire", "locomo"])
def test_first_ten_of_labelled_collections(
    name: str, tmp_path: Path, embedder: Embedder, request: pytest.FixtureRequest
) -> None:
    """The first texts of a collection, which is no part of the project."""
    folder = SETS / name
    if not folder.is_dir():
        pytest.skip("the collections are not there; AIANA_TEST_SETS names their folder")
    vectors = Vectors(embedder, Path(request.config.cache.mkdir("aiana-vectors")))
    with (folder / "units.jsonl").open(encoding="utf-8") as lines:
        units = [json.loads(line) for line in islice(lines, UNITS)]
    with (folder / "queries.dev.jsonl").open(encoding="utf-8") as lines:
        asked = [json.loads(line)["text"] for line in islice(lines, ASKED)]
    with AianaStorage(tmp_path / "conversations.db") as storage:
        sessions: dict[str, list[Unit]] = {}
        for unit in units:
            sessions.setdefault(unit["session"], []).append(unit)
        for session, members in sessions.items():
            storage.sessions.record(*messages_of(session, members))
        embed(storage, vectors.of)
        endpoint = QdrantEndpoint()
        endpoint.start()
        both = Both(storage, embedder, endpoint)
        assert both.overlap(asked, SearchFilter(), nearest=NEAREST) >= 0.995
        both.tier.close()
        endpoint.close()
