"""An embedder that costs nothing, for tests and benchmarks of everything but the model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aiana.embeddings import DEFAULT_MODEL, Embedder

DIMENSIONS = 384


class Drawn(Embedder):
    """Vectors drawn by chance instead of by a model."""

    def __init__(self, seed: int = 11) -> None:
        super().__init__(DEFAULT_MODEL)
        self._numbers = np.random.default_rng(seed)

    @property
    def is_loaded(self) -> bool:
        return True

    @property
    def dimensions(self) -> int:
        return DIMENSIONS

    def load(self) -> Any:
        return None

    def embed(self, text: str) -> NDArray[np.float32]:
        return np.asarray(self.batch_embed([text])[0], np.float32)

    def embed_query(self, text: str) -> NDArray[np.float32]:
        return self.embed(text)

    def batch_embed(self, texts: Sequence[str], batch_size: int = 32) -> NDArray[np.float32]:
        rows = self._numbers.standard_normal((len(texts), DIMENSIONS), dtype=np.float32)
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        return rows
