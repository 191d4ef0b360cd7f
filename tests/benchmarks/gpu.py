"""A backlog on a GPU beside sentence-transformers on the same one, and what the GPU costs a search.

    python tests/benchmarks/gpu.py [--count 100000] [--searches 9]

Texts are the repository's own files, cut as the indexer cuts turns and numbered so that none are
equal. Where there is no GPU it says so and ends.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from aiana.embeddings import DEFAULT_MODEL, Embedder, compile_model
from aiana.embeddings.device import best_device
from aiana.embeddings.gpu import GPU_BATCH, IN_FLIGHT, GpuProcess
from aiana.embeddings.locate import locate_uncompiled, models_home

ROOT = Path(__file__).resolve().parents[2]
SPEED_GOAL, TOTAL_GOAL_S, COLD_GOAL = 5.0, 15.0, 1.05
BASELINE_BATCHES = (32, 1024)
BASELINE_COUNT = 20_000
CHUNK = 500


def numbered_texts(count: int) -> list[str]:
    """`count` texts of up to 500 characters, no two of them equal."""
    whole = "\n".join(path.read_text() for path in sorted((ROOT / "server").rglob("*.py")))
    pieces = [whole[start : start + CHUNK - 12] for start in range(0, len(whole), CHUNK - 12)]
    return [f"{n} {pieces[n % len(pieces)]}" for n in range(count)]


def baseline(texts: list[str], device: str) -> Iterator[tuple[int, float]]:
    """sentence-transformers: texts a second, for each size of its batches."""
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(locate_uncompiled(DEFAULT_MODEL).folder), device=device)
    for size in BASELINE_BATCHES:
        model.encode(texts[:size], batch_size=size, show_progress_bar=False)
        began = time.perf_counter()
        model.encode(texts, batch_size=size, normalize_embeddings=True, show_progress_bar=False)
        yield size, len(texts) / (time.perf_counter() - began)


def backlog(texts: list[str], device: str) -> tuple[float, float, NDArray[np.float32]]:
    """Our process: seconds until the model is loaded, seconds for the texts, the first vectors."""
    began = time.perf_counter()
    gpu = GpuProcess(DEFAULT_MODEL, device, models_home())
    try:
        while not gpu.is_ready():
            time.sleep(0.01)
        loaded = time.perf_counter()
        requests = deque(
            texts[start : start + GPU_BATCH] for start in range(0, len(texts), GPU_BATCH)
        )
        answers, waiting = [], 0
        while requests or waiting:
            while requests and waiting < IN_FLIGHT:
                gpu.send(requests.popleft())
                waiting += 1
            answers.append(gpu.receive())
            waiting -= 1
        return loaded - began, time.perf_counter() - loaded, answers[0]
    finally:
        gpu.close()


def cold_search(home: str, device: str) -> float:
    """Seconds from spawn to the end of a search by meaning."""
    env = {**os.environ, "AIANA_HOME": home, "AIANA_EMBEDDING_DEVICE": device}
    command = [sys.executable, "-m", "aiana", "search", "--mode", "semantic", "basket storage"]
    began = time.perf_counter()
    subprocess.run(command, env=env, check=True, capture_output=True)
    return time.perf_counter() - began


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--searches", type=int, default=9)
    given = parser.parse_args()
    device = best_device()
    if device == "cpu":
        print("There is no GPU that torch could use here: nothing is measured.")
        return 0

    with tempfile.TemporaryDirectory() as home:
        env = {**os.environ, "AIANA_HOME": home}
        compile_model(DEFAULT_MODEL, Path(home) / "models")
        for words in (["remember", "the cart is kept in Redis"], ["reindex", "vectors"]):
            command = [sys.executable, "-m", "aiana", *words]
            subprocess.run(command, env=env, check=True, capture_output=True)
        cold: dict[str, list[float]] = {"auto": [], "cpu": []}
        cold_search(home, "auto")
        for _ in range(given.searches):
            for choice, times in cold.items():
                times.append(cold_search(home, choice))
        search = {choice: statistics.median(times) for choice, times in cold.items()}
        texts = numbered_texts(given.count)
        loading, seconds, vectors = backlog(texts, device)
        processor = Embedder(device="cpu", models_dir=Path(home) / "models")
        expected = processor.batch_embed(texts[:200])
    theirs = dict(baseline(texts[:BASELINE_COUNT], device))

    import torch

    name = torch.cuda.get_device_name() if device == "cuda" else device
    best = max(theirs.values())
    ours = given.count / seconds
    print(f"{platform.platform()}, {name}, {os.cpu_count()} cores, torch {torch.__version__}")
    print(f"{given.count:,} texts of {CHUNK} characters; sentence-transformers {BASELINE_COUNT:,}")
    for size, speed in theirs.items():
        print(f"sentence-transformers, batches of {size:<6}{speed:12,.0f} texts/s")
    print(f"aiana{ours:44,.0f} texts/s   {ours / best:.1f}x the best (goal {SPEED_GOAL}x)")
    total = loading + seconds
    print(f"loading {loading:.1f} s, all texts after {total:.1f} s (goal {TOTAL_GOAL_S:.0f} s)")
    ratio = search["auto"] / search["cpu"]
    print(f"cold search {search['auto']:.2f} s, {ratio:.2f}x of one on `cpu` (goal {COLD_GOAL}x)")
    lowest = float((vectors[:200] * expected).sum(axis=1).min())
    print(f"lowest cosine to the processor's 8-bit model {lowest:.4f}")
    return int(ours < SPEED_GOAL * best or total > TOTAL_GOAL_S or ratio > COLD_GOAL)


if __name__ == "__main__":
    sys.exit(main())
