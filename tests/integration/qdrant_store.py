"""A database with made-up vectors and its points in Qdrant, as tests of the tier need it."""

from __future__ import annotations

import uuid
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from aiana.embeddings import Embedder
from aiana.indexing.chunking import chunks_of
from aiana.search.catalogue import Catalogue
from aiana.search.qdrant_index import QdrantIndex
from aiana.storage import AianaStorage
from aiana.storage.packing import pack
from aiana.storage.qdrant import QdrantStorage
from aiana.storage.qdrant.outbox import Outbox
from aiana.storage.qdrant.tier import QdrantTier

MODEL = "all-MiniLM-L6-v2"


class Store:
    """A database with made-up vectors, and its tier."""

    def __init__(self, path: Path, url: str, key: str, embedder: Embedder) -> None:
        self.storage = AianaStorage(path)
        self.numbers = np.random.default_rng(5)
        self.user = f"test-{uuid.uuid4()}"
        self.embedder = embedder
        self.url, self.key = url, key
        self.outbox = Outbox(self.storage.database)

    def open_tier(self, answer_s: float = 0.15) -> QdrantTier:
        qdrant = QdrantStorage(
            self.url, self.embedder, api_key=self.key, user=self.user, timeout_s=1
        )
        tier = QdrantTier(self.storage.database, qdrant, MODEL, 0.05, 0.02, answer_s)
        assert tier.link.wait(60) or tier.link.down
        return tier

    def add(self, text: str, project: str = "p") -> str:
        memory, _ = self.storage.memories.add(text, project=project)
        self.embed()
        return memory.id

    def embed(self) -> None:
        while self.storage.chunks.renew(chunks_of):
            pass
        waiting = self.storage.chunks.waiting(MODEL, 10_000)
        rows = [self.vector() for _ in waiting]
        self.storage.chunks.put_vectors(
            MODEL, [(text, pack(row)) for text, row in zip(waiting, rows, strict=True)]
        )

    def vector(self) -> NDArray[np.float32]:
        row = self.numbers.standard_normal(384).astype(np.float32)
        return np.asarray(row / np.linalg.norm(row), np.float32)

    def sync(self, tier: QdrantTier) -> int:
        """What the indexer does."""
        sent = tier.drain()
        tier.check()
        return sent

    def wanted(self) -> dict[str, str]:
        return self.outbox.sample(MODEL, 1_000_000)

    def held(self, tier: QdrantTier) -> dict[str, str]:
        qdrant = tier._qdrant
        ids = [id for page in qdrant.ids(tier._scope) for id in page]
        return qdrant.hashes(ids)


def cosines(
    index: QdrantIndex, query: NDArray[np.float32], catalogue: Catalogue
) -> NDArray[np.float32]:
    """Of all documents, none of which was found by words."""
    everything = np.ones(len(catalogue), bool)
    return index.cosines(query, catalogue, everything, lambda: np.zeros(len(catalogue), np.float32))
