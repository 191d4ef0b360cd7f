"""Opens files of other programs without ever waiting for one."""

from __future__ import annotations

import os
import stat
from io import BufferedReader
from pathlib import Path

from aiana.errors import UnreadableFile


def open_regular(path: Path) -> BufferedReader:
    """A regular file, open for reading. Raises OSError, and UnreadableFile for any other.

    Opening a pipe would wait for ever, and reading a device never ends.
    """
    if not stat.S_ISREG(path.stat().st_mode):
        # Looked at before it is opened as well: some devices act on being opened.
        raise UnreadableFile("It is not a regular file.")
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    descriptor = os.open(path, flags)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise UnreadableFile("It is not a regular file.")
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def text_of(path: Path, errors: str = "strict") -> str:
    """The UTF-8 text of a regular file; Windows' editors begin one with a byte order mark.

    Raises OSError, UnreadableFile and UnicodeDecodeError.
    """
    with open_regular(path) as file:
        return file.read().decode("utf-8-sig", errors)


def small_file(path: Path) -> bytes:
    """A small file that a program keeps beside its own; empty if there is none."""
    try:
        with open_regular(path) as file:
            return file.read(1 << 20)
    except (OSError, ValueError, UnreadableFile):
        return b""


def small_text(path: Path) -> str:
    """The same as text."""
    return small_file(path).decode("utf-8", "replace")
