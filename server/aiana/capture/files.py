"""Finds transcript files: where the assistants keep them, or where the user says they are."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from pathlib import Path

from msgspec import Struct, field

from aiana.capture import Source
from aiana.capture.likeness import likeness
from aiana.capture.reading import walk
from aiana.errors import UnreadableFile
from aiana.paths import expanded, readable
from aiana.protocol.results import Failure


class TranscriptFile(Struct, frozen=True):
    """A file and the source that can read it."""

    source: Source
    path: Path
    size: int
    mtime: float
    """Seconds since 1970."""


class Found(Struct):
    """Files, and what could not be looked at, by the name of its source; "" if nobody knows."""

    files: dict[Path, TranscriptFile] = field(default_factory=dict)
    failed: dict[str, list[Failure]] = field(default_factory=dict)

    def add(self, source: Source, path: Path) -> None:
        if (file := _file(source, path)) is not None:
            self.files.setdefault(path, file)

    def fail(self, source: str, path: Path, error: Exception) -> None:
        failed = self.failed.setdefault(source, [])
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        if all(failure.path != readable(path) for failure in failed):
            failed.append(Failure(path=readable(path), reason=reason))


def transcript_file(source: Source, path: Path) -> TranscriptFile | None:
    """A path as a transcript of this source; None if it is named like none, or there is none."""
    return _file(source, path) if source.is_transcript(path) else None


def _file(source: Source, path: Path) -> TranscriptFile | None:
    try:
        status = path.stat()
    except OSError:
        return None  # deleted since it was listed
    if not stat.S_ISREG(status.st_mode):
        return None
    return TranscriptFile(source, path, status.st_size, status.st_mtime)


def files_on_disk(sources: Iterable[Source]) -> Found:
    """All files under the folders in which the assistants keep them."""
    found = Found()
    for source in sources:
        for root in source.roots():
            try:
                is_there = root.is_dir()
            except OSError as error:  # a folder above it is closed: the others are read
                found.fail(source.name, root, error)
                continue
            if is_there:
                for path in walk(root, source.is_transcript, source.enters, follows=True):
                    if isinstance(path, Path):
                        found.add(source, path)
                    else:
                        found.fail(source.name, Path(str(path.filename)), path)
    return found


def read_elsewhere(
    read: Iterable[tuple[str, str]], sources: Iterable[Source]
) -> dict[Path, Source]:
    """Of transcripts that were read, each with its source's name, those that somebody gave: they
    lie outside of all folders in which their assistant keeps its own."""
    known = {source.name: source for source in sources}
    roots: dict[str, list[str]] = {}
    given = {}
    for path, name in read:
        if name not in known:
            continue
        if name not in roots:
            roots[name] = [f"{root}{os.sep}" for root in known[name].roots()]
        if not any(path.startswith(root) for root in roots[name]):
            given[Path(path)] = known[name]
    return given


def files_given(paths: Iterable[Path | str], sources: Iterable[Source]) -> Found:
    """Files and those in folders, each with the source that recognises it, and what failed.

    In a folder, files which nobody recognises are none of ours, but one of them must be; so must
    a file that is named by itself.
    """
    known = list(sources)
    found = Found()
    for given in paths:
        path = expanded(given).absolute()
        try:
            # An empty text is a variable that was not set, and not this folder.
            is_folder, exists = given != "" and path.is_dir(), given != "" and path.exists()
        except OSError as error:
            found.fail("", path, error)
            continue
        if is_folder:
            is_known = False
            for item in walk(path, lambda item: any(s.is_transcript(item) for s in known)):
                if isinstance(item, Path):
                    is_known |= _recognise(found, known, item)
                else:
                    is_known = True
                    found.fail("", Path(str(item.filename)), item)
            if not is_known:
                found.fail("", path, UnreadableFile("Nothing in it is a transcript that is known."))
        elif not exists:
            found.fail("", path, UnreadableFile("There is no such file or folder."))
        elif not path.is_file():
            found.fail("", path, UnreadableFile("It is not a regular file."))
        elif not _recognise(found, known, path):
            found.fail("", path, UnreadableFile(likeness(path, known)))
    return found


def _recognise(found: Found, sources: Iterable[Source], path: Path) -> bool:
    """Add the file to those of its source; whether there is one, or it could not be read."""
    failed: OSError | UnreadableFile | None = None
    for source in sources:
        try:
            if source.recognises(path):
                found.add(source, path)
                return True
        except (OSError, UnreadableFile) as error:
            failed = failed or error  # another one may know it
    if failed is not None:
        found.fail("", path, failed)
    return failed is not None
