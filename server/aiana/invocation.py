"""How this Aiana was started and installed, so that advice can be followed as it stands."""

from __future__ import annotations

import json
import os
import shlex
import sys
from collections.abc import Iterable
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

NAME = "aiana"
EXTRAS = {
    "semantic": ("onnx", "onnxruntime", "safetensors", "tokenizers"),
    "redis": ("redis",),
    "qdrant": ("qdrant_client",),
    "zstd": ("zstandard",),
    "full": ("torch", "sentence_transformers"),
}
"""The optional parts: what to ask an installer for, and the modules that it brings."""
_EXTRA_OF = {module: extra for extra, modules in EXTRAS.items() for module in modules}
_EXTRA_OF["huggingface_hub"] = "semantic"


@cache
def program() -> str:
    """What to type to start this Aiana: `aiana`, or a path, or `python -m aiana`."""
    started = Path(sys.argv[0]) if sys.argv and sys.argv[0] else Path()
    if started.name == "__main__.py" and started.parent.name == NAME:
        return f"{_python()} -m {NAME}"
    if started.stem.lower() != NAME:  # within a program of somebody else
        started = Path(sys.executable).parent / NAME
    if not started.exists():
        started = started.with_suffix(".exe")
        if not started.exists():
            return f"{_python()} -m {NAME}"
    if "UV_RUN_RECURSION_DEPTH" in os.environ:
        return f"uv run {NAME}"
    if _by_uvx():
        return f"uvx {NAME}"
    found = _found(NAME)
    return NAME if found and Path(found).samefile(started) else quoted(str(started))


def command(*words: str) -> str:
    """A command line of this Aiana: `aiana model compile`."""
    return " ".join((program(), *map(quoted, words)))


def install(*extras: str) -> str:
    """The command that adds optional parts to this very installation; those it has are kept."""
    wanted = sorted({*extras, *(extra for extra in EXTRAS if not missing(EXTRAS[extra]))})
    source, address, editable = _origin()
    what = quoted(f"{source}[{','.join(wanted)}]{address}")
    prefix = Path(sys.prefix)
    if _by_uvx():
        return f"uvx --from {what} {NAME}"
    if (prefix / "uv-receipt.toml").is_file():
        return f"uv tool install {'--editable ' if editable else ''}{what}"
    if (prefix / "pipx_metadata.json").is_file():
        return f"pipx install --force {'--editable ' if editable else ''}{what}"
    pip = f"{_python()} -m pip install"
    if find_spec("pip") is None and _found("uv"):
        pip = f"uv pip install --python {quoted(sys.executable)}"
    return f"{pip} {'-e ' if editable else ''}{what}"


def missing(modules: Iterable[str]) -> list[str]:
    """Those of the modules that are not installed; none is imported."""
    return [module for module in modules if _absent(module)]


def unavailable(module: str, error: ImportError | None = None) -> str:
    """In words, why a module of an optional part is not there, and the command that installs it."""
    package = module.partition(".")[0].replace("_", "-")
    extra = _EXTRA_OF.get(module.partition(".")[0], "full")
    if error is None or (isinstance(error, ModuleNotFoundError) and error.name == module):
        return f"{package} is not installed. Run `{install(extra)}`."
    return f"{package} cannot be loaded ({error}). Run `{install(extra)}`."


def quoted(word: str) -> str:
    """A word as a shell takes it, on one line and without what a terminal acts on."""
    if os.name != "nt":
        if word.isprintable():
            return shlex.quote(word)
        return "$'" + "".join(map(_shown, word)) + "'"
    return word if word and not set(word) & set(" \t&()[]{}^=;!'+,`~") else f'"{word}"'


def _shown(sign: str) -> str:
    """A character as it stands between `$'` and `'`."""
    if sign.isprintable() and sign not in "'\\":
        return sign
    return "".join(f"\\x{byte:02x}" for byte in os.fsencode(sign))


def _absent(module: str) -> bool:
    try:
        return find_spec(module) is None
    except (ImportError, ValueError):  # half of it is there
        return True


def _python() -> str:
    for name in ("python3", "python"):
        found = _found(name)
        # Not the file that it links to: that is a Python without what a virtual one has.
        if found and Path(found).absolute() == Path(sys.executable).absolute():
            return name
    return quoted(sys.executable)


def _found(program: str) -> str | None:
    from shutil import which  # brings every way of compressing along

    return which(program)


def _by_uvx() -> bool:
    return "archive-v0" in Path(sys.prefix).parts


def _origin() -> tuple[str, str, bool]:
    """What was installed, from which address, and whether it is a folder that is being edited."""
    # Advice is rare, and these are slow to import.
    from importlib.metadata import PackageNotFoundError, distribution
    from urllib.parse import urlsplit
    from urllib.request import url2pathname

    try:
        text = distribution(NAME).read_text("direct_url.json")
        direct: dict[str, Any] = json.loads(text) if text else {}
    except (PackageNotFoundError, ValueError):
        direct = {}
    url = direct.get("url", "")
    if url.startswith("file:") and "dir_info" in direct:
        folder = url2pathname(urlsplit(url).path)
        return folder, "", bool(direct["dir_info"].get("editable"))
    if "vcs_info" in direct:
        return NAME, f" @ {direct['vcs_info'].get('vcs', 'git')}+{url}", False
    return NAME, "", False
