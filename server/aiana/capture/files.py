"""Finds transcript files: where the assistants keep them, or where the user says they are."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from msgspec import Struct

from aiana.capture import Source
from aiana.protocol.results import Failure


class TranscriptFile(Struct, frozen=True):
    """A file and the source that can read it."""

    source: Source
    path: Path
    size: int
    mtime: float
    """Seconds since 1970."""


def files_on_disk(sources: Iterable[Source]) -> list[TranscriptFile]:
    """All files under the folders in which the assistants keep them."""
    files: dict[Path, TranscriptFile] = {}
    for source in sources:
        for root in source.roots():
            if root.is_dir():
                for path in source.discover(root):
                    _add(files, source, path)
    return list(files.values())


def files_given(
    paths: Iterable[Path | str], sources: Iterable[Source]
) -> tuple[list[TranscriptFile], list[Failure]]:
    """Files and those in folders, each with the source that recognises it, and what failed.

    In a folder, files which nobody recognises are none of ours; a file named by itself must be.
    """
    files: dict[Path, TranscriptFile] = {}
    failed: list[Failure] = []
    for given in paths:
        path = Path(given).expanduser().absolute()
        if path.is_dir():
            for source in sources:
                for found in source.discover(path):
                    if _recognised(source, found, failed):
                        _add(files, source, found)
        elif not path.exists():
            failed.append(Failure(path=str(path), reason="There is no such file or folder."))
        else:
            before = len(failed)
            known = next((s for s in sources if _recognised(s, path, failed)), None)
            if known is not None:
                _add(files, known, path)
            elif len(failed) == before:
                failed.append(
                    Failure(path=str(path), reason="No known assistant writes files like this.")
                )
    return list(files.values()), failed


def _recognised(source: Source, path: Path, failed: list[Failure]) -> bool:
    try:
        return source.recognises(path)
    except OSError as error:
        failed.append(Failure(path=str(path), reason=error.strerror or str(error)))
        return False


def _add(files: dict[Path, TranscriptFile], source: Source, path: Path) -> None:
    try:
        stat = path.stat()
    except OSError:
        return  # deleted since it was listed
    files.setdefault(path, TranscriptFile(source, path, stat.st_size, stat.st_mtime))
