"""Compares what the assistants keep on disk with what is stored of it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from aiana.capture import Source, sources
from aiana.capture.files import TranscriptFile, files_on_disk
from aiana.models import CapturePosition
from aiana.protocol.results import SourceStatus
from aiana.redaction.door import admitted

if TYPE_CHECKING:
    from aiana.storage.sqlite import AianaStorage

EXPIRING_DAYS = 7
"""A file that its assistant deletes within so many days is expiring soon."""
MOST_LEFT_OUT = 100
"""Lines that are named, of each source."""


def capture_sources(storage: AianaStorage) -> list[SourceStatus]:
    """For every source: where it was looked for, what is on disk and how much of it is stored."""
    states = []
    for source in sources().values():
        positions = storage.captures.positions([source.name])
        found = files_on_disk([source])
        files = list(found.files.values())
        complete = sum(_is_complete(source, file, positions) for file in files)
        elsewhere = positions.keys() - {admitted(str(file.path)) for file in files}
        days = source.retention_days()
        expired = time.time() - ((days or 0) - EXPIRING_DAYS) * 86_400
        left_out = [line for position in positions.values() for line in position.left_out]
        states.append(
            SourceStatus(
                name=source.name,
                title=source.title,
                roots=[str(root) for root in source.roots()],
                on_disk=len(files),
                stored=complete + len(elsewhere),
                missing=len(files) - complete,
                vanished=sum(not Path(path).exists() for path in elsewhere),
                expiring_soon=0 if days is None else sum(f.mtime < expired for f in files),
                skipped_lines=sum(position.skipped_lines for position in positions.values()),
                left_out=left_out[:MOST_LEFT_OUT],
                failed=found.failed.get(source.name, []),
                last_import=storage.captures.last_import(source.name),
            )
        )
    return states


def _is_complete(
    source: Source, file: TranscriptFile, positions: dict[str, CapturePosition]
) -> bool:
    position = positions.get(admitted(str(file.path)))
    try:
        return position is not None and source.unchanged(file.path, position)
    except OSError:
        return False
