"""Runs in the environment of mempalace: texts and queries in, the sessions that it finds out.

    python in_mempalace.py UNITS QUERIES FOLDER MODEL

Each text is a drawer, filed as from a file that is named after its session. mempalace's default,
MiniLM on onnxruntime, is downloaded by chromadb when it is first used; here it is given MODEL, a
folder with the same model in 8 bits, which pools by itself.
"""

import json
import sys
from pathlib import Path

import numpy as np
from chromadb.utils.embedding_functions import ONNXMiniLM_L6_V2  # type: ignore[import-not-found]
from mempalace.miner import add_drawer  # type: ignore[import-not-found]
from mempalace.palace import get_collection  # type: ignore[import-not-found]
from mempalace.searcher import search_memories  # type: ignore[import-not-found]
from numpy.typing import NDArray
from onnxruntime import InferenceSession  # type: ignore[import-untyped]
from tokenizers import Tokenizer

MOST = 50
MAX_TOKENS = 256


def use_model(folder: Path) -> None:
    """Have chromadb embed with the model in a folder."""
    session = InferenceSession(str(folder / "model.onnx"))
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.enable_truncation(MAX_TOKENS)
    tokenizer.enable_padding()

    def embed(
        self: ONNXMiniLM_L6_V2, documents: list[str], batch_size: int = 32
    ) -> NDArray[np.float32]:
        vectors = []
        for start in range(0, len(documents), batch_size):
            encoded = tokenizer.encode_batch(documents[start : start + batch_size])
            given = {
                "input_ids": np.array([text.ids for text in encoded]),
                "attention_mask": np.array([text.attention_mask for text in encoded]),
            }
            vectors.append(session.run(None, given)[0])
        return np.concatenate(vectors).astype(np.float32)

    ONNXMiniLM_L6_V2._forward = embed
    ONNXMiniLM_L6_V2._download_model_if_not_exists = lambda self: None


def main(units: str, queries: str, folder: str, model: str) -> None:
    use_model(Path(model))
    palace = str(Path(folder) / "palace")
    drawers = get_collection(palace)
    for place, line in enumerate(Path(units).read_text("utf-8").splitlines()):
        unit = json.loads(line)
        name = f"/bench/{unit['session']}"
        add_drawer(drawers, "bench", "sessions", unit["text"], name, place, "bench")
    for line in Path(queries).read_text("utf-8").splitlines():
        found = search_memories(json.loads(line)["text"], palace, n_results=MOST)
        print(json.dumps([hit["source_file"].rpartition("/")[2] for hit in found["results"]]))


if __name__ == "__main__":
    main(*sys.argv[1:])
