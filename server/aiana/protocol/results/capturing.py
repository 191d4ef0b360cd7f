"""What is answered of the assistants' files and their import."""

from __future__ import annotations

from typing import Literal

from msgspec import field

from aiana.models import LeftOut
from aiana.protocol.results.base import Result


class Failure(Result):
    """A transcript that could not be read, and why."""

    path: str
    reason: str


class ImportCounts(Result):
    """What an import did with one source."""

    found: int = 0
    """Transcript files."""
    imported: int = 0
    """Files that were read for the first time."""
    updated: int = 0
    """Files that had grown or changed."""
    skipped: int = 0
    """Files with nothing new."""
    excluded: int = 0
    """Files of which nothing, or not everything, was kept, since the settings exclude it."""
    failed: list[Failure] = field(default_factory=list)
    messages: int = 0
    """Messages that were added."""
    memories: int = 0
    """Memories that were added or changed; only archives hold any."""
    redactions: int = 0
    """Secrets that were taken out before anything was stored."""
    skipped_lines: int = 0
    """Lines that were left out, wholly or in part."""
    left_out: list[LeftOut] = field(default_factory=list)
    """The first 100 of them."""
    bytes: int = 0
    """Bytes that were read."""


class ImportResult(Result):
    """What an import did, per source."""

    sources: dict[str, ImportCounts]
    failed: list[Failure] = field(default_factory=list)
    """Files and folders that were given and are no known assistant's."""


class SourceFile(Result):
    """One transcript, and what became of it."""

    path: str
    state: Literal["stored", "waiting", "skipped", "recovered"]
    """`waiting`: not read to its end yet; `skipped`: it cannot be read; `recovered`: the assistant
    has it no more, and what it held is kept. What is excluded is not named."""
    reason: str | None = None
    """Why it waits or is skipped."""
    expires: str | None = None
    """When its assistant will delete it, where it does."""
    lines: list[LeftOut] = field(default_factory=list)
    """The first of the lines that were left out."""


class SourceStatus(Result):
    """One assistant on this machine, reconciled with what is stored of it."""

    name: str
    title: str
    roots: list[str]
    """Where transcripts were looked for."""
    on_disk: int
    """Transcript files that exist."""
    stored: int
    """Transcript files that have been imported."""
    missing: int
    """Files on disk that have not been imported to their end."""
    vanished: int
    """Imported files that no longer exist; what they held is kept."""
    expiring_soon: int
    """Files that the assistant will delete within a week."""
    excluded: int = 0
    """Files of which the settings exclude everything; they count as nothing else."""
    skipped_lines: int = 0
    """Lines of all imported files that were left out, wholly or in part."""
    left_out: list[LeftOut] = field(default_factory=list)
    """The first 100 of them."""
    failed: list[Failure] = field(default_factory=list)
    """Folders and files that cannot be read."""
    files: list[SourceFile] = field(default_factory=list)
    """Each file, where that was asked for."""
    last_import: str | None = None


class SourceList(Result):
    """The assistants that Aiana knows."""

    sources: list[SourceStatus]


class CaptureState(Result):
    """How what the assistants write is captured."""

    state: Literal["live", "polling", "off"]
    """`live`: within a moment; `polling`: files are looked at now and then; `off`: by nobody."""
    detail: str
    """One line for a person."""


class Arrival(Result):
    """A session in which new messages were stored."""

    id: str
    source: str
    title: str | None
    project: str
    messages: int
    """How many."""
    text: str
    """Beginning of the last one."""
    uri: str
