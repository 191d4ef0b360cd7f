"""What the tests and benchmarks of agreement share: one database, searched in two ways."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from aiana.embeddings import Embedder
from aiana.indexing.chunking import chunks_of
from aiana.models import Mode, SearchFilter
from aiana.search.engine import Request, search
from aiana.search.meaning import MeaningIndex
from aiana.search.qdrant_index import MOST_NEAREST, QdrantIndex
from aiana.search.query import parse
from aiana.search.text_index import TextIndex
from aiana.search.vector_index import VectorIndex
from aiana.storage import AianaStorage
from aiana.storage.packing import pack
from aiana.storage.qdrant import QdrantStorage
from aiana.storage.qdrant.tier import QdrantTier
from tests.integration.qdrant_endpoint import KEY, QdrantEndpoint
from tests.integration.servers import until

MODEL = "all-MiniLM-L6-v2"
NOW = datetime(2026, 6, 1, tzinfo=UTC)
TIE = 0.002
"""Scores this near are equal: the embedded index's 8 bits are off by up to 0.001 in a cosine."""


class Both:
    """One database, searched over Qdrant and over the embedded index."""

    def __init__(self, storage: AianaStorage, embedder: Embedder, endpoint: QdrantEndpoint) -> None:
        self._embedder = embedder
        self._endpoint = endpoint
        self._text_index = TextIndex(storage.database)
        self._embedded = VectorIndex(storage.database, MODEL)
        qdrant = QdrantStorage(endpoint.url, embedder, api_key=KEY, timeout_s=120)
        self.tier = QdrantTier(storage.database, qdrant, MODEL, every_s=3600, answer_s=60)
        until(lambda: self.tier.link.is_up)
        self.tier.drain()
        self.tier.check()
        assert self.tier.behind is None

    def overlap(
        self,
        asked: Sequence[str],
        filter: SearchFilter,
        mode: Mode = "hybrid",
        nearest: int = MOST_NEAREST,
    ) -> float:
        """The part of the embedded index's first ten that are among Qdrant's, or tie with them."""
        same = total = 0
        for text in asked:
            index = QdrantIndex(self.tier, self._embedded, filter, nearest)
            before = self._endpoint.searches
            found = self._scores(text, filter, mode, index)
            assert self._endpoint.searches == before + 1
            wanted = list(self._scores(text, filter, mode, self._embedded))[:10]
            tenth = min(list(found.values())[:10], default=0)
            same += sum(found.get(key, -1) >= tenth - TIE for key in wanted)
            total += len(wanted)
        assert total
        return same / total

    def _scores(
        self, text: str, filter: SearchFilter, mode: Mode, index: MeaningIndex
    ) -> dict[int, float]:
        """The hits, the best first, by their keys."""
        request = Request(query=parse(text, NOW), filter=filter, mode=mode, now=NOW)
        ranking = search(request, self._text_index, index, self._embedder.embed)
        return {hit.key: hit.score for hit in ranking.hits}


def embed(storage: AianaStorage, vectors_of: Callable[[list[str]], NDArray[np.float32]]) -> int:
    """Cut and embed all that is stored; returns how many texts got a vector."""
    while storage.chunks.renew(chunks_of, 500):
        pass
    waiting = storage.chunks.waiting(MODEL, 100_000)
    rows = vectors_of([text.content for text in waiting])
    return storage.chunks.put_vectors(
        MODEL, [(text, pack(row)) for text, row in zip(waiting, rows, strict=True)]
    )
