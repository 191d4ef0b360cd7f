"""Reads the weights of a BERT sentence model without torch, and its tokenizer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from aiana.embeddings.bert import BertWeights, Floats, Quantized, quantized
from aiana.embeddings.locate import INT8_FILE, pad_token, sentence_length
from aiana.embeddings.manifest import TOKENIZER_FILE
from aiana.embeddings.wordpiece import uncased_tokenizer

if TYPE_CHECKING:
    from tokenizers import Tokenizer

MINILM_LAYERS, MINILM_HEADS, BERT_EPSILON = 6, 12, 1e-12
_TABLES = ("word", "position", "token_type")


class SentenceModel:
    """What a compiled model is made of."""

    def __init__(
        self,
        weights: BertWeights,
        originals: Mapping[str, Floats],
        tokenizer: Tokenizer,
        max_tokens: int,
        pad_id: int,
    ) -> None:
        self.weights = weights
        self.originals = originals
        """The same in float, as published or as near to it as there is."""
        self.tokenizer = tokenizer
        self.max_tokens = max_tokens
        self.pad_id = pad_id


def read_sentence_model(folder: Path) -> SentenceModel:
    """The model in a folder that is rewritable. Raises KeyError, ValueError and OSError."""
    if (folder / INT8_FILE).is_file():
        return _of_int8_export(folder / INT8_FILE)
    return _of_safetensors(folder)


def _of_safetensors(folder: Path) -> SentenceModel:
    """A sentence-transformers folder with a BERT encoder whose pieces are averaged."""
    from safetensors.numpy import load_file
    from tokenizers import Tokenizer

    config = json.loads((folder / "config.json").read_bytes())
    tensors = load_file(folder / "model.safetensors")
    tokenizer = Tokenizer.from_file(str(folder / TOKENIZER_FILE))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    named = {name.removeprefix("bert."): value for name, value in tensors.items()}
    originals = {
        table: _floats(named[f"embeddings.{table}_embeddings.weight"]) for table in _TABLES
    }
    vectors = {}
    for name, value in named.items():
        if not name.startswith(("embeddings.", "encoder.")):
            continue
        if value.ndim == 1 and value.dtype.kind == "f":
            vectors[name] = _floats(value)
        elif value.ndim == 2 and name.startswith("encoder."):
            originals[name.removesuffix(".weight")] = _floats(value.T)
    weights = BertWeights(
        matrices={n: quantized(m) for n, m in originals.items() if n not in _TABLES},
        vectors=vectors,
        embeddings={table: quantized(originals[table], axis=1) for table in _TABLES},
        layers=config["num_hidden_layers"],
        heads=config["num_attention_heads"],
        epsilon=config.get("layer_norm_eps", BERT_EPSILON),
    )
    pad_id, length = pad_token(folder), sentence_length(folder)
    return SentenceModel(weights, originals, tokenizer, length, pad_id)


def _floats(values: NDArray[Any]) -> Floats:
    return np.ascontiguousarray(values, np.float32)


def _of_int8_export(path: Path) -> SentenceModel:
    """all-MiniLM-L6-v2 as its package holds it: matrices as `<name>_q` times `<name>_scale`.

    A matrix goes by the name of the bias that is added to its product.
    """
    import onnx
    from onnx import numpy_helper

    graph = onnx.load(str(path)).graph
    held = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    made_by = {output: node for node in graph.node for output in node.output}
    adds = {name: node for node in graph.node if node.op_type == "Add" for name in node.input}
    matrices = {}
    for node in graph.node:
        scaled = made_by.get(node.input[1]) if node.op_type == "MatMul" else None
        if scaled is None or f"{scaled.output[0]}_q" not in held:
            continue
        name = scaled.output[0]
        bias = next(n for n in adds[node.output[0]].input if n.endswith(".bias"))
        matrices[_own(bias).removesuffix(".bias")] = _pair(held, name)
    vectors = {
        _own(name): _floats(value)
        for name, value in held.items()
        if name.startswith("inner.") and value.ndim == 1 and value.dtype == np.float32
    }
    tables = {
        table: _pair(held, f"inner.embeddings.{table}_embeddings.weight")
        for table in ("word", "position")
    }
    token_type = held["inner.embeddings.token_type_embeddings.weight"]
    tables["token_type"] = quantized(_floats(token_type), axis=1)
    weights = BertWeights(
        matrices=matrices,
        vectors=vectors,
        embeddings=tables,
        layers=MINILM_LAYERS,
        heads=MINILM_HEADS,
        epsilon=BERT_EPSILON,
    )
    originals = {name: part.floats() for name, part in {**matrices, **tables}.items()}
    originals["token_type"] = _floats(token_type)
    return SentenceModel(weights, originals, uncased_tokenizer(), 256, 0)


def _pair(held: Mapping[str, NDArray[Any]], name: str) -> Quantized:
    return Quantized(held[f"{name}_q"], _floats(held[f"{name}_scale"]))


def _own(name: str) -> str:
    return name.removeprefix("inner.")
