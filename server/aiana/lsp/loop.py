"""From the first message to the end of the process."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from aiana.lsp.server import FINISH_WITHIN_S, AianaServer
from aiana.lsp.stdio import read_messages
from aiana.lsp.watchdog import when_process_ends, when_reader_leaves
from aiana.pipes import Outgoing, ending_signals

logger = logging.getLogger(__name__)

LEAVE_WITHIN_S = 1.8
"""From the moment that the client has left to the end of the process."""
MOST_UNSENT = 64 * 1024 * 1024
"""Bytes that a client may leave unread before nothing more is taken from it."""
MOST_ASKED = 1_000
"""Requests that may be served at a time before no more are taken: decoded, one takes some thirty
times the bytes that it was sent in."""


def serve(server: AianaServer, input_: int, output: int) -> int:
    """Speak LSP on two file descriptors until the client leaves; returns the exit status.

    It leaves by `exit`, by the end of its input, by ending, by reading no more, or has the server
    told to end. What was asked is answered, and the service closed, in less than two seconds, or
    not at all.
    """
    return asyncio.run(_serve(server, input_, output))


async def _serve(server: AianaServer, input_: int, output: int) -> int:
    loop = asyncio.get_running_loop()
    left: asyncio.Future[int] = loop.create_future()

    def leave(status: int) -> None:
        if not left.done():
            left.set_result(status)

    def leave_soon(status: int) -> Callable[[], None]:
        return lambda: _call_soon(loop, leave, status)

    outgoing = Outgoing(output, broken=leave_soon(1))
    server.protocol.set_writer(outgoing)
    server.leave = leave
    server.when_client_ends = lambda process_id: when_process_ends(process_id, leave_soon(1))
    when_reader_leaves(output, leave_soon(1))
    for each in ending_signals():
        with contextlib.suppress(NotImplementedError):  # Windows has no such thing
            loop.add_signal_handler(each, leave, 128 + each)

    async def take(message: Any) -> None:
        while outgoing.backlog > MOST_UNSENT or server.protocol.in_flight > MOST_ASKED:
            await asyncio.sleep(0.01)
        try:
            server.protocol.handle_message(message)
        except Exception:
            logger.exception("A message could not be served")

    def read() -> None:
        try:
            # One message at a time, so that no flood of them fills the memory.
            read_messages(
                input_,
                lambda message: asyncio.run_coroutine_threadsafe(take(message), loop).result(),
            )
        finally:
            leave_soon(0)()

    threading.Thread(target=read, name="aiana-in", daemon=True).start()
    status = await left
    until = time.monotonic() + LEAVE_WITHIN_S
    await server.finish(FINISH_WITHIN_S)
    outgoing.flush(max(0.1, until - time.monotonic()))
    await _close(server, max(0.1, until - time.monotonic()))
    return status


async def _close(server: AianaServer, within_s: float) -> None:
    """Close the service, unless something holds that up: the process ends all the same."""
    if not server.is_initialized:
        return
    closing = threading.Thread(target=server.service.close, name="aiana-close", daemon=True)
    closing.start()
    await asyncio.to_thread(closing.join, within_s)


def _call_soon(loop: asyncio.AbstractEventLoop, call: Callable[..., None], *given: Any) -> None:
    with contextlib.suppress(RuntimeError):  # the loop is closed: it has left already
        loop.call_soon_threadsafe(call, *given)
