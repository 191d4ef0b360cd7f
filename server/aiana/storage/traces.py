"""Looks for words in the bytes of the files of the data folder."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

_LEFT_OUT = {"models"}
_VECTORS = ".bin"
"""Files that hold numbers alone."""
_BLOCK = 4 << 20

_kept_open: dict[tuple[int, int], int] = {}
"""Closing a database would take away the locks that SQLite has on it in this process."""
_reading = threading.Lock()


def files_of(home: Path) -> list[Path]:
    """Those that may hold words, databases and their copies included."""
    return list(_files(home))


def holding(
    files: Sequence[Path], words: Sequence[str], report: Callable[[int, int], object] | None = None
) -> list[Path]:
    """The files in which one of the words stands; `report` is told of bytes, done and in all."""
    wanted = [word.encode("utf-8", "replace") for word in words]
    if not wanted:
        return []
    sizes = [_size(path) for path in files]
    done, found = 0, []
    for path, size in zip(files, sizes, strict=True):
        if _holds(path, wanted):
            found.append(path)
        done += size
        if report is not None:
            report(done, sum(sizes))
    return found


def _files(home: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(home):
        if Path(folder) == home:
            folders[:] = [name for name in folders if name not in _LEFT_OUT]
        for name in names:
            path = Path(folder, name)
            # The index of a log holds no words, but the locks of all who use the database, which
            # whoever opens and closes it takes away from their own process.
            if name.endswith(("-shm", _VECTORS)):
                continue
            if path.is_file() and not path.is_symlink():
                yield path


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _holds(path: Path, words: Sequence[bytes]) -> bool:
    overlap = max(map(len, words)) - 1
    with _reading:
        try:
            descriptor = _opened(path)
        except OSError:
            return False
        try:
            block = b""
            os.lseek(descriptor, 0, os.SEEK_SET)
            while read := os.read(descriptor, _BLOCK):
                block = block[-overlap:] + read
                if any(word in block for word in words):
                    return True
            return False
        finally:
            if descriptor not in _kept_open.values():
                os.close(descriptor)


def _opened(path: Path) -> int:
    """A descriptor for reading; that of a database is shared, and stays open."""
    status = path.stat()
    place = (status.st_dev, status.st_ino)
    if place in _kept_open:
        return _kept_open[place]
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    descriptor = os.open(path, flags)
    if path.suffix == ".db" and path.parent.name != "backups":
        _kept_open[place] = descriptor
    return descriptor
