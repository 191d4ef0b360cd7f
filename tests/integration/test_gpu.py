"""A backlog in a process with torch, to which the processor is a device like any other."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import psutil
import pytest
from numpy.typing import NDArray

from aiana.embeddings import Embedder
from aiana.embeddings.gpu import GpuProcess
from aiana.indexing import backlog as backlogs
from aiana.indexing.backlog import BacklogEmbedder
from aiana.storage import AianaStorage
from aiana.storage.packing import unpack

MODEL = "all-MiniLM-L6-v2"
needs_torch = pytest.mark.skipif(not find_spec("torch"), reason="torch is not installed")


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[AianaStorage]:
    with AianaStorage(tmp_path / "home" / "conversations.db") as opened:
        yield opened


@pytest.fixture
def embedder(compiled_model_home: Path) -> Embedder:
    return Embedder(device="cpu", models_dir=compiled_model_home / "models")


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A backlog of any size is worth it, and takes several requests."""
    monkeypatch.setattr(backlogs, "WORTH_A_GPU", 1)
    monkeypatch.setattr("aiana.embeddings.gpu.GPU_BATCH", 4)
    monkeypatch.setattr(backlogs, "BATCH", 1)


def remember(storage: AianaStorage, count: int) -> list[str]:
    texts = [f"The cart of shop {n} is kept in Redis " + "and copied " * n for n in range(count)]
    for text in texts:
        storage.memories.add(text)
    return texts


def vectors_in(storage: AianaStorage) -> dict[str, np.ndarray]:
    with storage.database.reading() as connection:
        rows = connection.execute(
            "SELECT content, vector FROM memories JOIN vectors ON owner = -memories.key"
        ).fetchall()
    return {text: unpack(vector) for text, vector in rows}


class Awaited(GpuProcess):
    """One for which the processor does nothing meanwhile."""

    def is_ready(self) -> bool:
        while not super().is_ready():
            time.sleep(0.01)
        return True


@needs_torch
def test_vectors_come_in_the_order_of_texts(embedder: Embedder) -> None:
    texts = ["the cart is kept in Redis", "", "x " * 700, "Wir nehmen den Warenkorb aus Redis"]
    gpu = Awaited(MODEL, "cpu", embedder.models_dir)
    try:
        assert gpu.is_ready()
        gpu.send(texts[:3])
        gpu.send(texts[3:])
        vectors = np.concatenate([gpu.receive(), gpu.receive()])
    finally:
        gpu.close()
    assert vectors.shape == (4, 384)
    # 0.975 for the empty text where the processor has no products of 8 bits (AVX2).
    assert (vectors * embedder.batch_embed(texts)).sum(axis=1) == pytest.approx(1, abs=0.03)


