"""Compile a sentence-transformers model once, so that onnxruntime alone can serve it from then on.

The work needs torch (8-15 s to import, 500 MB), so it runs in a process of its own:
`python -m aiana.embeddings.compile NAME FOLDER`.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import threading
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout

from aiana.embeddings.child import end_with_parent, run_child
from aiana.embeddings.locate import (
    Source,
    cannot_compile,
    canonical_name,
    compiled_folder,
    fetch,
    locate,
    locate_uncompiled,
    sentence_length,
    verify_package,
)
from aiana.embeddings.manifest import (
    MODEL_FILE,
    TOKENIZER_FILE,
    Manifest,
    check_digests,
    read_manifest,
    record_file,
    write_manifest,
)
from aiana.errors import Conflict, ModelUnavailable
from aiana.invocation import command
from aiana.private import make_folder

if TYPE_CHECKING:
    import torch
    from sentence_transformers import SentenceTransformer

COSINE_FLOOR = 0.9999
LOCK_TIMEOUT_S = 600
_BUSY = 3
_TOOLS = ("torch", "sentence-transformers", "transformers", "onnx", "onnxruntime")
_OPSET = 17
_SAMPLES = (
    "Fix security vulnerability",
    "how did I fix the security issue",
    "",
    "The quick brown fox jumps over the lazy dog. It was not amused; the dog, however, was.",
    "def parse(line: str) -> dict[str, int]:\n    key, _, value = line.partition('=')\n"
    "    return {key.strip(): int(value)}\n",
    'Traceback (most recent call last):\n  File "app.py", line 3, in <module>\n'
    "KeyError: 'DATABASE_URL'",
    "git rebase -i HEAD~3 && git push --force-with-lease origin feature/login",
    "SELECT s.id, COUNT(*) FROM sessions AS s JOIN messages USING (session_id) GROUP BY 1;",
    "La requête échoue quand l'en-tête Authorization est vide.",
    "数据库连接池在高并发下耗尽",
    "🚀 shipped! ✅ tests ❌ lint",
    "getUserById foo-bar src/a/b.py 0x7fff5fbff8a0 v1.2.3-rc.4",
    "a",
    "word " * 200,
)


def compile_model(
    name: str,
    models_dir: str | Path | None = None,
    *,
    download: bool = False,
    force: bool = False,
    stop: threading.Event | None = None,
) -> Source:
    """Make sure that `name` can be served without torch, and say from where.

    A sound compiled model is left alone unless `force`; a damaged one is built again. `download`
    allows the Hugging Face hub where the machine does not have the model. Takes 10-30 s in a
    process of its own, which ends with this one, and once `stop` is set; several callers at once
    wait for the first.

    Raises ModelUnavailable when there is nothing to compile, torch, sentence-transformers or
    onnx are not installed, or it was stopped; Conflict when another process has been compiling
    for ten minutes.
    """
    if not force:
        sound = _sound_source(name, models_dir)
        if sound is not None:
            return sound
    source = _publishers_source(name, download)
    folder = compiled_folder(name, models_dir)
    if source.kind == "onnx":
        shutil.rmtree(folder, ignore_errors=True)
        return source
    verify_package(source)
    _run_compiler(name, source, folder, force, stop)
    return Source(kind="compiled", folder=folder, origin="compiled", manifest=read_manifest(folder))


def _sound_source(name: str, models_dir: str | Path | None) -> Source | None:
    try:
        source = locate(name, models_dir)
        if source.manifest is not None:
            check_digests(source.folder, source.manifest)
    except ModelUnavailable:
        return None  # missing or damaged: the caller mends both
    return None if source.kind == "weights" else source


def _publishers_source(name: str, download: bool) -> Source:
    try:
        return locate_uncompiled(name)
    except ModelUnavailable:
        if not download:
            raise
        return fetch(name)


def _run_compiler(
    name: str, source: Source, folder: Path, force: bool, stop: threading.Event | None
) -> None:
    if reason := cannot_compile(name):
        raise ModelUnavailable(reason)
    compiler = [sys.executable, "-m", "aiana.embeddings.compile", name, str(source.folder)]
    compiler += [source.origin, str(folder), *(["--force"] if force else [])]
    code, told = run_child(compiler, stop)
    if code == 0:
        return
    if stop is not None and stop.is_set():
        raise ModelUnavailable(f"The compilation of {name} was stopped. The next use begins anew.")
    lines = told.strip().splitlines() or [f"it ended with code {code}"]
    if code == _BUSY:
        raise Conflict(lines[-1])
    raise ModelUnavailable(
        f"{name} could not be compiled: {lines[-1]}."
        f" Mend that, then run `{command('model', 'compile')}`."
    )


def main() -> int:
    """The child process: compile under the model's lock and put the result in place."""
    parser = argparse.ArgumentParser(prog="python -m aiana.embeddings.compile")
    parser.add_argument("name")
    parser.add_argument("weights", type=Path)
    parser.add_argument("origin")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--force", action="store_true")
    given = parser.parse_args()
    end_with_parent()
    folder: Path = given.folder
    # What the exporter writes is for the owner alone, too.
    os.umask(0o077)
    make_folder(folder.parent)
    try:
        with FileLock(folder.parent / f".{folder.name}.lock", timeout=LOCK_TIMEOUT_S):
            if given.force or not _is_sound(folder):
                _build(given.name, given.weights, given.origin, folder)
    except Timeout:
        sys.stderr.write(f"another process has been compiling {given.name} for ten minutes\n")
        return _BUSY
    return 0


