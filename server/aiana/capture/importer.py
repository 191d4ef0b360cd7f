"""Brings what the assistants left on disk into the storage, redacted, and says what came of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from aiana.capture import named_sources
from aiana.capture import sources as all_sources
from aiana.capture.files import TranscriptFile, files_given, files_on_disk
from aiana.capture.jsonl import untouched
from aiana.errors import AianaError, StorageUnavailable
from aiana.protocol.results import Failure, ImportCounts
from aiana.times import to_datetime

if TYPE_CHECKING:
    from aiana.storage.sqlite import AianaStorage


Progress = Callable[[int, int, str], None]
"""Takes the bytes done, the bytes in all, and the file that is being read."""


def import_sources(
    storage: AianaStorage,
    sources: Sequence[str] | None = None,
    paths: Sequence[Path | str] | None = None,
    since: str | None = None,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> dict[str, ImportCounts]:
    """Import what is new of the named sources and in the files given, or of all sources.

    `since` (a time in Aiana's form) leaves out files that were not written after it. A file that
    cannot be read is reported and never stops the others. `cancelled` is asked after every step;
    what was stored until then stays. Raises NotFound for an unknown source and StorageUnavailable
    when nothing can be written.
    """
    known = list(all_sources().values())
    wanted = known if sources is None and paths is None else named_sources(sources or [])
    files = files_on_disk(wanted)
    counts = {source.name: ImportCounts() for source in wanted}
    if paths is not None:
        given, failed = files_given(paths, known)
        files = list({file.path: file for file in [*files, *given]}.values())
        for file in given:
            counts.setdefault(file.source.name, ImportCounts())
        if failed:
            counts.setdefault(known[0].name, ImportCounts()).failed.extend(failed)
    if since is not None:
        threshold = to_datetime(since).timestamp()
        files = [file for file in files if file.mtime >= threshold]
    # A resumed conversation repeats its beginning: what came first is stored first.
    files.sort(key=lambda file: (file.mtime, str(file.path)))
    total, done = sum(file.size for file in files), 0
    for file in files:
        counts[file.source.name].found += 1
    for file in files:
        for offset in _import_file(storage, file, counts[file.source.name]):
            if progress is not None:
                progress(done + min(offset, file.size), total, file.path.name)
            if cancelled is not None and cancelled():
                return counts
        done += file.size
    if progress is not None:
        progress(total, total, "")
    return counts


def _import_file(
    storage: AianaStorage, file: TranscriptFile, counts: ImportCounts
) -> Iterator[int]:
    """Import one file step by step; yields the offset that each step reached."""
    path = str(file.path)
    try:
        position = storage.capture_position(path)
        if position is not None and untouched(file.path.stat(), position):
            counts.skipped += 1
            return
        is_new, is_counted = position is None, False
        skipped_lines = position.skipped_lines if position else 0
        for batch in file.source.read(file.path, position):
            result = storage.write_batch(batch)
            written = result.messages_added + result.messages_updated
            counts.messages += written
            counts.redactions += result.redactions if written else 0
            counts.skipped_lines += max(0, batch.position.skipped_lines - skipped_lines)
            skipped_lines = batch.position.skipped_lines
            counts.bytes += batch.bytes_read
            if not is_counted and (is_new or written):
                is_counted = True
                counts.imported += is_new
                counts.updated += not is_new
            yield batch.position.offset
        counts.skipped += not is_counted
    except StorageUnavailable:
        raise
    except Exception as error:  # whatever one file holds, the others must come in
        counts.failed.append(Failure(path=path, reason=_reason(error)))


def _reason(error: Exception) -> str:
    if isinstance(error, AianaError):
        return str(error)
    if isinstance(error, OSError):
        return error.strerror or str(error)
    return f"{type(error).__name__}: {error}"
