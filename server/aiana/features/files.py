"""Files: what sessions did to them."""

from __future__ import annotations

from pathlib import Path

from aiana.container import Container
from aiana.features.projects import Projects
from aiana.protocol.results import FileHistory


class Files:
    """The timeline of a file over all sessions."""

    def __init__(self, container: Container, projects: Projects) -> None:
        self._container = container
        self._projects = projects

    def history(self, path: Path, limit: int = 50, cursor: str | None = None) -> FileHistory:
        """The turns that edited, read or named a file, newest first; `path` is absolute.

        Touches of the same file in other clones and worktrees of its project count, and so do
        those under the names from which sessions moved it. Raises InvalidQuery for a cursor that
        is none.
        """
        from aiana.projects import place_in_repository
        from aiana.search.notes import of_unread_files

        storage = self._container.storage
        history = storage.timeline.of(
            str(path), self._projects.of(path), place_in_repository(path), limit, cursor
        )
        history.notes = of_unread_files(storage.files.unread())
        return history