def _is_sound(folder: Path) -> bool:
    try:
        check_digests(folder, read_manifest(folder))
    except ModelUnavailable:
        return False
    return True


def _build(name: str, weights: Path, origin: str, folder: Path) -> None:
    for stale in folder.parent.glob(f".{folder.name}.tmp-*"):
        shutil.rmtree(stale, ignore_errors=True)  # left by a killed process: we hold the lock
    work = Path(tempfile.mkdtemp(prefix=f".{folder.name}.tmp-", dir=folder.parent))
    try:
        _compile_into(work, name, weights, origin)
        if folder.exists():
            folder.rename(Path(tempfile.mkdtemp(prefix=work.name, dir=work.parent)) / "old")
        work.rename(folder)
    finally:
        for left in folder.parent.glob(f".{folder.name}.tmp-*"):
            shutil.rmtree(left, ignore_errors=True)


def _compile_into(work: Path, name: str, weights: Path, origin: str) -> None:
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(
        str(weights), device="cpu", model_kwargs={"attn_implementation": "eager"}
    )
    model.eval()
    model.max_seq_length = sentence_length(weights, model.max_seq_length or 256)
    # save() writes what the library uses; a published tokenizer.json may still carry padding.
    Path(work / TOKENIZER_FILE).write_text(
        model.tokenizer.backend_tokenizer.to_str(), encoding="utf-8"
    )
    described: dict[str, Any] = {
        "model": canonical_name(name),
        "dimensions": model.get_embedding_dimension(),
        "max_tokens": model.max_seq_length,
        "pad_id": model.tokenizer.pad_token_id or 0,
        "source": f"{origin} {weights}",
        "versions": {package: version(package) for package in _TOOLS},
    }
    try:
        cosine = _export_and_verify(model, work, described)
    except Exception as error:  # the exporter raises many kinds; torch then serves the model
        (work / MODEL_FILE).unlink(missing_ok=True)
        files = {TOKENIZER_FILE: record_file(work / TOKENIZER_FILE)}
        reason = str(error).strip().splitlines() or [type(error).__name__]
        write_manifest(work, Manifest(engine="torch", reason=reason[0], files=files, **described))
        return
    files = {file: record_file(work / file) for file in (MODEL_FILE, TOKENIZER_FILE)}
    write_manifest(work, Manifest(engine="onnx", cosine=cosine, files=files, **described))


def _export_and_verify(model: SentenceTransformer, work: Path, described: dict[str, Any]) -> float:
    """Write `model.onnx` into `work`; the lowest cosine to `model` over the samples."""
    import numpy as np

    from aiana.embeddings.onnx import OnnxEngine

    raw = work / "raw.onnx"
    _export(model, raw)
    _fuse(model, raw, work / MODEL_FILE)
    raw.unlink()
    engine = OnnxEngine(work / MODEL_FILE, described["pad_id"])
    tokenizer = model.tokenizer.backend_tokenizer
    tokenizer.no_padding()
    tokenizer.enable_truncation(described["max_tokens"])
    expected = model.encode(list(_SAMPLES), normalize_embeddings=True, show_progress_bar=False)
    actual = engine.run([tokenizer.encode(sample).ids for sample in _SAMPLES])
    cosine = float(np.min(np.sum(np.asarray(expected) * actual, axis=1)))
    if not cosine >= COSINE_FLOOR:
        raise ValueError(f"the exported model agrees with the original only to cosine {cosine:.6f}")
    return cosine


def _export(model: SentenceTransformer, path: Path) -> None:
    """The whole pipeline, pooling and normalisation included, as one ONNX graph."""
    import torch

    class Pipeline(torch.nn.Module):
        def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
            features = {"input_ids": input_ids, "attention_mask": attention_mask}
            vectors = model(features)["sentence_embedding"]
            return torch.nn.functional.normalize(vectors, p=2, dim=1)

    pipeline = Pipeline()
    pipeline.model = model
    ids = torch.randint(5, min(1000, len(model.tokenizer)), (3, 17))
    mask = torch.ones_like(ids)
    mask[1, 9:] = 0
    text_axes = {0: "batch", 1: "sequence"}
    # The dynamo exporter's graph is not recognised by the attention fusion below.
    with torch.no_grad():
        torch.onnx.export(
            pipeline,
            (ids, mask),
            str(path),
            input_names=["input_ids", "attention_mask"],
            output_names=["embedding"],
            dynamic_axes={
                "input_ids": text_axes,
                "attention_mask": text_axes,
                "embedding": {0: "batch"},
            },
            opset_version=_OPSET,
            dynamo=False,
        )


def _fuse(model: SentenceTransformer, raw: Path, path: Path) -> None:
    from onnxruntime.transformers import optimizer  # type: ignore[import-untyped]

    transformer: Any = model[0]
    config = transformer.auto_model.config
    fused = optimizer.optimize_model(
        str(raw),
        model_type="bert",
        num_heads=config.num_attention_heads,
        hidden_size=config.hidden_size,
        opt_level=0,
    )
    fused.save_model_to_file(str(path))


if __name__ == "__main__":
    sys.exit(main())
