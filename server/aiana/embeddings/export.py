"""Compile any sentence-transformers model by torch's exporter (8-15 s to import, 500 MB)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from aiana.embeddings.calibration import calibrate
from aiana.embeddings.locate import sentence_length
from aiana.embeddings.manifest import (
    MODEL_FILE,
    TOKENIZER_FILE,
    Manifest,
    record_file,
    write_manifest,
)
from aiana.embeddings.prompts import read_prompts
from aiana.embeddings.samples import SAMPLES

if TYPE_CHECKING:
    import torch
    from sentence_transformers import SentenceTransformer

COSINE_FLOOR = 0.9999
_TOOLS = ("torch", "sentence-transformers", "transformers", "onnx", "onnxruntime")
_OPSET = 17


def export(work: Path, weights: Path, name: str, source: str) -> None:
    """Write the compiled form of the model in `weights` into `work`.

    Where ONNX cannot do the model, the manifest says that torch serves it, and why.
    """
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(
        str(weights), device="cpu", model_kwargs={"attn_implementation": "eager"}
    )
    model.eval()
    model.max_seq_length = sentence_length(weights, model.max_seq_length or 256)
    # save() writes what the library uses; a published tokenizer.json may still carry padding.
    Path(work / TOKENIZER_FILE).write_text(
        model.tokenizer.backend_tokenizer.to_str(), encoding="utf-8"
    )
    prompts = read_prompts(weights, name)
    facts: dict[str, Any] = {
        "model": name,
        "source": source,
        "dimensions": model.get_embedding_dimension(),
        "max_tokens": model.max_seq_length,
        "pad_id": model.tokenizer.pad_token_id or 0,
        "prompts": prompts,
        "calibration": calibrate(partial(_vectors, model), prompts),
        "versions": {package: version(package) for package in _TOOLS},
    }
    try:
        cosine = _export_and_verify(model, work, facts)
    except Exception as error:  # the exporter raises many kinds; torch then serves the model
        (work / MODEL_FILE).unlink(missing_ok=True)
        files = {TOKENIZER_FILE: record_file(work / TOKENIZER_FILE)}
        reason = str(error).strip().splitlines() or [type(error).__name__]
        write_manifest(work, Manifest(engine="torch", reason=reason[0], files=files, **facts))
        return
    files = {file: record_file(work / file) for file in (MODEL_FILE, TOKENIZER_FILE)}
    write_manifest(work, Manifest(engine="onnx", cosine=cosine, files=files, **facts))


def _export_and_verify(model: SentenceTransformer, work: Path, facts: dict[str, Any]) -> float:
    """Write `model.onnx` into `work`; the lowest cosine to `model` over the samples."""
    from aiana.embeddings.onnx import OnnxEngine

    raw = work / "raw.onnx"
    _export(model, raw)
    _fuse(model, raw, work / MODEL_FILE)
    raw.unlink()
    engine = OnnxEngine(work / MODEL_FILE, facts["pad_id"])
    tokenizer = model.tokenizer.backend_tokenizer
    tokenizer.no_padding()
    tokenizer.enable_truncation(facts["max_tokens"])
    actual = engine.run([tokenizer.encode(sample).ids for sample in SAMPLES])
    cosine = float(np.min(np.sum(_vectors(model, SAMPLES) * actual, axis=1)))
    if not cosine >= COSINE_FLOOR:
        raise ValueError(f"the exported model agrees with the original only to cosine {cosine:.6f}")
    return cosine


def _vectors(model: SentenceTransformer, texts: Sequence[str]) -> NDArray[np.float32]:
    # The library would put its default prompt before each, which ours have already.
    found = model.encode(list(texts), prompt="", normalize_embeddings=True, show_progress_bar=False)
    return np.asarray(found, np.float32)


def _export(model: SentenceTransformer, path: Path) -> None:
    """The whole pipeline, pooling and normalisation included, as one ONNX graph."""
    import torch

    class Pipeline(torch.nn.Module):
        def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
            features = {"input_ids": input_ids, "attention_mask": attention_mask}
            vectors = model(features)["sentence_embedding"]
            return torch.nn.functional.normalize(vectors, p=2, dim=1)

    pipeline = Pipeline()
    pipeline.model = model
    ids = torch.randint(5, min(1000, len(model.tokenizer)), (3, 17))
    mask = torch.ones_like(ids)
    mask[1, 9:] = 0
    text_axes = {0: "batch", 1: "sequence"}
    # The dynamo exporter's graph is not recognised by the attention fusion below.
    with torch.no_grad():
        torch.onnx.export(
            pipeline,
            (ids, mask),
            str(path),
            input_names=["input_ids", "attention_mask"],
            output_names=["embedding"],
            dynamic_axes={
                "input_ids": text_axes,
                "attention_mask": text_axes,
                "embedding": {0: "batch"},
            },
            opset_version=_OPSET,
            dynamo=False,
        )


def _fuse(model: SentenceTransformer, raw: Path, path: Path) -> None:
    from onnxruntime.transformers import optimizer  # type: ignore[import-untyped]

    transformer: Any = model[0]
    config = transformer.auto_model.config
    fused = optimizer.optimize_model(
        str(raw),
        model_type="bert",
        num_heads=config.num_attention_heads,
        hidden_size=config.hidden_size,
        opt_level=0,
    )
    fused.save_model_to_file(str(path))
