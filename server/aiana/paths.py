"""Paths as people write them."""

from __future__ import annotations

from pathlib import Path

SETTINGS_FILE = "config.toml"
"""In the data folder."""


def expanded(path: str | Path) -> Path:
    """`path`, where `~` is a home; that of nobody who is known here stays as it is written."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        return Path(path)
