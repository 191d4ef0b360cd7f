"""Notice at once that nobody is left to serve: the editor has ended, or stopped reading."""

from __future__ import annotations

import os
import select
import sys
import threading
import time
from collections.abc import Callable

_LOOK_EVERY_S = 1.0


def when_process_ends(process_id: int, then: Callable[[], None]) -> None:
    """Call `then`, in another thread, once this process has ended.

    A process that is not there to begin with is not watched: an editor outside of the server's
    container has an id that means nothing, or something else, inside.
    """
    if process_id <= 0 or process_id >= 1 << 31:
        return
    wait = _waiter(process_id)
    if wait is not None:
        _in_background(wait, then)


def when_reader_leaves(descriptor: int, then: Callable[[], None]) -> None:
    """Call `then`, in another thread, once nobody can read any more what is written here."""
    if not hasattr(select, "poll"):
        return
    poll = select.poll()
    poll.register(descriptor, 0)  # errors and hang-ups are reported unasked
    _in_background(poll.poll, then)


def _in_background(wait: Callable[[], object], then: Callable[[], None]) -> None:
    def run() -> None:
        wait()
        then()

    threading.Thread(target=run, name="aiana-watchdog", daemon=True).start()


def _waiter(process_id: int) -> Callable[[], object] | None:
    """What blocks until a process has ended; None if it is not there."""
    if sys.platform == "win32":
        return _windows_waiter(process_id)
    try:
        if sys.platform == "linux":
            # Ends for a process that is dead but not yet waited for by its parent, too.
            poll = select.poll()
            poll.register(os.pidfd_open(process_id), select.POLLIN)
            return poll.poll
    except ProcessLookupError:
        return None
    except OSError:  # an old kernel, or a sandbox that forbids it
        pass
    return (lambda: _look_until_gone(process_id)) if _is_there(process_id) else None


def _is_there(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _look_until_gone(process_id: int) -> None:
    while _is_there(process_id):
        time.sleep(_LOOK_EVERY_S)


if sys.platform == "win32":
    import ctypes

    _SYNCHRONIZE = 0x00100000
    _FOR_EVER = 0xFFFFFFFF

    def _windows_waiter(process_id: int) -> Callable[[], object] | None:
        kernel = ctypes.WinDLL("kernel32")
        kernel.OpenProcess.restype = ctypes.c_void_p
        kernel.WaitForSingleObject.argtypes = (ctypes.c_void_p, ctypes.c_uint32)
        handle = kernel.OpenProcess(_SYNCHRONIZE, False, process_id)
        return (lambda: kernel.WaitForSingleObject(handle, _FOR_EVER)) if handle else None
