"""A process for heavy work, which never outlives the one that needs it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
from typing import IO

REASON_MARK = "aiana: "
"""Before what a child says of its end; libraries write progress and warnings beside it."""
_LOOK_EVERY_S = 0.05
_PARENT_DEATH_SIGNAL = 1
"""Linux's PR_SET_PDEATHSIG."""


def run_child(command: list[str], stop: threading.Event | None = None) -> tuple[int, str]:
    """Run a command whose program calls `end_with_parent`; its status, and what it said of errors.

    It is killed when `stop` is set. Its input is a pipe of which this process holds the other end.
    """
    with tempfile.TemporaryFile() as errors:
        child = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            # Standard output may be a protocol's: the child does not get it.
            stdout=subprocess.DEVNULL,
            stderr=errors,
            env={**os.environ, "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"},
        )
        with child:
            try:
                _wait(child, stop or threading.Event())
            finally:
                child.kill()
        errors.seek(0)
        return child.returncode, errors.read().decode("utf-8", "replace")


def reason_of(errors: IO[bytes], status: int) -> str:
    """Why a process ended: what it said after REASON_MARK, else its status."""
    errors.seek(0)
    _, mark, said = errors.read().decode("utf-8", "replace").rpartition(REASON_MARK)
    return said.strip() if mark else f"its process ended with status {status}"


def end_with_parent(*, input_is_read: bool = False) -> None:
    """End this process when the one that started it has ended, however that came about.

    Its input has to be a pipe from that one; `input_is_read` says that the process itself reads it
    and sees its end. Whoever types on this machine goes first.
    """
    if hasattr(os, "nice"):
        os.nice(10)
    if sys.platform == "linux":
        import ctypes

        with contextlib.suppress(OSError, AttributeError):
            # At once, even in the middle of a library's work.
            ctypes.CDLL(None).prctl(_PARENT_DEATH_SIGNAL, signal.SIGKILL)
    if not input_is_read:
        threading.Thread(target=_end_with_input, name="aiana-parent", daemon=True).start()


def _end_with_input() -> None:
    """Nothing is ever sent: the input ends when nobody is left who could."""
    with contextlib.suppress(OSError):
        while os.read(0, 1024):
            pass
    os._exit(1)


def _wait(child: subprocess.Popen[bytes], stop: threading.Event) -> None:
    while child.poll() is None:
        if stop.wait(_LOOK_EVERY_S):
            return
