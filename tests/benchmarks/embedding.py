"""Embedding speed, memory and agreement with sentence-transformers, on the same texts in one run.

    python tests/benchmarks/embedding.py [--texts FILE.jsonl] [--count 600] [--rounds 3]

FILE holds a JSON object with a `text` per line; without it the repository's own files are cut into
texts. Both engines use one core, each in a process of its own; rounds alternate between the two.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
QUERY = "how did I fix the security issue"
ENGINES = ("sentence-transformers", "aiana")
SPEED_GOAL, MEMORY_GOAL_MB, COSINE_GOAL = 1.3, 300, 0.9999


def own_texts() -> list[str]:
    """The repository's sources and pages in pieces of some twenty lines."""
    texts = []
    for pattern in ("*.md", "docs/**/*.md", "server/**/*.py", "tests/**/*.py"):
        for path in sorted(ROOT.glob(pattern)):
            lines = path.read_text(encoding="utf-8").splitlines()
            # Uneven lengths, as turns of a conversation have them.
            for start in range(0, len(lines), 20):
                texts.append("\n".join(lines[start : start + 3 + (start * 7) % 18]))
    return [text for text in texts if text.strip()]


def read_texts(path: Path | None, count: int) -> list[str]:
    """`count` texts spread evenly over those at hand, each no longer than the model's window.

    sentence-transformers drops what lies beyond the window and Aiana reads it all, so only on such
    texts do both do the same work.
    """
    from aiana.embeddings import Embedder

    embedder = Embedder(device="cpu")
    if path is None:
        texts = own_texts()
    else:
        texts = [json.loads(line)["text"] for line in path.open(encoding="utf-8")]
    step = max(1, len(texts) // count)
    return [embedder.windows(text)[0] for text in texts[::step][:count]]


def measure(engine: str, texts_file: Path, vectors_file: Path) -> dict[str, float]:
    """Run one engine in this process; save its vectors."""
    import numpy as np

    texts = json.loads(texts_file.read_text())
    started = time.perf_counter()
    if engine == "aiana":
        from aiana.embeddings import Embedder

        embedder = Embedder(device="cpu")
        embed: Any = embedder.batch_embed
    else:
        import torch
        from sentence_transformers import SentenceTransformer

        from aiana.embeddings.locate import DEFAULT_MODEL, locate_uncompiled

        torch.set_num_threads(1)
        model = SentenceTransformer(str(locate_uncompiled(DEFAULT_MODEL).folder), device="cpu")
        model.max_seq_length = 256

        def embed(batch: list[str]) -> Any:
            return model.encode(batch, normalize_embeddings=True, show_progress_bar=False)

    embed([QUERY])
    first = time.perf_counter() - started
    started = time.perf_counter()
    vectors = embed(texts)
    batch = time.perf_counter() - started
    queries = []
    for _ in range(50):
        started = time.perf_counter()
        embed([QUERY])
        queries.append(time.perf_counter() - started)
    np.save(vectors_file, vectors)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "texts/s": len(texts) / batch,
        "query ms": statistics.median(queries) * 1000,
        "first vector s": first,
        "peak MB": peak / (1024 if sys.platform == "linux" else 1024**2),
    }


def one_round(engine: str, texts_file: Path, vectors_file: Path) -> dict[str, float]:
    """`measure` in a fresh process on one core."""
    command = [sys.executable, __file__, "--measure", engine, str(texts_file), str(vectors_file)]
    env = {**os.environ, "OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}
    env["HF_HUB_OFFLINE"] = "1"
    done = subprocess.run(command, env=env, check=True, capture_output=True, text=True)
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures


def lowest_cosine(folder: Path) -> float:
    """Between the two engines' vectors, over all texts."""
    import numpy as np

    ours, theirs = (np.load(folder / f"{name}.npy") for name in ENGINES)
    return float((ours * theirs).sum(axis=1).min())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--texts", type=Path)
    parser.add_argument("--count", type=int, default=600)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--measure", nargs=3, metavar=("ENGINE", "TEXTS", "VECTORS"))
    given = parser.parse_args()
    if given.measure:
        engine, texts_file, vectors_file = given.measure
        print(json.dumps(measure(engine, Path(texts_file), Path(vectors_file))))
        return 0

    from aiana.embeddings import DEFAULT_MODEL, compile_model

    compile_model(DEFAULT_MODEL)
    texts = read_texts(given.texts, given.count)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        texts_file = folder / "texts.json"
        texts_file.write_text(json.dumps(texts))
        rounds: dict[str, list[dict[str, float]]] = {engine: [] for engine in ENGINES}
        for _ in range(given.rounds):
            for engine in ENGINES:
                rounds[engine].append(one_round(engine, texts_file, folder / f"{engine}.npy"))
        cosine = lowest_cosine(folder)
    return report(texts, rounds, cosine)


def report(texts: list[str], rounds: dict[str, list[dict[str, float]]], cosine: float) -> int:
    """Print the table; 1 if a goal is missed."""
    mean = sum(map(len, texts)) / len(texts)
    print(
        f"{platform.platform()}, {os.cpu_count()} cores, one used,"
        f" Python {platform.python_version()}"
    )
    print(
        f"{len(texts)} texts of {mean:.0f} characters on average, none beyond the window;"
        " median of rounds"
    )
    print(f"{'':24}{''.join(f'{name:>24}' for name in ENGINES)}")
    medians = {
        name: {key: statistics.median(r[key] for r in figures) for key in figures[0]}
        for name, figures in rounds.items()
    }
    for key in medians["aiana"]:
        print(f"{key:24}{''.join(f'{medians[name][key]:24.2f}' for name in ENGINES)}")
    speed = medians["aiana"]["texts/s"] / medians["sentence-transformers"]["texts/s"]
    peak = max(figures["peak MB"] for figures in rounds["aiana"])
    print(f"speed {speed:.2f}x sentence-transformers (goal {SPEED_GOAL}x)")
    print(f"highest peak {peak:.0f} MB (goal {MEMORY_GOAL_MB} MB)")
    print(f"lowest cosine {cosine:.7f} over all texts (goal {COSINE_GOAL})")
    return int(speed < SPEED_GOAL or peak > MEMORY_GOAL_MB or cosine < COSINE_GOAL)


if __name__ == "__main__":
    sys.exit(main())
