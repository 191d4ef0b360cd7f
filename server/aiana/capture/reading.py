"""Walks through folders of other programs."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path


def walk(
    folder: Path,
    is_wanted: Callable[[Path], bool],
    enters: Callable[[Path], bool] = lambda folder: True,
) -> Iterator[Path | OSError]:
    """Regular files that are wanted, below a folder and those in it which are entered, and an
    error for each folder that cannot be read; nothing of it costs the others."""
    errors: list[OSError] = []
    for place, folders, files in os.walk(folder, onerror=errors.append):
        yield from errors
        errors.clear()
        folders[:] = sorted(name for name in folders if enters(Path(place, name)))
        for name in sorted(files):
            path = Path(place, name)
            if is_wanted(path) and path.is_file():
                yield path
    yield from errors
