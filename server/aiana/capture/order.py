"""In which order transcripts are read: what is new can be found first."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from aiana.capture.files import TranscriptFile
from aiana.capture.reading import open_regular
from aiana.errors import UnreadableTranscript

_HEAD = 16 << 10
_ID = re.compile(
    rb'"(?:(?:uuid|session_?id|sessionId|forked_from_id|messageId)":\s*"([^"\\]{1,80})"'
    rb'|id":\s*"([^"\\]{16,80})")'
)


def newest_first(waiting: Iterable[tuple[TranscriptFile, bool]]) -> list[TranscriptFile]:
    """Files by their last change, newest first; each with whether it was never read before.

    A resumed conversation repeats its beginning, which belongs to the file that told it first:
    files that begin alike stay together, oldest first.
    """
    families: dict[bytes, _Family] = {}
    for file, is_new in waiting:
        told = _ids(file) if is_new else set()
        own = _Family([file], told)
        for known in {id(f): f for f in map(families.get, told) if f is not None}.values():
            own = _Family(own.files + known.files, own.ids | known.ids)
        # A file without ids is a family of its own.
        for each in own.ids or {str(file.path).encode("utf-8", "surrogateescape")}:
            families[each] = own
    found = list({id(family): family.files for family in families.values()}.values())
    for files in found:
        files.sort(key=_age)
    found.sort(key=lambda files: _age(files[-1]), reverse=True)
    return [file for files in found for file in files]


class _Family(NamedTuple):
    """Files that share an id, and all their ids."""

    files: list[TranscriptFile]
    ids: set[bytes]


def _age(file: TranscriptFile) -> tuple[float, str]:
    return file.mtime, str(file.path)


def _ids(file: TranscriptFile) -> set[bytes]:
    """Ids near the beginning of a file of lines."""
    if file.path.suffix != ".jsonl":
        return set()
    try:
        with open_regular(file.path) as opened:
            return {one or other for one, other in _ID.findall(opened.read(_HEAD))}
    except (OSError, UnreadableTranscript):
        return set()
