"""Brings what the assistants left on disk into the storage, redacted, and says what came of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from aiana.capture import named_sources
from aiana.capture import sources as all_sources
from aiana.capture.archive import Archive
from aiana.capture.files import Found, TranscriptFile, files_given, files_on_disk, read_elsewhere
from aiana.capture.jsonl import LineSource
from aiana.capture.order import newest_first
from aiana.capture.read_ahead import MOST_PROCESSES, Read, ReadAhead, read_here, reason_of
from aiana.capture.shared import SharedMarkdown
from aiana.errors import StorageUnavailable
from aiana.models import CapturePosition, LeftOut, Progress
from aiana.paths import readable
from aiana.protocol.results import Failure, ImportCounts, ImportResult
from aiana.redaction.door import admitted
from aiana.times import to_datetime

if TYPE_CHECKING:
    from aiana.storage.sqlite import AianaStorage


MOST_LEFT_OUT = 100
"""Lines that an import names, of each source; all are counted."""


def import_sources(
    storage: AianaStorage,
    sources: Sequence[str] | None = None,
    paths: Sequence[Path | str] | None = None,
    since: str | None = None,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> ImportResult:
    """Import what is new of the named sources and in the files given, or of all sources.

    Of a source is also what was once given and lies elsewhere, as long as it is there.

    `since` (a time in Aiana's form) leaves out files that were not written after it. A file that
    cannot be read is reported and never stops the others. `cancelled` is asked after every step;
    what was stored until then stays. Raises NotFound for an unknown source and StorageUnavailable
    when nothing can be written.
    """
    known = list(all_sources().values())
    wanted = known if sources is None and paths is None else named_sources(sources or [])
    found = files_on_disk(wanted)
    if wanted:
        read, _ = storage.captures.reached_since(0)
        for path, source in read_elsewhere(read, wanted).items():
            found.add(source, path)
    result = ImportResult(sources={source.name: ImportCounts() for source in wanted})
    if paths is not None:
        given = files_given(paths, [Archive(), SharedMarkdown(), *known])
        found = Found({**found.files, **given.files}, {**found.failed, **given.failed})
    result.failed = found.failed.pop("", [])
    for name, failed in found.failed.items():
        result.sources[name].failed += failed
    files = list(found.files.values())
    if since is not None:
        threshold = to_datetime(since).timestamp()
        files = [file for file in files if file.mtime >= threshold]
    total, done = sum(file.size for file in files), 0
    for file in files:
        result.sources.setdefault(file.source.name, ImportCounts()).found += 1
    waiting = waiting_files(storage, files)
    excluded = storage.database.excluded()
    for file in files:
        result.sources[file.source.name].excluded += bool(excluded.assistant(file.source.name))
    for name in (file.source.name for file in files):
        result.sources[name].skipped += 1
    for file, _ in waiting:
        result.sources[file.source.name].skipped -= 1
    done = total - sum(file.size for file, _ in waiting)
    new = [file for file, is_new in waiting if is_new]
    with ReadAhead(newest_first(waiting), new, MOST_PROCESSES) as ahead:
        for file in ahead:
            counts = result.sources[file.source.name]
            for offset in import_file(storage, file, counts, ahead.read):
                if progress is not None:
                    progress(done + min(offset, file.size), total, file.path.name)
                if cancelled is not None and cancelled():
                    return result
            done += file.size
    if progress is not None:
        progress(total, total, "")
    return result


def waiting_files(
    storage: AianaStorage, files: Sequence[TranscriptFile]
) -> list[tuple[TranscriptFile, bool]]:
    """Those in which there is something new, in no order; with whether it was never read before."""
    excluded = storage.database.excluded()
    names = dict.fromkeys(file.source.name for file in files)
    read = {name for name in names if not excluded.assistant(name)}
    positions = storage.captures.positions(read)
    waiting = []
    for file in files:
        if file.source.name not in read:
            continue
        position = positions.get(admitted(readable(file.path))) if positions else None
        try:
            if (
                position is None
                or position.excluded not in ("", excluded.fingerprint)
                or not file.source.unchanged(file.path, position)
            ):
                waiting.append((file, position is None))
        except OSError:
            waiting.append((file, False))  # reading it says what is wrong
    return waiting


def import_file(
    storage: AianaStorage, file: TranscriptFile, counts: ImportCounts, read: Read = read_here
) -> Iterator[int]:
    """Import one file step by step; yields how many bytes of it each step has reached.

    A file that cannot be read is counted as failed, and why is kept. Raises StorageUnavailable.
    """
    path = readable(file.path)
    try:
        position = storage.captures.position(path)
        excluded = storage.database.excluded()
        if excluded.assistant(file.source.name):
            return
        is_new, is_counted = position is None, False
        if position is not None and position.excluded:
            same = position.excluded == excluded.fingerprint
            if same and _is_one_session(file, storage, position):
                counts.excluded += 1
                return
            position = None  # what of it may be kept is told anew
        before, is_excluded = position, False
        for batch in read(file, position):
            result = storage.write_batch(batch)
            written = result.messages_added + result.messages_updated
            counts.messages += result.messages_added
            counts.memories += result.memories_added
            counts.redactions += result.redactions if written else 0
            _count_losses(counts, before, batch.position)
            before = batch.position
            counts.excluded += result.excluded and not is_excluded
            is_excluded |= result.excluded
            counts.bytes += batch.bytes_read
            if not is_counted and (is_new or written or result.memories_added):
                is_counted = True
                counts.imported += is_new
                counts.updated += not is_new
            yield batch.reached
        counts.skipped += not is_counted
    except StorageUnavailable:
        raise
    except Exception as error:  # whatever one file holds, the others must come in
        reason = reason_of(error)
        counts.failed.append(Failure(path=path, reason=reason))
        storage.captures.note_failure(path, file.source.name, reason)


def _is_one_session(file: TranscriptFile, storage: AianaStorage, position: CapturePosition) -> bool:
    """Whether a file holds one session, which is excluded: what is added to it is, too."""
    is_lines = isinstance(file.source, LineSource) and not isinstance(file.source, Archive)
    return is_lines and storage.captures.is_left_alone(position)


def _count_losses(
    counts: ImportCounts, before: CapturePosition | None, after: CapturePosition
) -> None:
    """Count what this step left out, and name it as far as there is room."""
    known: Sequence[LeftOut] = before.left_out if before else []
    counts.skipped_lines += max(0, after.skipped_lines - (before.skipped_lines if before else 0))
    room = MOST_LEFT_OUT - len(counts.left_out)
    counts.left_out += [line for line in after.left_out if line not in known][: max(0, room)]
