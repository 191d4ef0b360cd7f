"""Files and folders for their owner's eyes alone: made 0700 and 0600, never through a link."""

from __future__ import annotations

import contextlib
import errno
import os
from pathlib import Path

from aiana.errors import ReadOnly, StorageUnavailable

_NO_LINK = getattr(os, "O_NOFOLLOW", 0)
_WHY = {
    errno.EMFILE: "this process has too many files open",
    errno.ENFILE: "this machine has too many files open",
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "your share of the disk is full",
    errno.ENAMETOOLONG: "its name is too long",
    errno.ELOOP: "it is a link",
    errno.EROFS: "the file system is read-only",
    errno.EACCES: "you have no permission",
    errno.EPERM: "you have no permission",
}
_REFUSED = (errno.EROFS, errno.EACCES, errno.EPERM)


def make_folder(path: Path) -> None:
    """Make a folder, and those above it, for the owner alone. Raises StorageUnavailable."""
    try:
        if path.is_dir():
            return
        if path.parent != path:
            make_folder(path.parent)
        with contextlib.suppress(FileExistsError):
            path.mkdir(mode=0o700)
        if not path.is_dir():
            raise StorageUnavailable(f"{path} is not a folder. Set AIANA_HOME to a folder.")
    except OSError as error:
        raise unavailable(path, error) from error


def make_own_folder(path: Path) -> None:
    """Make a folder inside the data folder. Raises StorageUnavailable if a link stands there."""
    make_folder(path)
    refuse_link(path)


def refuse_link(path: Path) -> None:
    """Raises StorageUnavailable if a link stands there: it may lead to what is not Aiana's."""
    if path.is_symlink():
        raise StorageUnavailable(
            f"{path} is a link, and Aiana writes through none. Remove it, or set AIANA_HOME to the "
            "folder that it leads to."
        )


def make_file(path: Path) -> None:
    """Make an empty file for the owner alone, unless it is there. Raises StorageUnavailable."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        pass
    except OSError as error:
        raise unavailable(path, error) from error


def write_text(path: Path, text: str) -> None:
    """Put a text in place of what is there, in one step; a link there is replaced, not followed.

    Raises StorageUnavailable.
    """
    beside = path.with_name(f".{os.urandom(8).hex()}.tmp")
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_LINK
        with os.fdopen(os.open(beside, flags, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
        beside.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            beside.unlink()
        raise unavailable(path, error) from error


def remove(path: Path) -> None:
    """Remove a file, or a link and not what it leads to. Raises StorageUnavailable."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise unavailable(path, error) from error


def files_in(folder: Path, pattern: str) -> list[Path]:
    """The files of a folder that are no links; none if the folder is a link or not there."""
    try:
        if folder.is_symlink() or not folder.is_dir():
            return []
        return [path for path in folder.glob(pattern) if path.is_file() and not path.is_symlink()]
    except OSError:
        return []


def unavailable(path: Path, error: OSError) -> StorageUnavailable:
    """What a failure of the file system means to a person."""
    why = _WHY.get(error.errno or 0) or (error.strerror or str(error)).lower()
    if error.errno in _REFUSED:
        return ReadOnly(
            f"{path} cannot be used: {why}. Make it readable and writable, or set AIANA_HOME to "
            "another folder."
        )
    return StorageUnavailable(
        f"{path} cannot be used: {why}. Fix that, or set AIANA_HOME to another folder."
    )