@needs_torch
def test_backlog_goes_to_the_gpu(
    storage: AianaStorage, embedder: Embedder, small: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aiana.embeddings.gpu.GpuProcess", Awaited)
    texts = remember(storage, 23)
    work = BacklogEmbedder(storage, embedder, lambda: "cpu")
    assert list(work.run(23, lambda: False)) == [4, 4, 4, 4, 4, 3]
    assert work.gpu_failure is None
    found = vectors_in(storage)
    assert set(found) == set(texts)
    for text, expected in zip(texts, embedder.batch_embed(texts), strict=True):
        assert found[text] @ expected == pytest.approx(1, abs=0.02)


@needs_torch
def test_processor_takes_over_when_the_gpu_is_gone(
    storage: AianaStorage, embedder: Embedder, small: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Dying(Awaited):
        answers = 0

        def receive(self) -> NDArray[np.float32]:
            self.answers += 1
            if self.answers == 3:
                for child in psutil.Process().children():
                    child.kill()
            return super().receive()

    monkeypatch.setattr("aiana.embeddings.gpu.GpuProcess", Dying)
    monkeypatch.setattr("aiana.embeddings.gpu.IN_FLIGHT", 1)
    texts = remember(storage, 23)
    work = BacklogEmbedder(storage, embedder, lambda: "cpu")
    assert sum(work.run(23, lambda: False)) == 23
    assert set(vectors_in(storage)) == set(texts)
    assert work.gpu_failure is not None
    assert "its process ended with status -9" in work.gpu_failure


def test_processor_embeds_where_the_gpu_cannot_be_used(
    storage: AianaStorage, embedder: Embedder, small: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A driver reports a device, and torch cannot use it, or the weights are not there."""
    monkeypatch.setattr("aiana.embeddings.gpu.GpuProcess", Awaited)
    texts = remember(storage, 3)
    work = BacklogEmbedder(storage, embedder, lambda: "mps")
    assert list(work.run(3, lambda: False)) == [1, 1, 1]
    assert set(vectors_in(storage)) == set(texts)
    assert (work.gpu_failure or "").startswith("mps cannot be used: ")


@needs_torch
def test_processor_does_not_wait_for_the_gpu(
    storage: AianaStorage, embedder: Embedder, small: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Loading(GpuProcess):
        def is_ready(self) -> bool:
            return False

    monkeypatch.setattr("aiana.embeddings.gpu.GpuProcess", Loading)
    remember(storage, 3)
    work = BacklogEmbedder(storage, embedder, lambda: "cpu")
    assert list(work.run(3, lambda: False)) == [1, 1, 1]
    assert work.gpu_failure is None


@needs_torch
def test_attention_is_not_planned_for_each_shape() -> None:
    code = (
        "import torch\n"
        "from aiana.embeddings.bert_torch import prepare\n"
        "print(torch.backends.cuda.cudnn_sdp_enabled())\n"
        "prepare('cuda', 1)\n"
        "print(torch.backends.cuda.cudnn_sdp_enabled())\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "False"]


@needs_torch
def test_rows_tokenized_on_all_cores_are_those_of_one(embedder: Embedder) -> None:
    texts = [
        "",
        "the cart",
        "x " * 700,
        "ein Warenkorb. " * 90,
        "a" * 70_000,
        "\ud83d and 認証" * 99,
    ]
    assert embedder._rows_on_all_cores(texts, "") == embedder._rows(texts, "")


def test_small_backlog_asks_no_gpu(
    storage: AianaStorage, embedder: Embedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr("aiana.embeddings.gpu.GpuProcess")
    remember(storage, 3)
    assert sum(BacklogEmbedder(storage, embedder, lambda: "cuda").run(3, lambda: False)) == 3


def test_a_gpu_slows_no_search(compiled_model_home: Path, tmp_path: Path) -> None:
    """A driver that reports a device: neither queries nor a memory load torch for it."""
    compiler = shutil.which("cc")
    if compiler is None or not sys.platform.startswith("linux"):
        pytest.skip("there is no C compiler to make a driver with")
    source = "int cuInit(int f) { return 0; } int cuDeviceGetCount(int *n) { *n = 1; return 0; }"
    driver = tmp_path / "libcuda.so.1"
    subprocess.run(
        [compiler, "-shared", "-fPIC", "-x", "c", "-", "-o", driver],
        input=source.encode(),
        check=True,
    )
    home = tmp_path / "home"
    home.mkdir()
    (home / "models").symlink_to(compiled_model_home / "models")
    env = {**os.environ, "LD_LIBRARY_PATH": str(tmp_path), "AIANA_HOME": str(home)}

    def aiana(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-X", "importtime", "-m", "aiana", *words]
        return subprocess.run(command, env=env, capture_output=True, text=True, check=True)

    aiana("remember", "the cart is kept in Redis")
    embedded = aiana("reindex", "vectors")
    found = aiana("search", "--json", "--mode", "semantic", "basket storage")
    assert [hit["snippet"] for hit in json.loads(found.stdout)["hits"]] == [
        "the cart is kept in Redis"
    ]
    assert not re.search(r"\| +torch$", embedded.stderr + found.stderr, re.M)
    assert "4,000 texts and more at once on cuda" in aiana("status").stdout
