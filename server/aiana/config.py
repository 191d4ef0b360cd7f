"""Settings: flags, then the environment, then `config.toml` in the data folder, then defaults."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

ENVIRONMENT = {
    "embedding_model": "AIANA_EMBEDDING_MODEL",
    "embedding_device": "AIANA_EMBEDDING_DEVICE",
    "context_max_tokens": "AIANA_CONTEXT_MAX_TOKENS",
    "user": "AIANA_USER",
    "redis_url": "REDIS_URL",
    "qdrant_url": "QDRANT_URL",
    "qdrant_api_key": "QDRANT_API_KEY",
    "team": "AIANA_TEAM",
}


class Config(Struct, frozen=True, kw_only=True, rename="camel"):
    """All that a user can set; every field has a default that needs no thought."""

    data_dir: Path
    """Folder of the database, the models and `config.toml` (`AIANA_HOME`, default `~/.aiana`)."""
    embedding_model: str = "all-MiniLM-L6-v2"
    """Model name or path."""
    embedding_device: str | None = None
    """`cuda`, `mps` or `cpu`; the best one that exists when unset."""
    context_max_tokens: int = 1000
    """Budget of a context block in tokens."""
    user: str = "default"
    """Whose profile this is, where several people share a Redis or Qdrant."""
    redis_url: str | None = None
    qdrant_url: str | None = None
    qdrant_api_key: str | None = None
    team: bool = False
    """Memories are shared with, and those of colleagues found in, the same Qdrant."""
    qdrant_grpc_port: int | None = None
    """Port of Qdrant's gRPC interface, where that is to be used."""
    qdrant_shards: int | None = None
    """Of the collection when it is made; Qdrant's own default when unset, as for the next two."""
    qdrant_replicas: int | None = None
    qdrant_write_consistency: int | None = None
    qdrant_on_disk: bool = False
    """Vectors are read from disk instead of being held in memory."""
    qdrant_quantized: bool = False
    """Vectors are held in memory as 8-bit integers for the first pass over them."""

    @property
    def database(self) -> Path:
        return self.data_dir / "conversations.db"

    @property
    def pages_dir(self) -> Path:
        """Copies of sessions and memories for editors that can open nothing but files."""
        return self.data_dir / "pages"

    @property
    def models_dir(self) -> Path:
        return self.data_dir / "models"


def data_dir(environ: Mapping[str, str] = os.environ) -> Path:
    """`AIANA_HOME`, or `~/.aiana`."""
    home = environ.get("AIANA_HOME")
    return Path(home).expanduser().absolute() if home else Path.home() / ".aiana"


def load_config(
    overrides: Mapping[str, Any] | None = None, environ: Mapping[str, str] = os.environ
) -> tuple[Config, list[str]]:
    """The settings in force, and what is wrong with them in plain words.

    A setting that is wrong is left out, never fatal. `overrides` carries the keys of the
    configuration file in camelCase or snake_case, as an editor sends them.
    """
    problems: list[str] = []
    folder = data_dir(environ)
    merged: dict[str, Any] = {}
    layers = [
        (str(folder / "config.toml"), _read_file(folder / "config.toml", problems)),
        ("the environment", {f: environ[v] for f, v in ENVIRONMENT.items() if environ.get(v)}),
        ("the editor's settings", dict(overrides or {})),
    ]
    fields = {f.name: f for f in msgspec.structs.fields(Config) if f.name != "data_dir"}
    names = {f.encode_name: name for name, f in fields.items()}
    for origin, layer in layers:
        for key, value in layer.items():
            name = names.get(key, key)
            if name not in fields or value is None:
                continue
            try:
                merged[name] = msgspec.convert(value, fields[name].type, strict=False)
            except msgspec.ValidationError as error:
                problems.append(f"{key} in {origin} is ignored: {error}")
    return Config(data_dir=folder, **merged), problems


def _read_file(path: Path, problems: list[str]) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        problems.append(f"{path} is ignored: {error}")
        return {}
