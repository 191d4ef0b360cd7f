"""What every answer needs: the service, the project that is worked on, a count of tokens."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from aiana.container import Container
from aiana.errors import NotFound
from aiana.projects import normalise_folder
from aiana.protocol.uris import SCHEME, MemoryAddress, SessionAddress, parse
from aiana.service import Aiana


class Desk:
    """Where requests are worked on. `roots` are the client's folders; None if it tells of none."""

    def __init__(self, container: Container) -> None:
        self._container = container
        self.aiana = Aiana(container)
        self.roots: list[str] | None = None

    def folder(self) -> Path:
        """The folder that the assistant works in."""
        return Path(normalise_folder(self._told()) or Path.cwd())

    def project(self) -> str | None:
        """Identity of the project that the assistant works on; None where nothing tells it.

        A client that starts its servers in a home folder, or at the root, works on neither.
        """
        folder = self._told()
        if not folder:
            here = Path.cwd()
            if here == here.parent or here == Path.home():
                return None
            folder = str(here)
        return self.aiana.project_of(folder)

    def _told(self) -> str:
        """The folder that the client told, if it did; it may be a URI."""
        return self.roots[0] if self.roots else os.environ.get("CLAUDE_PROJECT_DIR", "")

    def tokens(self, text: str) -> int:
        """What a text costs."""
        return self._container.context_builder.count_tokens(text)


def named_by(
    id: str, source: str | None = None, message: str | None = None
) -> SessionAddress | MemoryAddress:
    """What a URI names, or the id of a session: `ID` or `ID#MESSAGE`. Raises NotFound."""
    if id.startswith(f"{SCHEME}:"):
        return parse(id)
    id, _, fragment = id.partition("#")
    return SessionAddress(id, source, message or fragment or None)


def memory_at(id: str) -> str:
    """Id of a memory that is named by its URI or its id. Raises NotFound."""
    if not id.startswith(f"{SCHEME}:"):
        return id
    address = parse(id)
    if not isinstance(address, MemoryAddress):
        raise NotFound(f"{id} is a session, and only memories are rated.")
    return address.id


@contextmanager
def found_by(remedy: str) -> Iterator[None]:
    """Say of what is not there how a model finds what it means."""
    try:
        yield
    except NotFound as error:
        raise NotFound(error.reason, remedy) from error
