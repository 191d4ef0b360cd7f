"""Secrets in the assistants' own files: found, and taken out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct, field

from aiana.container import Container
from aiana.errors import AianaError
from aiana.models import Progress
from aiana.private import make_own_folder
from aiana.protocol.results import Failure

if TYPE_CHECKING:
    from aiana.capture.files import Found, TranscriptFile
    from aiana.capture.leaks import Leak
    from aiana.capture.scrubbing import Scrubbed


class Leaks(Struct, kw_only=True, rename="camel"):
    """What was found in files that are not Aiana's; no values."""

    files: int = 0
    """How many were looked through."""
    leaks: list[Leak] = field(default_factory=list)
    failed: list[Failure] = field(default_factory=list)


class Leaking:
    """Looks after secrets where they began: in the files of the assistants."""

    def __init__(self, container: Container) -> None:
        self._container = container

    def find(
        self,
        names: Sequence[str] | None = None,
        paths: Sequence[str] | None = None,
        progress: Progress | None = None,
    ) -> Leaks:
        """The secrets in the files of these assistants and in those that are given, else in all.

        Raises NotFound for an unknown source.
        """
        from aiana.capture.leaks import leaks_in

        found = self._files(names, paths)
        files = list(found.files.values())
        result = Leaks(files=len(files))
        result.failed = [failure for failed in found.failed.values() for failure in failed]
        total, done = sum(file.size for file in files), 0
        for file in files:
            if progress is not None:
                progress(done, total, file.path.name)
            try:
                result.leaks += leaks_in(file)
            except (OSError, AianaError) as error:
                reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
                result.failed.append(Failure(path=str(file.path), reason=reason))
            done += file.size
        if progress is not None:
            progress(total, total, "")
        return result

    def take_out(self, leaks: Sequence[Leak], progress: Progress | None = None) -> list[Scrubbed]:
        """Take the secrets out of the files that hold them, each of which is copied before.

        A file that may be in use, or whose reader would be told something else, stays as it is.
        """
        from aiana.capture.scrubbing import scrub

        paths = dict.fromkeys(leak.path for leak in leaks)
        found = self._files([], list(paths)).files
        folder = self._backups()
        results = []
        for n, path in enumerate(paths):
            if progress is not None:
                progress(n, len(paths), Path(path).name)
            file: TranscriptFile | None = found.get(Path(path))
            if file is None:
                results.append(Scrubbed(path=path, refused="It is no longer there."))
            else:
                results.append(scrub(self._container.storage, file, folder))
        if not any(folder.iterdir()):
            folder.rmdir()
        return results

    @staticmethod
    def _files(names: Sequence[str] | None, paths: Sequence[str] | None) -> Found:
        from aiana.capture import named_sources, sources
        from aiana.capture.files import Found, files_given, files_on_disk

        known = list(sources().values())
        wanted = known if names is None and paths is None else named_sources(names or [])
        found = files_on_disk(wanted)
        if paths:
            given = files_given(paths, known)
            found = Found({**found.files, **given.files}, {**found.failed, **given.failed})
        return found

    def _backups(self) -> Path:
        """A new folder for copies of the files as they were."""
        above = self._container.config.database.parent / "scrubbed"
        make_own_folder(above)
        stamp = datetime.now(UTC).strftime("%Y-%m-%dT%H%M%S.%fZ")
        make_own_folder(above / stamp)
        return above / stamp
