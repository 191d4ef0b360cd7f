"""The torch engine for every other model: sentence-transformers (slow to import)."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from sentence_transformers import SentenceTransformer

from aiana.embeddings.bert_torch import padded, prepare
from aiana.errors import ModelUnavailable


class TorchEngine:
    """Runs a sentence-transformers folder on `device` (`cuda`, `mps` or `cpu`).

    On CUDA in half precision: twice as fast, and the cosine to full precision is 0.9995.

    Raises ModelUnavailable if the folder cannot be loaded or the machine has no such device.
    """

    name = "torch"

    def __init__(self, folder: Path, device: str, threads: int) -> None:
        prepare(device, threads)
        try:
            self._model = SentenceTransformer(str(folder), device=device, local_files_only=True)
            self._model.eval()
            if device.startswith("cuda"):
                self._model.half()
        except Exception as error:  # torch and transformers raise many kinds
            reason = (str(error).strip() or type(error).__name__).splitlines()[0]
            raise ModelUnavailable(
                f"sentence-transformers cannot load {folder} on {device}: {reason}."
                ' Choose device="cpu", or install the model again.'
            ) from error
        self.device = device
        self.dimensions = self._model.get_embedding_dimension() or 0
        self.batch_tokens = 1024 if device == "cpu" else 65_536
        self._pad_id = self._model.tokenizer.pad_token_id or 0
        self._lock = threading.Lock()

    def run(self, rows: list[list[int]]) -> NDArray[np.float32]:
        """L2-normalised vectors, shape (len(rows), dimensions), of rows of word-piece ids."""
        ids, mask = padded(rows, self._pad_id)
        features = {
            "input_ids": torch.from_numpy(ids).to(self.device),
            "attention_mask": torch.from_numpy(mask.astype(np.int64)).to(self.device),
        }
        with self._lock, torch.inference_mode():
            vectors = self._model(features)["sentence_embedding"]
            vectors = torch.nn.functional.normalize(vectors.float(), p=2, dim=1).cpu()
        result: NDArray[np.float32] = vectors.numpy()
        return result
