"""Which project a folder, a file or a name stands for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from aiana.container import Container
from aiana.models import Project
from aiana.paths import is_folder
from aiana.projects import folders_of, is_in_repository, is_path, project_of
from aiana.protocol.results import ProjectList, StoredProject


class Projects:
    """The projects that are stored, and those that a folder on this disk makes."""

    def __init__(self, container: Container) -> None:
        self._container = container
        self._roots: dict[str, str] = {}
        """Folders of projects that were asked for and are not stored."""

    def of(self, folder: str | Path) -> str:
        """Identity of the project that a folder or file belongs to."""
        return self._project(folder).id

    def named(self, project: str) -> str:
        """Identity of a project that is named by its path, or by its identity already."""
        return self.of(project) if is_path(project) else project

    def at(self, path: Path | None, folders: Sequence[Path] = ()) -> Project | None:
        """The project of a file or folder, else of the first of the folders that are open.

        What lies outside any repository belongs to the innermost open folder around it. None if
        neither a path nor a folder is given.
        """
        if path is None:
            return self._project(folders[0]) if folders else None
        around = [folder for folder in folders if path.is_relative_to(folder)]
        if is_in_repository(path):
            return self._project(path)
        if around:
            return self._project(max(around, key=lambda folder: len(folder.parts)))
        return self._project(path if is_folder(path) else path.parent)

    def stored(self) -> ProjectList:
        """The projects of which there are sessions, by their last activity."""
        found = self._container.storage.sessions.projects()
        return ProjectList(
            projects=[
                StoredProject(id=id, name=name, sessions=sessions, last_activity=last)
                for id, name, sessions, last in found
            ]
        )

    def _project(self, folder: str | Path) -> Project:
        from aiana.storage.rows import projects_at

        with self._container.storage.database.reading() as connection:
            for key in projects_at(connection, str(folder)):
                row = connection.execute(
                    "SELECT id, name, root FROM projects WHERE key = ?", (key,)
                ).fetchone()
                return Project(id=row[0], name=row[1], root=row[2])
        found = project_of(folders_of(str(folder))[-1])
        self._roots[found.id] = found.root
        return found

    def refuse_excluded(self, project: str) -> None:
        """Raises Excluded if a project that is not stored yet lies in a folder that is excluded."""
        from aiana.hiding import refuse

        root = self._roots.get(project, "")
        refuse(self._container.storage.database.excluded().memory(project, root), project)
