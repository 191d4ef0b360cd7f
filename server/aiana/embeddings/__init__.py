"""Text embeddings: `get_embedder().embed(text)`. Importing this loads no model and no numpy."""

from __future__ import annotations

from aiana.embeddings.compile import compile_model
from aiana.embeddings.embedder import Embedder, get_embedder
from aiana.embeddings.info import ModelInfo, model_info
from aiana.embeddings.locate import DEFAULT_MODEL

__all__ = [
    "DEFAULT_MODEL",
    "Embedder",
    "ModelInfo",
    "compile_model",
    "get_embedder",
    "model_info",
]
