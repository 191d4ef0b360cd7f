"""Standard input and output belong to a protocol; everything else is kept away from them."""

from __future__ import annotations

import json
import os
import re
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable
from typing import Any, NamedTuple, NoReturn

from aiana.protocol.codes import PARSE_ERROR

LONGEST_MESSAGE = 64 * 1024 * 1024
"""Bytes: more than any document an editor sends, and less than what would hurt the machine."""
_ESCAPE = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    r"|(?P<alone>\\u[dD][89a-fA-F][0-9a-fA-F]{2})|\\.",
    re.DOTALL,
)


class Unreadable(NamedTuple):
    """Something that came in and is no message."""

    code: int
    reason: str


def take_stdout() -> int:
    """A private copy of standard output; what anybody prints from now on goes to standard error.

    File descriptors are redirected, so that C libraries and child processes are caught as well.
    """
    sys.stdout.flush()
    wire = os.dup(1)
    os.dup2(2, 1)
    return wire


def ending_signals() -> list[signal.Signals]:
    """By which a process is told to end, without those that its parent has it ignore."""
    numbers = [getattr(signal, name, None) for name in ("SIGINT", "SIGTERM", "SIGHUP")]
    return [each for each in numbers if each and signal.getsignal(each) is not signal.SIG_IGN]


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


def decode(body: bytes) -> Any:
    """The value of a body in JSON, or why it has none."""
    try:
        text = body.decode("utf-8")
        if b"\\ud" in body or b"\\uD" in body:
            # Editors cut texts between the halves of a sign; no other part of Aiana can store that.
            text = _ESCAPE.sub(lambda escape: "\\ufffd" if escape["alone"] else escape[0], text)
        return json.loads(text, parse_constant=_refuse)
    except UnicodeError:
        return Unreadable(PARSE_ERROR, "This message is not in UTF-8.")
    except RecursionError:
        return Unreadable(PARSE_ERROR, "This message is nested too deeply.")
    except MemoryError:
        return Unreadable(PARSE_ERROR, "This message is too large for the memory that is left.")
    except ValueError:
        return Unreadable(PARSE_ERROR, "This message is no JSON.")


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")
