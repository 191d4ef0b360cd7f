"""One request while it is being served."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from typing import Any

from lsprotocol import types

from aiana.protocol.params import Params, Token
from aiana.protocol.results import Result

Send = Callable[[str, Any], None]


class Call:
    """The cancellation of a request, its progress and its partial results.

    Made on the event loop; handlers use it from their own threads. `send` sends a notification.
    """

    def __init__(self, send: Send, params: Params) -> None:
        self._notify = send
        self._loop = asyncio.get_running_loop()
        self._cancelled = threading.Event()
        self.work_done_token: Token | None = getattr(params, "work_done_token", None)
        self._partial_token = getattr(params, "partial_result_token", None)
        self._begun = False
        if self.work_done_token is not None:
            self._begin()

    @property
    def wants_partial(self) -> bool:
        return self._partial_token is not None

    def cancel(self) -> None:
        self._cancelled.set()

    def cancelled(self) -> bool:
        return self._cancelled.is_set()

    def partial(self, result: Result) -> None:
        """Send what is known already; ends the work if nobody waits for the rest any more."""
        if self.cancelled():
            raise asyncio.CancelledError
        self._send(self._partial_token, result)

    def progress(self, done: int, total: int, message: str = "") -> None:
        """Tell the client how far the work is."""
        if self.work_done_token is None or self.cancelled():
            return
        if not self._begun:
            self._begin()
        percentage = min(100, done * 100 // total) if total else 0
        report = {"kind": "report", "percentage": percentage, "message": message}
        self._send(self.work_done_token, report)

    def end(self) -> None:
        """The work has ended; what comes after is not reported."""
        self.cancel()
        if self._begun:
            self._begun = False
            self._send(self.work_done_token, {"kind": "end"})

    def _begin(self) -> None:
        self._begun = True
        begin = {"kind": "begin", "title": "Aiana", "cancellable": True, "percentage": 0}
        self._send(self.work_done_token, begin)

    def _send(self, token: Any, value: Any) -> None:
        params = types.ProgressParams(token=token, value=value)
        with contextlib.suppress(RuntimeError):  # the loop is closed: the server is leaving
            self._loop.call_soon_threadsafe(self._notify, types.PROGRESS, params)
