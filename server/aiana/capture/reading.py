"""Walks through folders of other programs."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path


def walk(
    folder: Path,
    is_wanted: Callable[[Path], bool],
    enters: Callable[[Path], bool] = lambda folder: True,
    *,
    follows: bool = False,
) -> Iterator[Path | OSError]:
    """Regular files that are wanted, below a folder and those in it which are entered, and an
    error for each folder that cannot be read; nothing of it costs the others.

    With `follows` a link to a folder is one, unless it leads around or into one that is walked.
    """
    errors: list[OSError] = []
    links: list[Path] = [folder]
    walked: list[str] = []
    while links:
        top = links.pop(0)
        real = os.path.realpath(top).rstrip(os.sep) + os.sep
        if any(real.startswith(other) or other.startswith(real) for other in walked):
            continue
        walked.append(real)
        for place, folders, files in os.walk(top, onerror=errors.append):
            yield from errors
            errors.clear()
            folders[:] = sorted(name for name in folders if enters(Path(place, name)))
            if follows:
                links += [path for path in map(Path(place).joinpath, folders) if path.is_symlink()]
            for name in sorted(files):
                path = Path(place, name)
                if is_wanted(path) and path.is_file():
                    yield path
        yield from errors
        errors.clear()
