"""The engine for the CPU: a compiled or published ONNX model in onnxruntime, without torch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime as ort  # type: ignore[import-untyped]
from numpy.typing import NDArray

from aiana.embeddings.manifest import rebuild
from aiana.errors import ModelUnavailable


class OnnxEngine:
    """Runs an ONNX sentence model whose output is a vector per text, or one per word piece.

    Raises ModelUnavailable if onnxruntime cannot load the file.
    """

    name = "onnx"
    device = "cpu"
    # Two full windows: 1,024 took 8% more processor time and 30 MB more memory.
    batch_tokens = 512

    def __init__(self, path: Path, pad_id: int, threads: int = 1) -> None:
        self._pad_id = pad_id
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        # A spinning pool would burn a core of the editor's machine between two texts.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            self._session = ort.InferenceSession(
                str(path), options, providers=["CPUExecutionProvider"]
            )
            self._inputs = {given.name for given in self._session.get_inputs()}
            self.dimensions = int(self.run([[pad_id]]).shape[1])
        except Exception as error:  # onnxruntime's own kinds share no base class
            raise ModelUnavailable(
                f"onnxruntime cannot load {path}: {str(error).strip().splitlines()[0]}. {rebuild()}"
            ) from error

    def run(self, rows: list[list[int]]) -> NDArray[np.float32]:
        """L2-normalised vectors, shape (len(rows), dimensions), of rows of word-piece ids."""
        width = max(map(len, rows))
        ids = np.full((len(rows), width), self._pad_id, dtype=np.int64)
        mask = np.zeros((len(rows), width), dtype=np.int64)
        for index, row in enumerate(rows):
            ids[index, : len(row)] = row
            mask[index, : len(row)] = 1
        feed = {"input_ids": ids, "attention_mask": mask}
        if "token_type_ids" in self._inputs:
            feed["token_type_ids"] = np.zeros_like(ids)
        output: NDArray[np.float32] = self._session.run(None, feed)[0]
        return output if output.ndim == 2 else _mean_pooled(output, mask)


def _mean_pooled(pieces: NDArray[np.float32], mask: NDArray[np.int64]) -> NDArray[np.float32]:
    """Mean over the word pieces that are not padding, L2-normalised (as sentence-transformers)."""
    weights = mask[:, :, None].astype(np.float32)
    means = (pieces * weights).sum(axis=1) / weights.sum(axis=1)
    vectors: NDArray[np.float32] = means / np.linalg.norm(means, axis=1, keepdims=True)
    return vectors
