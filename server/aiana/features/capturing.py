"""Capture as it goes on: who does it, what has come, and doing it here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from aiana.container import Container
from aiana.errors import NotFound
from aiana.models import OWN_SOURCE
from aiana.protocol.results import Arrival, CaptureState, Failure

if TYPE_CHECKING:
    from aiana.indexing.follower import Captured


class Capturing:
    """What the assistants write while they write it."""

    def __init__(self, container: Container) -> None:
        self._container = container

    def state(self) -> CaptureState:
        """Whether any process captures what the assistants write, and how."""
        from aiana.diagnostics.status import capture_state

        return capture_state(self._container)

    def unknown_source(self, names: Iterable[str]) -> str:
        """What to say of the first name that no source has and of which nothing is stored; "" if
        there is none."""
        unknown = [name for name in names if name != OWN_SOURCE]
        if unknown:
            stored = self._container.storage.sessions.stored_sources()
            unknown = [name for name in unknown if name not in stored]
        if not unknown:
            return ""
        from aiana.capture import no_source, sources  # all readers: only where it may be needed

        return next((no_source(name) for name in unknown if name not in sources()), "")

    def watch(self, tell_of: Callable[[Sequence[Failure]], None]) -> None:
        """Capture in the background as long as no other process does; `tell_of` is called, in
        another thread, after each transcript in which something was new, with what failed there."""

        def tell(captured: Captured) -> None:
            tell_of(captured.counts.failed)

        self._container.indexer.on_captured = tell
        self._container.indexer.start()

    def stop(self) -> None:
        """End the background work of this process after what is at hand."""
        self._container.indexer.stop()

    def arrivals(self, after: int | None) -> tuple[list[Arrival], int]:
        """Sessions with messages that any process stored after a place, and the place of now."""
        storage = self._container.storage
        arrived, newest = storage.captures.arrived(after)
        found = []
        for each in arrived:
            with suppress(NotFound):  # deleted since
                session = storage.sessions.get(each.session, each.source)
                found.append(
                    Arrival(
                        id=session.id,
                        source=session.source,
                        title=session.title,
                        project=session.project,
                        messages=each.messages,
                        text=each.text,
                        uri=session.uri,
                    )
                )
        return found, newest
