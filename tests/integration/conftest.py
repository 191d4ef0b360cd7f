"""What the tests of the vector tier share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from aiana.embeddings import Embedder
from tests.integration.qdrant_endpoint import QdrantEndpoint


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
