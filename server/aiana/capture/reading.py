"""Opens files of other programs without ever waiting for one."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from io import BufferedReader
from pathlib import Path

from aiana.errors import UnreadableTranscript


def open_regular(path: Path) -> BufferedReader:
    """A regular file, open for reading. Raises OSError, and UnreadableTranscript for any other.

    Opening a pipe would wait for ever, and reading a device never ends.
    """
    if not stat.S_ISREG(path.stat().st_mode):
        # Looked at before it is opened as well: some devices act on being opened.
        raise UnreadableTranscript("It is not a regular file.")
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    descriptor = os.open(path, flags)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise UnreadableTranscript("It is not a regular file.")
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def small_text(path: Path) -> str:
    """The text of a small file that a program keeps beside a conversation; "" if there is none."""
    try:
        with open_regular(path) as file:
            return file.read(1 << 20).decode("utf-8", "replace")
    except (OSError, ValueError, UnreadableTranscript):
        return ""


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
