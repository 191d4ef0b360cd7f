"""What there is to say about a model without loading it."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from aiana.embeddings.locate import (
    SERVING,
    cannot_compile,
    canonical_name,
    compiled_folder,
    default_model,
    locate,
    sentence_length,
)
from aiana.errors import ModelUnavailable
from aiana.invocation import missing, unavailable


class ModelInfo(Struct, frozen=True, kw_only=True, rename="camel"):
    """A model as `aiana model info` shows it; only file sizes are checked, not digests."""

    name: str
    state: str
    """`ready`; `uncompiled`: the first use compiles it; `unavailable`: see `reason`."""
    device: str = "cpu"
    """What embeds queries and whatever is no big backlog."""
    engine: str | None = None
    """`onnx` or `torch`."""
    dimensions: int | None = None
    max_tokens: int | None = None
    origin: str | None = None
    """Where it was found, or what it was compiled from."""
    path: str
    """The folder it is served from; where it would be compiled to if there is none."""
    size_bytes: int | None = None
    """Size of the files in `path`."""
    reason: str | None = None
    """Why it is unavailable, and the command that fixes it."""


def model_info(
    model_name: str | None = None,
    models_dir: str | Path | None = None,
) -> ModelInfo:
    """Describe the model (default: AIANA_EMBEDDING_MODEL, then all-MiniLM-L6-v2) in milliseconds.

    Never raises for a missing or damaged model: that is `state` and `reason`.
    """
    name = canonical_name(model_name or default_model())
    try:
        source = locate(name, models_dir)
        if absent := missing(SERVING):
            raise ModelUnavailable(unavailable(absent[0]))
        if source.kind == "weights" and (reason := cannot_compile(name, source)):
            raise ModelUnavailable(reason)
    except ModelUnavailable as error:
        return ModelInfo(
            name=name,
            state="unavailable",
            path=str(compiled_folder(name, models_dir)),
            reason=str(error),
        )
    manifest = source.manifest
    return ModelInfo(
        name=name,
        state="uncompiled" if source.kind == "weights" else "ready",
        engine=manifest.engine if manifest else "onnx",
        dimensions=manifest.dimensions if manifest else None,
        max_tokens=manifest.max_tokens if manifest else sentence_length(source.folder),
        origin=manifest.source if manifest else source.origin,
        path=str(source.folder),
        size_bytes=sum(file.stat().st_size for file in source.folder.rglob("*") if file.is_file()),
    )
