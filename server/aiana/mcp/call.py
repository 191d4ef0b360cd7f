"""One request while it is being served."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

Send = Callable[[dict[str, Any]], None]


class Cancelled(Exception):
    """Nobody waits for the answer any more."""


class Call:
    """The cancellation of a request, and its progress if the client wants to see any."""

    def __init__(self, send: Send, token: str | int | None) -> None:
        self._send = send
        self._token = token
        self._cancelled = threading.Event()
        self._steps = 0

    def cancel(self) -> None:
        self._cancelled.set()

    def cancelled(self) -> bool:
        return self._cancelled.is_set()

    def progress(self, message: str, total: int | None = None) -> None:
        """Tell how far the work is. Raises Cancelled, which ends it if nobody waits for it."""
        if self.cancelled():
            raise Cancelled
        if self._token is None:
            return
        self._steps += 1
        params: dict[str, Any] = {
            "progressToken": self._token,
            "progress": self._steps,
            "message": message,
        }
        if total is not None:
            params["total"] = total
        self._send({"jsonrpc": "2.0", "method": "notifications/progress", "params": params})
