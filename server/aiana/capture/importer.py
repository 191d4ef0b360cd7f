"""Brings what the assistants left on disk into the storage, redacted, and says what came of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct, field

from aiana.capture import find_sources
from aiana.capture.cleaning import clean
from aiana.capture.files import Failure, TranscriptFile, files_given, files_on_disk
from aiana.capture.jsonl import untouched
from aiana.errors import AianaError, StorageUnavailable
from aiana.models import CaptureBatch, CapturePosition
from aiana.times import to_datetime

if TYPE_CHECKING:
    from aiana.storage.sqlite import AianaStorage


class ImportReport(Struct, kw_only=True, rename="camel"):
    """What came of the files of one source. Counts are files unless they say otherwise."""

    found: int = 0
    imported: int = 0
    """Read for the first time."""
    updated: int = 0
    """Known, and with something new."""
    skipped: int = 0
    """Nothing new in them."""
    failed: list[Failure] = field(default_factory=list)
    messages: int = 0
    """Messages that are new or changed."""
    redactions: int = 0
    """Secrets that were taken out."""
    skipped_lines: int = 0
    """Lines that were not understood, in the files that were read."""
    bytes: int = 0
    """Bytes of transcript that were read."""


class Progress(Struct, frozen=True, kw_only=True, rename="camel"):
    """How far an import is."""

    bytes_done: int
    bytes_total: int
    source: str
    path: str


def import_sources(
    storage: AianaStorage,
    sources: Iterable[str] | None = None,
    paths: Iterable[Path | str] | None = None,
    since: str | None = None,
    progress: Callable[[Progress], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> dict[str, ImportReport]:
    """Import everything new of the named sources, or of the files and folders given.

    `since` (a time in Aiana's form) leaves out files that were not written after it. A file that
    cannot be read is reported and never stops the others. `cancelled` is asked after every step;
    what was stored until then stays. Raises NotFound for an unknown source and StorageUnavailable
    when nothing can be written.
    """
    chosen = find_sources(sources)
    reports = {source.name: ImportReport() for source in chosen}
    if paths is None:
        files = files_on_disk(chosen)
    else:
        files, failed = files_given(paths, chosen)
        reports[chosen[0].name].failed += failed
    if since is not None:
        threshold = to_datetime(since).timestamp()
        files = [file for file in files if file.mtime >= threshold]
    # A resumed conversation repeats its beginning: what came first is stored first.
    files.sort(key=lambda file: (file.mtime, str(file.path)))
    total, done = sum(file.size for file in files), 0
    for file in files:
        reports[file.source.name].found += 1
    for file in files:
        for offset in _import_file(storage, file, reports[file.source.name]):
            if progress is not None:
                progress(
                    Progress(
                        bytes_done=done + min(offset, file.size),
                        bytes_total=total,
                        source=file.source.name,
                        path=str(file.path),
                    )
                )
            if cancelled is not None and cancelled():
                return reports
        done += file.size
    return reports


def _import_file(
    storage: AianaStorage, file: TranscriptFile, report: ImportReport
) -> Iterator[int]:
    """Import one file step by step; yields the offset that each step reached."""
    path = str(file.path)
    try:
        position = storage.capture_position(path)
        if position is not None and untouched(file.path.stat(), position):
            report.skipped += 1
            return
        outcome = _Outcome()
        for batch in file.source.read(file.path, position):
            outcome.add(storage, clean(batch))
            report.bytes += batch.bytes_read
            yield batch.position.offset
        outcome.report_to(report, position)
    except StorageUnavailable:
        raise
    except Exception as error:  # whatever one file holds, the others must come in
        report.failed.append(Failure(path, _reason(error)))


class _Outcome:
    """What became of one file."""

    def __init__(self) -> None:
        self._messages = self._sessions = self._redactions = self._skipped_lines = 0

    def add(self, storage: AianaStorage, batch: CaptureBatch) -> None:
        result = storage.write_batch(batch)
        written = result.messages_added + result.messages_updated
        self._messages += written
        self._sessions += result.sessions_added
        self._redactions += batch.redactions if written else 0
        self._skipped_lines = batch.position.skipped_lines

    def report_to(self, report: ImportReport, before: CapturePosition | None) -> None:
        report.messages += self._messages
        report.redactions += self._redactions
        report.skipped_lines += self._skipped_lines
        if before is None:
            report.imported += 1
        elif self._messages or self._sessions:
            report.updated += 1
        else:
            report.skipped += 1


def _reason(error: Exception) -> str:
    if isinstance(error, AianaError):
        return str(error)
    if isinstance(error, OSError):
        return error.strerror or str(error)
    return f"{type(error).__name__}: {error}"
