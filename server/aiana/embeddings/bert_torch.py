"""The torch engine for BERT sentence models; sentence-transformers takes seconds to import."""

from __future__ import annotations

import threading
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn import functional

from aiana.embeddings.weights import read_sentence_model
from aiana.errors import ModelUnavailable

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Kernels of attention read masks in steps of 16, and lengths that recur reuse what was allocated.
_STEP = 16


def prepare(device: str, threads: int) -> None:
    """Set torch up for `device`, for the whole process."""
    if device == "cpu":
        torch.set_num_threads(threads)
    else:
        # Attention took 5 ms a call on an H100 where shapes were new; cuDNN plans each of them.
        torch.backends.cuda.enable_cudnn_sdp(False)


def padded(
    rows: list[list[int]], pad_id: int, step: int = 1
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Word-piece ids, and which of them are no padding, each of shape (rows, pieces of the longest
    rounded up to a multiple of `step`)."""
    lengths = np.fromiter(map(len, rows), dtype=np.int64, count=len(rows))
    width = -(-int(lengths.max()) // step) * step
    present = np.arange(width) < lengths[:, None]
    ids = np.full(present.shape, pad_id, dtype=np.int64)
    ids[present] = np.fromiter(chain.from_iterable(rows), dtype=np.int64, count=lengths.sum())
    return ids, present


class BertEngine:
    """Runs a folder that is rewritable on `device` (`cuda`, `mps` or `cpu`).

    On CUDA in half precision: twice as fast, and the cosine to full precision is 0.9995.

    Raises ModelUnavailable if the folder cannot be read or the machine has no such device.
    """

    name = "torch"

    def __init__(self, folder: Path, device: str, threads: int) -> None:
        prepare(device, threads)
        self.device = device
        self._lock = threading.Lock()
        self._dtype = torch.float16 if device.startswith("cuda") else torch.float32
        try:
            model = read_sentence_model(folder)
            self._heads, self._epsilon = model.weights.heads, model.weights.epsilon
            self._pad_id = model.pad_id
            tables = model.originals
            self._words = self._move(tables["word"])
            self._places = self._move(tables["position"] + tables["token_type"][0])
            self._matrices = {
                name: self._move(matrix.T)
                for name, matrix in tables.items()
                if name.startswith("encoder.")
            }
            self._vectors = {name: self._move(v) for name, v in model.weights.vectors.items()}
        except (KeyError, ValueError, OSError, RuntimeError, AssertionError) as error:
            reason = (str(error).strip() or type(error).__name__).splitlines()[0]
            raise ModelUnavailable(f"{folder} cannot be loaded on {device}: {reason}.") from error
        self._layers = range(model.weights.layers)
        self.dimensions = self._words.shape[1]
        self.batch_tokens = 1024 if device == "cpu" else 65_536

    def run(self, rows: list[list[int]]) -> NDArray[np.float32]:
        """L2-normalised vectors, shape (len(rows), dimensions), of rows of word-piece ids."""
        ids, mask = padded(rows, self._pad_id, _STEP)
        with self._lock, torch.inference_mode():
            present = torch.from_numpy(mask).to(self.device)
            hidden = self._encode(torch.from_numpy(ids).to(self.device), present)
            summed = (hidden * present[:, :, None]).sum(1, dtype=torch.float32)
            vectors: NDArray[np.float32] = functional.normalize(summed, dim=1).cpu().numpy()
        return vectors

    def _move(self, values: NDArray[np.float32]) -> torch.Tensor:
        return torch.tensor(values).to(self.device, self._dtype)

    def _encode(self, ids: torch.Tensor, present: torch.Tensor) -> torch.Tensor:
        """The last layer, shape (rows, pieces, width)."""
        hidden = functional.embedding(ids, self._words) + self._places[: ids.shape[1]]
        hidden = self._normed(hidden, "embeddings")
        for number in self._layers:
            layer = f"encoder.layer.{number}"
            hidden = self._residual(
                self._attention(hidden, present, f"{layer}.attention.self"),
                hidden,
                f"{layer}.attention.output",
            )
            inner = functional.gelu(self._linear(hidden, f"{layer}.intermediate.dense"))
            hidden = self._residual(inner, hidden, f"{layer}.output")
        return hidden

    def _attention(self, hidden: torch.Tensor, present: torch.Tensor, name: str) -> torch.Tensor:
        shape = (*present.shape, self._heads, -1)
        query, key, value = (
            self._linear(hidden, f"{name}.{part}").view(shape).transpose(1, 2)
            for part in ("query", "key", "value")
        )
        mask = present[:, None, None, :]
        attended = functional.scaled_dot_product_attention(query, key, value, attn_mask=mask)
        return attended.transpose(1, 2).flatten(2)

    def _residual(self, values: torch.Tensor, hidden: torch.Tensor, name: str) -> torch.Tensor:
        return self._normed(self._linear(values, f"{name}.dense") + hidden, name)

    def _linear(self, values: torch.Tensor, name: str) -> torch.Tensor:
        return functional.linear(values, self._matrices[name], self._vectors[f"{name}.bias"])

    def _normed(self, values: torch.Tensor, name: str) -> torch.Tensor:
        scale, shift = (self._vectors[f"{name}.LayerNorm.{part}"] for part in ("weight", "bias"))
        return functional.layer_norm(values, scale.shape, scale, shift, self._epsilon)
