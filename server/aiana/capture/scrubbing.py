"""Takes secrets out of the assistants' own files, so that nothing else of them changes.

Before that the file is captured, so that nothing of it is lost, and copied; after it, it must say
the same to its reader as before. Whatever goes wrong leaves the file as it was.
"""

from __future__ import annotations

import os
import shutil
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from aiana.capture.files import TranscriptFile
from aiana.capture.importer import import_sources
from aiana.capture.leaks import DOCUMENTS, LINES, TEXTS, whole, without_secrets
from aiana.capture.running import running
from aiana.errors import AianaError
from aiana.models import CaptureBatch, CapturePosition

if TYPE_CHECKING:
    from aiana.storage.sqlite import AianaStorage

SETTLED_S = 60
"""A file that was written so recently may be in use."""


class Scrubbed(Struct, frozen=True, kw_only=True, rename="camel"):
    """What became of a file."""

    path: str
    secrets: int = 0
    """How many were taken out."""
    backup: str | None = None
    """The copy of the file as it was: it holds the secrets."""
    refused: str | None = None
    """Why the file is as it was."""


def scrub(storage: AianaStorage, file: TranscriptFile, backups: Path) -> Scrubbed:
    """Take the secrets out of a transcript; `backups` is a folder for the owner alone."""
    path = file.path
    if reason := _why_not(file):
        return Scrubbed(path=str(path), refused=reason)
    try:
        return _scrub(storage, file, backups)
    except (OSError, AianaError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        return Scrubbed(path=str(path), refused=reason)


def _why_not(file: TranscriptFile) -> str | None:
    path, title = file.path, file.source.title
    if path.suffix not in LINES + DOCUMENTS + TEXTS:
        return f"Secrets in a {path.suffix or 'file'} of {title} cannot be taken out safely."
    if path.is_symlink():
        return "It is a link: name the file that it leads to."
    if reason := _in_use(file):
        return reason
    try:
        age = time.time() - path.stat().st_mtime
    except OSError as error:
        return error.strerror or str(error)
    if 0 <= age < SETTLED_S:
        return f"It was written {age:.0f} s ago: {title} may be using it. Try again in a minute."
    return None


def _in_use(file: TranscriptFile) -> str | None:
    if (pid := running(file.source.name)) is None:
        return None
    return f"{file.source.title} runs (process {pid}): end it first."


def _scrub(storage: AianaStorage, file: TranscriptFile, backups: Path) -> Scrubbed:
    path, source = file.path, file.source
    if failed := import_sources(storage, paths=[path]).sources[source.name].failed:
        return Scrubbed(path=str(path), refused=f"It cannot be read: {failed[0].reason}")
    before, _ = _facts(file)
    stat = path.stat()
    data = whole(path)
    clean, secrets = _without_secrets(data, path)
    if not secrets:
        return Scrubbed(path=str(path))
    copy = _copied(path, backups)
    new = path.with_name(f".{path.name}.aiana")
    try:
        _write(new, clean)
        shutil.copymode(path, new)
        os.utime(new, ns=(stat.st_atime_ns, stat.st_mtime_ns))
        now = path.stat()
        if (now.st_size, now.st_mtime_ns, now.st_ino) != (
            stat.st_size,
            stat.st_mtime_ns,
            stat.st_ino,
        ):
            return Scrubbed(path=str(path), refused="It was written meanwhile. Try again.")
        # What one that was started meanwhile writes into the file that it has open would be lost.
        if reason := _in_use(file):
            return Scrubbed(path=str(path), refused=reason)
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)
    after, position = _facts(file)
    if after != before or position is None:
        shutil.copy2(copy, path)
        return Scrubbed(
            path=str(path),
            backup=str(copy),
            refused="Without its secrets it would say something else to its reader: it is as it "
            "was.",
        )
    # What it says is stored already: the next import must not take it for something new.
    storage.write_batch(CaptureBatch(position=position))
    return Scrubbed(path=str(path), secrets=secrets, backup=str(copy))


def _without_secrets(data: bytes, path: Path) -> tuple[bytes, int]:
    if path.suffix not in LINES:
        clean, kinds = without_secrets(data)
        return clean, len(kinds)
    parts, count = [], 0
    for line in data.splitlines(keepends=True):
        clean, kinds = without_secrets(line)
        parts.append(clean)
        count += len(kinds)
    return b"".join(parts), count


def _facts(
    file: TranscriptFile,
) -> tuple[Counter[tuple[str, str, str | None, str | None]], CapturePosition | None]:
    """What a file says to its reader, secrets aside, and the position at its end."""
    counts: Counter[tuple[str, str, str | None, str | None]] = Counter()
    position = None
    for batch in file.source.read(file.path, None):
        counts.update((m.session_id, m.type, m.role, m.tool_name) for m in batch.messages)
        position = batch.position
    if position is not None:
        counts[("", "left out", None, None)] = position.skipped_lines
    return counts, position


def _copied(path: Path, backups: Path) -> Path:
    """A copy of a file among the backups, under the place that it has."""
    number = sum(1 for _ in backups.iterdir())
    copy = backups / f"{number:04}-{path.name}"
    _write(copy, whole(path))
    shutil.copystat(path, copy)
    copy.chmod(0o600)
    return copy


def _write(path: Path, data: bytes) -> None:
    """A new file for the owner alone, which is on the disk when this ends."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
