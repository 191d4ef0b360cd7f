"""Which project a folder, a file or a name stands for."""

from __future__ import annotations

from pathlib import Path

from aiana.container import Container
from aiana.projects import folders_of, is_path, project_of


class Projects:
    """The projects that are stored, and those that a folder on this disk makes."""

    def __init__(self, container: Container) -> None:
        self._container = container

    def of(self, folder: str | Path) -> str:
        """Identity of the project that a folder or file belongs to."""
        from aiana.storage.rows import projects_at

        with self._container.storage.database.reading() as connection:
            for key in projects_at(connection, str(folder)):
                row = connection.execute("SELECT id FROM projects WHERE key = ?", (key,)).fetchone()
                return str(row[0])
        return project_of(folders_of(str(folder))[-1]).id

    def named(self, project: str) -> str:
        """Identity of a project that is named by its path, or by its identity already."""
        return self.of(project) if is_path(project) else project
