"""A BERT sentence model as an ONNX graph, written from its weights by numpy and onnx alone.

Pooling and normalisation are inside the graph. The layers multiply in 8 bits (a scale for each word
piece of the activations and each column of the weights), or in float. Operators are those of
onnxruntime: https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import onnx

Floats = NDArray[np.float32]
_CONTRIB = "com.microsoft"
_OPSET = 17
_IR_VERSION = 8
_FLOAT, _UINT8, _INT32, _INT64 = 1, 2, 6, 7  # onnx.TensorProto's


class Quantized(NamedTuple):
    """A matrix in 8 bits: `values * scales` is what it stands for."""

    values: NDArray[np.int8]
    scales: Floats
    """One for each column (1, n), or for each row (n, 1)."""

    def floats(self) -> Floats:
        return np.asarray(self.values * self.scales, np.float32)


class BertWeights(NamedTuple):
    """The weights of a BERT encoder by the names that Hugging Face gives them, less `.weight`.

    Matrices are (inputs, outputs).
    """

    matrices: Mapping[str, Quantized]
    vectors: Mapping[str, Floats]
    """Biases (`....bias`) and layer norms (`....LayerNorm.weight`)."""
    embeddings: Mapping[str, Quantized]
    """`word`, `position`, `token_type`."""
    layers: int
    heads: int
    epsilon: float


def quantized(matrix: Floats, axis: int = 0) -> Quantized:
    """A matrix in 8 bits, symmetric, with a scale for each column (`axis` 0) or row (1)."""
    scales = np.maximum(np.abs(matrix).max(axis=axis, keepdims=True), np.finfo(np.float32).tiny)
    scales = np.asarray(scales / 127, np.float32)
    return Quantized(np.rint(matrix / scales).astype(np.int8), scales)


def bert_graph(
    weights: BertWeights, originals: Mapping[str, Floats] | None = None
) -> onnx.ModelProto:
    """The graph (`input_ids`, `attention_mask` -> `embedding`) that multiplies in 8 bits.

    With `originals`, the matrices and embeddings by name, it multiplies them in float instead.
    """
    return _Graph(weights, originals).build()


class _Graph:
    def __init__(self, weights: BertWeights, originals: Mapping[str, Floats] | None) -> None:
        self._weights = weights
        self._originals = originals
        self._nodes: list[Any] = []
        self._constants: dict[str, NDArray[Any]] = {}

    def build(self) -> onnx.ModelProto:
        from onnx import helper, numpy_helper

        hidden = self._embedded()
        self._node("Cast", ["attention_mask"], "mask", to=_INT32)
        for layer in range(self._weights.layers):
            hidden = self._layer(layer, hidden)
        self._pooled(hidden)
        width = self._weights.vectors["embeddings.LayerNorm.weight"].shape[0]
        text = ["batch", "sequence"]
        graph = helper.make_graph(
            self._nodes,
            "sentence",
            [
                helper.make_tensor_value_info("input_ids", _INT64, text),
                helper.make_tensor_value_info("attention_mask", _INT64, text),
            ],
            [helper.make_tensor_value_info("embedding", _FLOAT, ["batch", width])],
            [numpy_helper.from_array(value, name) for name, value in self._constants.items()],
        )
        opsets = [helper.make_opsetid("", _OPSET), helper.make_opsetid(_CONTRIB, 1)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=_IR_VERSION)

    def _node(
        self, kind: str, inputs: Sequence[str], outputs: str | list[str], **attributes: Any
    ) -> str:
        from onnx import helper

        outputs = [outputs] if isinstance(outputs, str) else outputs
        self._nodes.append(helper.make_node(kind, list(inputs), outputs, **attributes))
        return outputs[0]

    def _contrib(self, kind: str, inputs: Sequence[str], output: str, **attributes: Any) -> str:
        return self._node(kind, inputs, output, domain=_CONTRIB, **attributes)

    def _constant(self, name: str, value: NDArray[Any]) -> str:
        self._constants.setdefault(name, np.ascontiguousarray(value))
        return name

    def _vector(self, name: str) -> str:
        return self._constant(name, self._weights.vectors[name])

    def _embedded(self) -> str:
        place = self._table("position") + self._table("token_type")[0]
        self._constant("positions", place)
        for name, value in (("zero", 0), ("one", 1), ("two", 2)):
            self._constant(name, np.array([value], np.int64))
        self._node("Shape", ["input_ids"], "shape")
        self._node("Slice", ["shape", "one", "two"], "length")
        self._node("Slice", ["positions", "zero", "length", "zero"], "places")
        self._node("Add", [self._words(), "places"], "summed")
        norm = [self._vector(f"embeddings.LayerNorm.{part}") for part in ("weight", "bias")]
        return self._node(
            "LayerNormalization", ["summed", *norm], "embedded", epsilon=self._weights.epsilon
        )

    def _table(self, name: str) -> Floats:
        if self._originals is not None:
            return self._originals[name]
        return self._weights.embeddings[name].floats()

    def _words(self) -> str:
        if self._originals is not None:
            self._constant("words", self._originals["word"])
            return self._node("Gather", ["words", "input_ids"], "word")
        table = self._weights.embeddings["word"]
        self._constant("words", table.values)
        self._constant("word_scales", table.scales)
        self._node("Gather", ["words", "input_ids"], "word_values")
        self._node("Cast", ["word_values"], "word_floats", to=_FLOAT)
        self._node("Gather", ["word_scales", "input_ids"], "word_scale")
        return self._node("Mul", ["word_floats", "word_scale"], "word")

    def _layer(self, number: int, hidden: str) -> str:
        layer = f"encoder.layer.{number}"
        own = f"{layer}.attention.self"
        joined = self._linear(hidden, [f"{own}.{part}" for part in ("query", "key", "value")])
        width = self._weights.vectors[f"{own}.query.bias"].shape[0]
        self._constant("thirds", np.array([width] * 3, np.int64))
        parts = [f"{own}.{part}.out" for part in ("query", "key", "value")]
        self._node("Split", [joined, "thirds"], parts, axis=-1)
        attention = self._contrib(
            "MultiHeadAttention",
            [*parts, "", "mask"],
            f"{own}.out",
            num_heads=self._weights.heads,
        )
        hidden = self._residual(attention, hidden, f"{layer}.attention.output")
        inner = self._linear(hidden, [f"{layer}.intermediate.dense"], bias=False)
        bias = self._vector(f"{layer}.intermediate.dense.bias")
        inner = self._contrib("BiasGelu", [inner, bias], f"{layer}.intermediate.out")
        return self._residual(inner, hidden, f"{layer}.output")

    def _residual(self, values: str, hidden: str, name: str) -> str:
        norm = [self._vector(f"{name}.LayerNorm.{part}") for part in ("weight", "bias")]
        return self._contrib(
            "SkipLayerNormalization",
            [self._linear(values, [f"{name}.dense"]), hidden, *norm],
            f"{name}.out",
            epsilon=self._weights.epsilon,
        )

    def _linear(self, values: str, names: list[str], bias: bool = True) -> str:
        """Several layers over the same values as one product, their results side by side."""
        first = names[0]
        added = np.concatenate([self._weights.vectors[f"{name}.bias"] for name in names])
        bias_name = self._constant(f"{first}.bias.joined", added) if bias else ""
        if self._originals is not None:
            joined = np.concatenate([self._originals[name] for name in names], axis=1)
            self._constant(f"{first}.matrix", joined)
            product = self._node("MatMul", [values, f"{first}.matrix"], f"{first}.product")
            return self._node("Add", [product, bias_name], f"{first}.sum") if bias else product
        parts = [self._weights.matrices[name] for name in names]
        self._constant(f"{first}.matrix", np.concatenate([part.values for part in parts], axis=1))
        scales = np.concatenate([part.scales.reshape(-1) for part in parts])
        self._constant(f"{first}.scales", scales)
        integers, scale = self._integers(values)
        product = self._node(
            "MatMulInteger", [integers, f"{first}.matrix", "middle"], f"{first}.integers"
        )
        product = self._node("Cast", [product], f"{first}.floats", to=_FLOAT)
        product = self._node("Mul", [product, scale], f"{first}.scaled")
        product = self._node("Mul", [product, f"{first}.scales"], f"{first}.product")
        return self._node("Add", [product, bias_name], f"{first}.sum") if bias else product

    def _integers(self, values: str) -> tuple[str, str]:
        """Activations in 8 bits, and the scale of each row.

        With a scale of its own a word piece does not depend on what else is in its batch.
        """
        self._constant("middle", np.array(128, np.uint8))
        half_up = self._constant("middle.half", np.array(128.5, np.float32))
        step = self._constant("step", np.array(1 / 127, np.float32))
        self._node("Abs", [values], f"{values}.sizes")
        self._node("ReduceMax", [f"{values}.sizes"], f"{values}.most", axes=[-1], keepdims=1)
        self._constant("least", np.array(np.finfo(np.float32).tiny * 127, np.float32))
        self._node("Max", [f"{values}.most", "least"], f"{values}.size")
        scale = self._node("Mul", [f"{values}.size", step], f"{values}.scale")
        self._node("Div", [values, scale], f"{values}.steps")
        self._node("Add", [f"{values}.steps", half_up], f"{values}.shifted")
        return self._node("Cast", [f"{values}.shifted"], f"{values}.integers", to=_UINT8), scale

    def _pooled(self, hidden: str) -> None:
        """The mean over the word pieces; normalised, so that the sum does as well."""
        self._node("Cast", ["attention_mask"], "present", to=_FLOAT)
        self._node("Unsqueeze", ["present", "two"], "presence")
        self._node("Mul", [hidden, "presence"], "pieces")
        self._node("ReduceSum", ["pieces", "one"], "sum", keepdims=0)
        self._node("LpNormalization", ["sum"], "embedding", axis=-1, p=2)
