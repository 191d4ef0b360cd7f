"""One process at a time writes the database, or puts its log into it.

SQLite lets one process do the one while another does the other, and before 3.51.3 loses what was
committed in a rare case of that: https://sqlite.org/wal.html#walresetbug
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from types import TracebackType

from aiana.private import make_file

WAIT_S = 15.0
_PAUSE_S = 0.002


class Timeout(Exception):
    """Another process has been writing all the while."""


class WriteTurn:
    """Held around each write. May be taken again by the thread that holds it, and by no other.

    Keeps its file open, since taking a turn is part of every write. Raises Timeout after
    `WAIT_S`, StorageUnavailable where the file cannot be made.
    """

    def __init__(self, database: Path) -> None:
        self._path = database.with_name("write.lock")
        self._descriptor: int | None = None
        self._depth = 0

    def __enter__(self) -> None:
        if not self._depth:
            self._take()
        self._depth += 1

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._depth -= 1
        if not self._depth and self._descriptor is not None:
            _unlock(self._descriptor)

    def _take(self) -> None:
        if self._descriptor is None:
            make_file(self._path)
            self._descriptor = os.open(self._path, os.O_RDWR)
        until = time.monotonic() + WAIT_S
        while not _lock(self._descriptor):
            if time.monotonic() > until:
                raise Timeout
            time.sleep(_PAUSE_S)

    def close(self) -> None:
        """Let go of the file; the next turn opens the one that stands there then."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> bool:
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _unlock(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _lock(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:  # a file system without locks, where SQLite has its own trouble
            return True
        return True

    def _unlock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_UN)
