"""`aiana mcp`: from the first byte to a clean end."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

from aiana.mcp.server import Server
from aiana.pipes import ending_signals, take_stdout

if TYPE_CHECKING:
    from aiana.mcp.desk import Desk


def run() -> int:
    """Serve one client on standard input and output; returns the exit status."""
    output = take_stdout()
    for each in ending_signals():
        signal.signal(each, _end)
    try:
        Server(output, _make_desk).serve(sys.stdin.fileno())
    except _Ended as ended:
        return ended.status
    return 0


class _Ended(BaseException):
    """The process was told to end."""

    def __init__(self, status: int) -> None:
        self.status = status


def _end(number: int, frame: FrameType | None) -> NoReturn:
    for each in ending_signals():
        signal.signal(each, signal.SIG_IGN)  # it is about to
    raise _Ended(128 + number)


def main() -> None:
    """Serve, then end the process though threads still run."""
    status = run()
    sys.stderr.flush()
    os._exit(status)


def _make_desk() -> Desk:
    """The service, and the background work, once something is asked: most sessions never ask."""
    from aiana.container import Container
    from aiana.errors import AianaError
    from aiana.lsp.log import configure_logging
    from aiana.mcp.desk import Desk

    configure_logging(None, "warning")
    import aiana.storage  # noqa: F401

    desk = Desk(Container())
    with suppress(AianaError):  # `aiana_status` says it
        desk.aiana.start_indexing()
    return desk
