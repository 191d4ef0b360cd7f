"""What the tests of the vector tier share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from aiana.embeddings import Embedder
from tests.integration.qdrant_endpoint import KEY, QdrantEndpoint
from tests.integration.qdrant_store import Store


@pytest.fixture(scope="module")
def embedder(compiled_model_home: Path) -> Embedder:
    return Embedder(models_dir=compiled_model_home / "models")


@pytest.fixture
def endpoint() -> Iterator[QdrantEndpoint]:
    endpoint = QdrantEndpoint()
    endpoint.start()
    yield endpoint
    endpoint.close()


@pytest.fixture
def store(tmp_path: Path, endpoint: QdrantEndpoint, embedder: Embedder) -> Iterator[Store]:
    store = Store(tmp_path / "conversations.db", endpoint.url, KEY, embedder)
    yield store
    store.storage.close()
