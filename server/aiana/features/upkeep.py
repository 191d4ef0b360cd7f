"""Import, indexes, and the state of everything."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from aiana.container import Container
from aiana.models import Progress
from aiana.protocol.results import Changes, Diagnosis, ImportResult, Reindexed, SourceList, Status
from aiana.validation import resolved_time


class Upkeep:
    """What is done for the store, and what it says of itself."""

    def __init__(self, container: Container) -> None:
        self._container = container

    def import_sessions(
        self,
        sources: Sequence[str] | None = None,
        paths: Sequence[str] | None = None,
        since: str | None = None,
        progress: Progress | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> ImportResult:
        """Read what is new in the transcripts on this machine, and what older ones touched.

        `sources` names assistants, `paths` files and folders; neither means all assistants. A bad
        file is reported and stops no other. Raises NotFound for an unknown source.
        """
        from aiana.capture.importer import import_sources
        from aiana.storage.message_files import fill

        storage = self._container.storage
        result = import_sources(
            storage,
            sources=sources,
            paths=paths,
            since=None if since is None else resolved_time(since),
            progress=progress,
            cancelled=cancelled,
        )
        fill(storage.database, cancelled or (lambda: False))
        return result

    def capture_sources(
        self, sources: Sequence[str] | None = None, files: bool = False
    ) -> SourceList:
        """The assistants on this machine: what is on disk, stored, missing and about to expire.

        `files` names each file, and what of it was not understood. Raises NotFound.
        """
        from aiana.capture.inventory import capture_sources

        return SourceList(sources=capture_sources(self._container.storage, sources, files))

    def exclude(self, editor: str, settings: Mapping[str, Any]) -> None:
        """What the settings of an editor exclude: it holds at once, and for all processes.

        Raises StorageUnavailable.
        """
        from aiana.exclusions import of_environment, wanted_of

        storage, wanted = self._container.storage, wanted_of(settings)
        storage.note_editor(editor, wanted)
        storage.database.wishes.say(of_environment(), wanted)
        storage.note_exclusions()

    def changes_since(self, revision: int | None) -> tuple[Changes, int]:
        """What any process changed after that revision, and the revision of now; None is now."""
        if revision is None:
            return Changes(kinds=[], projects=[]), self._container.storage.revision()
        kinds, projects, latest = self._container.storage.changes_since(revision)
        return Changes(kinds=kinds, projects=projects), latest

    def status(self) -> Status:
        """The state of everything; never raises, since it is what people ask when all is broken."""
        from aiana.diagnostics.status import status_of

        return status_of(self._container)

    def diagnose(self, fix: bool = False) -> Diagnosis:
        """Check everything; with `fix`, repair what can be repaired safely and check again."""
        from aiana.diagnostics.doctor import diagnose

        return diagnose(self._container, fix)

    def reindex(
        self,
        targets: Sequence[str] = ("fts", "vectors", "qdrant"),
        progress: Progress | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> Reindexed:
        """Rebuild indexes from what is stored. Raises ModelUnavailable and Conflict."""
        return self._container.indexer.rebuild(targets, progress=progress, cancelled=cancelled)

    def start_indexing(self) -> None:
        """Import and embed in the background, as long as no other process does it."""
        self._container.indexer.start()

    def index_pending(
        self,
        progress: Progress | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> int:
        """Embed what waits for it; returns how many texts. 0 if another process is at it."""
        return self._container.indexer.index_pending(progress, cancelled)
