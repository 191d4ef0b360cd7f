"""Compares what the assistants keep on disk with what is stored of it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from msgspec import Struct

from aiana.capture import find_sources
from aiana.capture.files import files_on_disk

if TYPE_CHECKING:
    from aiana.storage.sqlite import AianaStorage

EXPIRING_DAYS = 7
"""A file that its assistant deletes within so many days is expiring soon."""


class SourceState(Struct, frozen=True, kw_only=True, rename="camel"):
    """How much of a source's files is stored. Counts are files."""

    name: str
    title: str
    looked_in: list[str]
    on_disk: int
    stored: int
    """Stored to their end, whether they still exist or not."""
    missing: int
    """On disk, but not stored or not to their end."""
    gone: int
    """Stored, but no longer on disk."""
    expiring_soon: int
    """On disk, but deleted by the assistant within a week."""
    retention_days: int | None
    last_import: str | None


def capture_sources(storage: AianaStorage) -> list[SourceState]:
    """For every source: where it was looked for, what is on disk and how much of it is stored."""
    states = []
    for source in find_sources():
        positions = storage.capture_positions(source.name)
        files = files_on_disk([source])
        complete = sum(
            1
            for file in files
            if (known := positions.get(str(file.path))) and known.size == file.size
        )
        gone = len(positions.keys() - {str(file.path) for file in files})
        days = source.retention_days()
        expired = time.time() - ((days or 0) - EXPIRING_DAYS) * 86_400
        states.append(
            SourceState(
                name=source.name,
                title=source.title,
                looked_in=[str(root) for root in source.roots()],
                on_disk=len(files),
                stored=complete + gone,
                missing=len(files) - complete,
                gone=gone,
                expiring_soon=0 if days is None else sum(f.mtime < expired for f in files),
                retention_days=days,
                last_import=storage.sessions.last_import(source.name),
            )
        )
    return states
