"""Compile an embedding model once, so that onnxruntime alone can serve it from then on.

The work takes seconds and memory, with torch much of both, so it runs in a process of its own:
`python -m aiana.embeddings.compile NAME FOLDER`.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import threading
from pathlib import Path

from filelock import FileLock, Timeout

from aiana.child import end_with_parent, run_child
from aiana.embeddings.locate import (
    ModelSource,
    cannot_compile,
    canonical_name,
    compiled_folder,
    fetch,
    is_rewritable,
    locate,
    locate_uncompiled,
    verify_package,
)
from aiana.embeddings.manifest import (
    check_digests,
    read_manifest,
)
from aiana.errors import Conflict, ModelUnavailable
from aiana.invocation import command
from aiana.private import make_folder

LOCK_TIMEOUT_S = 600
_BUSY = 3


def compile_model(
    name: str,
    models_dir: str | Path | None = None,
    *,
    download: bool = False,
    force: bool = False,
    stop: threading.Event | None = None,
) -> ModelSource:
    """Make sure that `name` can be served without torch, and say from where.

    A sound compiled model is left alone unless `force`; a damaged one is built again. `download`
    allows the Hugging Face hub where the machine does not have the model. Takes 2-4 s for a BERT,
    10-30 s by torch for others, in a process of its own, which ends with this one, and once `stop`
    is set; several callers at once wait for the first.

    Raises ModelUnavailable when there is nothing to compile, what it takes is not installed, or it
    was stopped; Conflict when another process has been compiling
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
    return ModelSource(
        kind="compiled", folder=folder, origin="compiled", manifest=read_manifest(folder)
    )


def _sound_source(name: str, models_dir: str | Path | None) -> ModelSource | None:
    try:
        source = locate(name, models_dir)
        if source.manifest is not None:
            check_digests(source.folder, source.manifest)
    except ModelUnavailable:
        return None  # missing or damaged: the caller deals with both
    return None if source.kind == "weights" else source


def _publishers_source(name: str, download: bool) -> ModelSource:
    try:
        return locate_uncompiled(name)
    except ModelUnavailable:
        if not download:
            raise
        return fetch(name)


def _run_compiler(
    name: str, source: ModelSource, folder: Path, force: bool, stop: threading.Event | None
) -> None:
    if reason := cannot_compile(name, source):
        raise ModelUnavailable(reason)
    compiler = [sys.executable, "-m", "aiana.embeddings.compile", name, str(source.folder)]
    compiler += [source.origin, str(folder), *(["--force"] if force else [])]
    code, output = run_child(compiler, stop)
    if code == 0:
        return
    if stop is not None and stop.is_set():
        raise ModelUnavailable(f"The compilation of {name} was stopped. The next use begins anew.")
    lines = output.strip().splitlines() or [f"it ended with code {code}"]
    if code == _BUSY:
        raise Conflict(lines[-1])
    raise ModelUnavailable(
        f"{name} could not be compiled: {lines[-1]}."
        f" Fix that, then run `{command('model', 'compile')}`."
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
        with FileLock(folder.parent / f".{folder.name}.lock", timeout=LOCK_TIMEOUT_S, mode=0o600):
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
    name, source = canonical_name(name), f"{origin} {weights}"
    if is_rewritable(weights):
        from aiana.embeddings.rewrite import rewrite

        rewrite(work, weights, name, source)
    else:
        from aiana.embeddings.export import export

        export(work, weights, name, source)


if __name__ == "__main__":
    sys.exit(main())
