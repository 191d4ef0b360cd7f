"""Compares what the assistants keep on disk with what is stored of it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from aiana.capture import sources
from aiana.capture.files import files_on_disk
from aiana.protocol.results import SourceStatus
from aiana.redaction.door import admitted

if TYPE_CHECKING:
    from aiana.storage.sqlite import AianaStorage

EXPIRING_DAYS = 7
"""A file that its assistant deletes within so many days is expiring soon."""


def capture_sources(storage: AianaStorage) -> list[SourceStatus]:
    """For every source: where it was looked for, what is on disk and how much of it is stored."""
    states = []
    for source in sources().values():
        positions = storage.capture_positions(source.name)
        files = files_on_disk([source])
        sizes = {admitted(str(file.path)): file.size for file in files}
        complete = sum(
            path in positions and positions[path].size == size for path, size in sizes.items()
        )
        elsewhere = positions.keys() - sizes.keys()
        days = source.retention_days()
        expired = time.time() - ((days or 0) - EXPIRING_DAYS) * 86_400
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
                last_import=storage.captures.last_import(source.name),
            )
        )
    return states
