"""`aiana mcp`: from the first byte to a clean end."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from aiana.mcp.server import Server
from aiana.pipes import take_stdout

if TYPE_CHECKING:
    from aiana.mcp.desk import Desk


def run() -> int:
    """Serve one client on standard input and output; returns the exit status."""
    output = take_stdout()
    try:
        Server(output, _make_desk).serve(sys.stdin.fileno())
    except KeyboardInterrupt:
        return 130
    return 0


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
