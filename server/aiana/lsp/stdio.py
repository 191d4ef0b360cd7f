"""Standard input and output belong to the protocol; everything else is kept away from them."""

from __future__ import annotations

import logging
import os
import sys
import threading
from collections import deque
from collections.abc import Callable
from typing import Any

from aiana.lsp.framing import Frames

logger = logging.getLogger(__name__)

_READ_BYTES = 64 * 1024


def take_stdout() -> int:
    """A private copy of standard output; what anybody prints from now on goes to standard error.

    File descriptors are redirected, so that C libraries and child processes are caught as well.
    """
    sys.stdout.flush()
    wire = os.dup(1)
    os.dup2(2, 1)
    return wire


def read_messages(descriptor: int, take: Callable[[Any], None]) -> None:
    """Hand over each message that comes in, one after the other, until the input ends."""
    frames = Frames()
    try:
        while data := os.read(descriptor, _READ_BYTES):
            for message in frames.feed(data):
                take(message)
    except OSError as error:
        logger.warning("Standard input cannot be read any more: %s", error.strerror)


class Outgoing:
    """What is sent, written by a thread of its own: a client that does not read keeps nobody up.

    `broken` is called, in that thread, when nobody can read any more.
    """

    def __init__(self, descriptor: int, broken: Callable[[], None]) -> None:
        self._descriptor = descriptor
        self._broken = broken
        self._waiting: deque[bytes] = deque()
        self._changed = threading.Condition()
        self._gone = False
        self.backlog = 0
        """Bytes that are still to be written."""
        threading.Thread(target=self._write_all, name="aiana-out", daemon=True).start()

    def write(self, data: bytes) -> None:
        """Send this after all that was given before."""
        with self._changed:
            if not self._gone:
                self._waiting.append(data)
                self.backlog += len(data)
                self._changed.notify_all()

    def close(self) -> None:
        """Asked for by pygls; the descriptor is closed with the process."""

    def flush(self, timeout: float) -> None:
        """Wait until everything is written, or so many seconds have passed."""
        with self._changed:
            self._changed.wait_for(lambda: self._gone or not self.backlog, timeout)

    def _write_all(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: bool(self._waiting))
                data = self._waiting.popleft()
            try:
                left = memoryview(data)
                while left:
                    left = left[os.write(self._descriptor, left) :]
            except OSError:
                with self._changed:
                    self._gone = True
                    self._waiting.clear()
                    self.backlog = 0
                    self._changed.notify_all()
                self._broken()
                return
            with self._changed:
                self.backlog -= len(data)
                self._changed.notify_all()
