"""Compares what the assistants keep on disk with what is stored of it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from aiana.capture import Source, named_sources, sources
from aiana.capture.files import TranscriptFile, files_on_disk
from aiana.models import CapturePosition
from aiana.paths import readable
from aiana.protocol.results import Failure, SourceFile, SourceStatus
from aiana.redaction.door import admitted
from aiana.times import normalise_time

if TYPE_CHECKING:
    from aiana.storage.sqlite import AianaStorage

EXPIRING_DAYS = 7
"""A file that its assistant deletes within so many days is expiring soon."""
MOST_LEFT_OUT = 100
"""Lines that are named, of each source."""
_GREW = "It was written to since it was read."


def capture_sources(
    storage: AianaStorage, names: Sequence[str] | None = None, with_files: bool = False
) -> list[SourceStatus]:
    """For every source: where it was looked for, what is on disk and how much of it is stored.

    Raises NotFound for an unknown name.
    """
    chosen = list(sources().values()) if names is None else named_sources(names)
    return [_reconciled(storage, source, with_files) for source in chosen]


def _reconciled(storage: AianaStorage, source: Source, with_files: bool) -> SourceStatus:
    positions = storage.captures.positions([source.name])
    found = files_on_disk([source])
    everything = bool(storage.database.excluded().assistant(source.name))
    kept_out = storage.captures.kept_out(source.name)
    on_disk_before = len(found.files)
    found.files = (
        {}
        if everything
        else {
            path: file
            for path, file in found.files.items()
            if admitted(readable(path)) not in kept_out
        }
    )
    excluded = on_disk_before - len(found.files)
    positions = {} if everything else {p: of for p, of in positions.items() if p not in kept_out}
    days = source.retention_days()
    files = [_file_on_disk(source, file, positions, days) for file in found.files.values()]
    on_disk = {admitted(file.path) for file in files}
    elsewhere = [p for path, p in positions.items() if path not in on_disk and _was_read(p)]
    files += [_file_elsewhere(source, position) for position in elsewhere]
    soon = _moment(time.time() + EXPIRING_DAYS * 86_400)
    left_out = [line for position in positions.values() for line in position.left_out]
    states = Counter(file.state for file in files)
    skipped = [
        Failure(path=file.path, reason=file.reason or "")
        for file in files
        if file.state == "skipped"
    ]
    return SourceStatus(
        name=source.name,
        title=source.title,
        roots=[str(root) for root in source.roots()],
        on_disk=len(on_disk),
        stored=states["stored"] + states["recovered"],
        missing=states["waiting"] + states["skipped"],
        vanished=states["recovered"],
        excluded=excluded,
        expiring_soon=sum(file.expires is not None and file.expires < soon for file in files),
        skipped_lines=sum(position.skipped_lines for position in positions.values()),
        left_out=left_out[:MOST_LEFT_OUT],
        failed=[*found.failed.get(source.name, []), *skipped[:MOST_LEFT_OUT]],
        files=files if with_files else [],
        last_import=storage.captures.last_import(source.name),
    )


def _file_on_disk(
    source: Source,
    file: TranscriptFile,
    positions: dict[str, CapturePosition],
    days: int | None,
) -> SourceFile:
    position = positions.get(admitted(readable(file.path)))
    expires = None if days is None else _moment(file.mtime + days * 86_400)
    told = SourceFile(path=readable(file.path), state="stored", expires=expires)
    if position is None:
        told.state, told.reason = "waiting", "It was not read yet."
        return told
    told.lines = list(position.left_out)
    if position.failed:
        told.state, told.reason = "skipped", position.failed
        return told
    try:
        if not source.unchanged(file.path, position):
            told.state, told.reason = "waiting", _GREW
    except OSError as error:
        told.state, told.reason = "skipped", error.strerror or str(error)
    return told


def _file_elsewhere(source: Source, position: CapturePosition) -> SourceFile:
    """A file that was given to be read, or that its assistant has no more."""
    told = SourceFile(path=position.path, state="stored", lines=list(position.left_out))
    path = Path(position.path)
    try:
        if not path.exists():
            told.state = "recovered"
        elif not source.unchanged(path, position):
            told.state, told.reason = "waiting", _GREW
    except OSError as error:  # its folder is closed
        told.state, told.reason = "skipped", error.strerror or str(error)
    return told


def _was_read(position: CapturePosition) -> bool:
    return bool(position.mark) or not position.failed


def _moment(seconds: float) -> str:
    return normalise_time(seconds) or ""
