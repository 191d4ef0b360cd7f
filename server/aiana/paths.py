"""Paths as people write them."""

from __future__ import annotations

import os
import re
from pathlib import Path

SETTINGS_FILE = "config.toml"
"""In the data folder."""
_PLACE = re.compile(r"(?P<file>.+?):(?P<first>\d{1,9})(?:[-,:](?P<last>\d{1,9}))?:?", re.S)


def expanded(path: str | Path) -> Path:
    """`path`, where `~` is a home; that of nobody who is known here stays as it is written."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        return Path(path)


def readable(path: str | Path) -> str:
    """`path` as every text can hold it: a byte of it that is no UTF-8 stands as `\\xe9`."""
    text = str(path)
    return text if text.isascii() else os.fsencode(text).decode("utf-8", "backslashreplace")


def is_folder(path: str | Path) -> bool:
    """Whether a folder is there, as far as this person may look."""
    try:
        return Path(path).is_dir()
    except (OSError, ValueError):
        return False


def lines_at(place: str) -> tuple[str, int, int] | None:
    """File, first and last line of `FILE:LINE`, `FILE:LINE-LINE` and `FILE:LINE:`."""
    if found := _PLACE.fullmatch(place):
        first = int(found["first"])
        return found["file"], first, int(found["last"] or first)
    return None
