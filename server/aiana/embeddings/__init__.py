"""Text embeddings: `get_embedder().embed(text)`. Importing this loads no model and no numpy."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from aiana.embeddings.embedder import Embedder, get_embedder
from aiana.embeddings.info import ModelInfo, model_info
from aiana.embeddings.locate import DEFAULT_MODEL

if TYPE_CHECKING:
    from aiana.embeddings.compile import compile_model

# Read when these libraries are loaded, which nothing above does: onnxruntime 1.32 would else keep a
# device id in the home folder and report to its maker, whatever its own Python switch says.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"

__all__ = [
    "DEFAULT_MODEL",
    "Embedder",
    "ModelInfo",
    "compile_model",
    "get_embedder",
    "model_info",
]


def __getattr__(name: str) -> Any:
    """What compiles a model is imported when it is asked for: who only searches never does."""
    if name == "compile_model":
        from aiana.embeddings.compile import compile_model

        return compile_model
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
