"""The manifest of a compiled model: what it is, and the digests that tell a torn or corrupt one."""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec
from msgspec import Struct, field

from aiana.errors import ModelUnavailable
from aiana.invocation import command

MANIFEST = "manifest.json"
MODEL_FILE = "model.onnx"
TOKENIZER_FILE = "tokenizer.json"
FORMAT = 1


def rebuild() -> str:
    """What to do about a compiled model that is damaged."""
    return f"Run `{command('model', 'compile')}` to build it again."


class FileRecord(Struct, frozen=True):
    """Size in bytes and SHA-256 (hex) of one file of a compiled model."""

    size: int
    sha256: str


class Prompts(Struct, frozen=True):
    """What is put before a query, and before everything that a query may find."""

    query: str = ""
    passage: str = ""


class Calibration(Struct, frozen=True, kw_only=True, rename="camel"):
    """What a model makes of texts that have nothing to do with each other."""

    query_centre: list[float] = field(default_factory=list)
    passage_centre: list[float] = field(default_factory=list)
    """What is taken off the vectors of each; empty of a model that needs it not."""
    least_cosine: float | None = None
    """Texts that are less alike are so by chance; None where nobody measured it."""


class Manifest(Struct, frozen=True, kw_only=True, rename="camel"):
    """What a compiled model says of itself; `engine` is `torch` where ONNX cannot do the model."""

    format: int = FORMAT
    engine: str
    model: str
    dimensions: int
    max_tokens: int
    pad_id: int
    source: str
    """Where the weights came from: a folder, or a package and its version."""
    cosine: float | None = None
    """Lowest cosine to sentence-transformers over the sample texts at compile time."""
    prompts: Prompts = Prompts()
    calibration: Calibration = Calibration()
    reason: str = ""
    """Why the engine is `torch`."""
    versions: dict[str, str] = field(default_factory=dict)
    files: dict[str, FileRecord] = field(default_factory=dict)


def read_manifest(folder: Path) -> Manifest:
    """The manifest of the compiled model in `folder`, its files' sizes checked.

    Raises ModelUnavailable if it is missing, torn, of another format, or a file has another size.
    """
    try:
        manifest = msgspec.json.decode((folder / MANIFEST).read_bytes(), type=Manifest)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise damaged(folder, f"{MANIFEST} cannot be read ({error})") from error
    if manifest.format != FORMAT:
        raise damaged(folder, f"it has format {manifest.format} and this Aiana reads {FORMAT}")
    for name, record in manifest.files.items():
        try:
            size = (folder / name).stat().st_size
        except OSError as error:
            raise damaged(folder, f"{name} is missing") from error
        if size != record.size:
            raise damaged(folder, f"{name} has {size} bytes instead of {record.size}")
    return manifest


def check_digests(folder: Path, manifest: Manifest) -> None:
    """Raise ModelUnavailable unless every file has its recorded SHA-256 (60 ms for 90 MB)."""
    for name, record in manifest.files.items():
        try:
            digest = sha256_of(folder / name)
        except OSError as error:
            raise damaged(folder, f"{name} cannot be read ({error})") from error
        if digest != record.sha256:
            raise damaged(folder, f"the content of {name} has changed since it was written")


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write `manifest` into `folder`."""
    text = msgspec.json.format(msgspec.json.encode(manifest), indent=2)
    (folder / MANIFEST).write_bytes(text + b"\n")


def record_file(path: Path) -> FileRecord:
    """Size and digest of `path`."""
    return FileRecord(size=path.stat().st_size, sha256=sha256_of(path))


def sha256_of(path: Path) -> str:
    """SHA-256 of the file's content, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def damaged(folder: Path, why: str) -> ModelUnavailable:
    """The error for a compiled model that cannot be used."""
    return ModelUnavailable(f"The compiled model in {folder} is damaged: {why}. {rebuild()}")
