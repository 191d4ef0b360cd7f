"""What the server does unasked: the work in the background, and telling the client of changes."""

from __future__ import annotations

import asyncio
import logging
import threading
from typing import NamedTuple

import msgspec
from lsprotocol import types

from aiana.container import Activity
from aiana.errors import AianaError
from aiana.lsp.server import AianaServer, load_storage
from aiana.protocol import methods as wire
from aiana.protocol.results import Changes, Status
from aiana.service import Aiana

logger = logging.getLogger(__name__)

WATCH_INTERVAL_S = 1.0
COMPILING = "Preparing the embedding model: once, up to a minute"


class Seen(NamedTuple):
    """What one look found."""

    revision: int
    activity: Activity
    changes: Changes
    status: Status | None
    """If it may have changed since the look before."""


def start_indexer(aiana: Aiana) -> None:
    """Begin the background work; the model is loaded when there is something to embed or find."""
    load_storage()
    try:
        aiana.start_indexing()
    except AianaError as error:  # `aiana/status` says it to the user
        logger.warning("No background work: %s", error)


class Watch:
    """Looks at the store once a second, away from the event loop, and tells what is new.

    The loop is woken only then: an idle server costs what the looks cost.
    """

    def __init__(self, server: AianaServer) -> None:
        self._server = server
        self._ended = threading.Event()
        self._sent: Status | None = None
        self._progress: str | None = None

    async def run(self, notifies: bool) -> None:
        """Until it is cancelled; without `notifies` only what the client has to show is sent."""
        try:
            await self._run(notifies)
        finally:
            self._ended.set()

    async def _run(self, notifies: bool) -> None:
        loop = asyncio.get_running_loop()
        seen: Seen | None = None
        while True:
            try:
                seen = await loop.run_in_executor(
                    self._server.executors["watch"], self._next, self._server.service, seen
                )
                await self._show_compiling(seen.activity.compiling)
                if notifies:
                    self._send(seen)
            except Exception:
                logger.warning("The store could not be watched", exc_info=True)
                await asyncio.sleep(WATCH_INTERVAL_S)

    def _next(self, aiana: Aiana, seen: Seen | None) -> Seen:
        """The first look, or the next one after which there may be something to tell."""
        while seen is None or not self._ended.wait(WATCH_INTERVAL_S):
            seen = _look(aiana, seen)
            if seen.status is not None:
                break
        return seen

    def _send(self, seen: Seen) -> None:
        notify = self._server.protocol.notify
        if seen.changes.kinds:
            notify(wire.DID_CHANGE, msgspec.to_builtins(seen.changes))
        if seen.status is not None and seen.status != self._sent:
            self._sent = seen.status
            notify(wire.STATUS_CHANGED, msgspec.to_builtins(seen.status))

    async def _show_compiling(self, compiling: bool) -> None:
        """Show, where the client can, that the model is being compiled, as long as it is."""
        if compiling and self._progress is None:
            self._progress = await self._server.new_progress() or ""
            self._report({"kind": "begin", "title": COMPILING, "cancellable": False})
        elif not compiling and self._progress is not None:
            self._report({"kind": "end"})
            self._progress = None

    def _report(self, value: dict[str, object]) -> None:
        if self._progress:
            params = types.ProgressParams(token=self._progress, value=value)
            self._server.protocol.notify(types.PROGRESS, params)


def _look(aiana: Aiana, before: Seen | None) -> Seen:
    load_storage()
    changes, revision = aiana.changes_since(before.revision if before else None)
    activity = aiana.activity()
    known = before is not None and activity == before.activity
    quiet = known and not changes.kinds and not activity.busy
    return Seen(revision, activity, changes, None if quiet else aiana.status())
