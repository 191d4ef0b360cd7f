"""Sessions and memories as documents."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from aiana.container import Container
from aiana.features.memories import Memories
from aiana.models import Message, Session
from aiana.protocol.results import Exported, Located, Page
from aiana.protocol.uris import MemoryAddress
from aiana.protocol.uris import parse as parse_uri
from aiana.text import one_line


class Pages:
    """What an `aiana:` URI shows, and what a person takes away."""

    def __init__(self, container: Container, memories: Memories) -> None:
        self._container = container
        self._memories = memories

    def export(
        self,
        session_id: str,
        format: Literal["markdown", "json"] = "markdown",
        source: str | None = None,
    ) -> Exported:
        """A session as a document. Raises NotFound and Conflict."""
        from aiana.render.markdown import export_session

        session, messages = self._whole_session(session_id, source)
        return Exported(format=format, text=export_session(session, messages, format))

    def page(self, uri: str, navigation: bool = False) -> Page:
        """What an `aiana:` URI shows. Raises NotFound, also for one that names nothing of Aiana's.

        With `navigation` the turns of a session lead to their neighbours.
        """
        from aiana.render.pages import memory_page, session_page

        address = parse_uri(uri)
        if isinstance(address, MemoryAddress):
            return memory_page(self._memories.get(address.id).memory)
        session, messages = self._whole_session(address.id, address.source)
        drawn = self._container.drawings.of(session.uri, messages)
        changing = self._container.storage.changes.changing(session.source, session.id)
        return session_page(
            session, drawn, address.message, navigation=navigation, changing=changing
        )

    def locate(self, uri: str, navigation: bool = False, as_file: bool = False) -> Located:
        """Where what a URI names stands in its document. Raises NotFound and Conflict.

        With `as_file` the document is written to a file, for editors that can open nothing else.
        """
        from aiana.render.pages import line_after, write_page

        address = parse_uri(uri)
        if as_file or isinstance(address, MemoryAddress):
            page = self.page(uri, navigation)
            place = page.uri
            if as_file:
                folder = self._container.config.pages_dir
                place = write_page(folder, page.uri, page.text).as_uri()
            return Located(uri=place, line=page.line, title=page.title)
        sessions = self._container.storage.sessions
        session = sessions.get(address.id, address.source)
        line, earlier = 0, None
        if address.message is not None:
            earlier = sessions.before(session.id, address.message, session.source)
        if earlier is not None:
            drawn = self._container.drawings.of(session.uri, earlier, whole=False)
            line = line_after(session, drawn, navigation=navigation)
        return Located(uri=session.uri, line=line, title=one_line(session.title or session.id))

    def _whole_session(
        self, session_id: str, source: str | None
    ) -> tuple[Session, Sequence[Message]]:
        session = self._container.storage.sessions.get(session_id, source)
        return session, self._container.storage.sessions.messages(session.id, source=session.source)
