"""What the tests of the vector tier share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from aiana.embeddings import Embedder
from tests.integration.qdrant_endpoint import KEY, QdrantEndpoint
from tests.integration.qdrant_store import SERVER, SERVER_KEY, Store


@pytest.fixture(scope="module")
def embedder(compiled_model_home: Path) -> Embedder:
    return Embedder(models_dir=compiled_model_home / "models")


@pytest.fixture
def endpoint() -> Iterator[QdrantEndpoint]:
    endpoint = QdrantEndpoint()
    endpoint.start()
    yield endpoint
    endpoint.fault = "none"
    endpoint.stop()


@pytest.fixture
def store(request: pytest.FixtureRequest, tmp_path: Path, embedder: Embedder) -> Iterator[Store]:
    path = tmp_path / "conversations.db"
    if SERVER:
        store = Store(path, SERVER, SERVER_KEY, embedder)
    else:
        endpoint: QdrantEndpoint = request.getfixturevalue("endpoint")
        store = Store(path, endpoint.url, KEY, embedder)
    yield store
    store.storage.close()
