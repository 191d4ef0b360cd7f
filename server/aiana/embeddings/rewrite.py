"""Compile a BERT sentence model from its weights: seconds, without torch."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from importlib.metadata import version
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from aiana.embeddings.bert import bert_graph
from aiana.embeddings.calibration import calibrate
from aiana.embeddings.manifest import (
    MODEL_FILE,
    TOKENIZER_FILE,
    Manifest,
    record_file,
    write_manifest,
)
from aiana.embeddings.onnx import OnnxEngine
from aiana.embeddings.prompts import read_prompts
from aiana.embeddings.samples import SAMPLES
from aiana.embeddings.weights import SentenceModel, read_sentence_model
from aiana.errors import ModelUnavailable

COSINE_FLOOR = 0.95
"""Of the 8-bit graph to the float one; below it the processor's products saturate."""
_TOOLS = ("onnx", "onnxruntime")


def rewrite(work: Path, weights: Path, name: str, source: str) -> None:
    """Write the compiled form of the model in `weights` into `work`.

    It multiplies in 8 bits (twice as fast, a quarter of the size) unless this processor does so
    badly. Raises ModelUnavailable if the folder does not hold what it says.
    """
    import onnx

    try:
        model = read_sentence_model(weights)
        floats = bert_graph(model.weights, model.originals)
        integers = bert_graph(model.weights)
    except (KeyError, ValueError, OSError) as error:
        raise ModelUnavailable(f"The weights in {weights} cannot be read: {error!r}") from error
    exact, fast = work / "float.onnx", work / MODEL_FILE
    onnx.save(floats, str(exact))
    onnx.save(integers, str(fast))
    cosine = _lowest_cosine(model, exact, fast)
    if cosine < COSINE_FLOOR:
        exact.replace(fast)
        cosine = 1.0
    exact.unlink(missing_ok=True)
    prompts = read_prompts(weights, name)
    engine = OnnxEngine(fast, model.pad_id)
    (work / TOKENIZER_FILE).write_text(model.tokenizer.to_str(), encoding="utf-8")
    manifest = Manifest(
        engine="onnx",
        dimensions=int(model.weights.vectors["embeddings.LayerNorm.weight"].shape[0]),
        max_tokens=model.max_tokens,
        pad_id=model.pad_id,
        cosine=cosine,
        prompts=prompts,
        calibration=calibrate(partial(_vectors, model, engine), prompts),
        versions={package: version(package) for package in _TOOLS},
        files={file: record_file(work / file) for file in (MODEL_FILE, TOKENIZER_FILE)},
        model=name,
        source=source,
    )
    write_manifest(work, manifest)


def _lowest_cosine(model: SentenceModel, first: Path, second: Path) -> float:
    """Over the samples."""
    a, b = (_vectors(model, OnnxEngine(path, model.pad_id), SAMPLES) for path in (first, second))
    return float(np.min(np.sum(a * b, axis=1)))


def _vectors(model: SentenceModel, engine: OnnxEngine, texts: Sequence[str]) -> NDArray[np.float32]:
    """Of the beginnings of `texts`, each by itself."""
    model.tokenizer.no_padding()
    model.tokenizer.enable_truncation(model.max_tokens)
    rows = [model.tokenizer.encode(text).ids for text in texts]
    model.tokenizer.no_truncation()
    return np.concatenate([engine.run([row]) for row in rows])
