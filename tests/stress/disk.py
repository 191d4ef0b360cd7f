"""A disk that is full now and then, or cannot be written."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

DISK = "disk"
"""The folder below which the data folder lies, and alone is full."""
_STEP = 1 << 16


class Disk:
    """What the data folder is on. Any number of threads may fill it; it is full for all or one.

    Where it is not small, one process alone finds it full: by a limit to the size of its files.
    """

    def __init__(self, folder: Path, is_small: bool = False) -> None:
        self._folder = folder
        self._ballast = folder / "ballast"
        self.is_small = is_small
        self._lock = threading.Lock()
        self._full = 0
        self.times = 0
        """How often it was filled or emptied."""

    def fill(self, process: int) -> None:
        with self._lock:
            self._full += 1
            self.times += 1
        if not self.is_small:
            _limit(process, 0)
            return
        with self._lock, contextlib.suppress(OSError), self._ballast.open("ab", 0) as ballast:
            while ballast.write(bytes(_STEP)) == _STEP:
                pass

    def empty(self, process: int) -> None:
        if not self.is_small:
            _limit(process, None)
        with self._lock:
            if self.is_small and self._full == 1:
                self._ballast.unlink(missing_ok=True)
            self._full -= 1
            self.times += 1

    @contextlib.contextmanager
    def read_only(self) -> Iterator[bool]:
        """Nobody can write to it meanwhile; false where it cannot be had so: somebody does."""
        if not self._remounted("ro"):
            yield False
            return
        try:
            yield True
        finally:
            assert self._remounted("rw")

    def _remounted(self, how: str) -> bool:
        command = ["mount", "-o", f"remount,{how}", str(self._folder)]
        return not subprocess.run(command, capture_output=True, check=False).returncode

    def was_full(self, times: int) -> bool:
        """Whether it is, or was since it had been filled and emptied that many times."""
        return self._full > 0 or self.times > times


def _limit(process: int, size: int | None) -> None:
    if sys.platform != "linux":
        return
    import resource

    with contextlib.suppress(ProcessLookupError):
        (_, most) = resource.prlimit(process, resource.RLIMIT_FSIZE)
        resource.prlimit(process, resource.RLIMIT_FSIZE, (most if size is None else size, most))


@contextlib.contextmanager
def small_disk(folder: Path, mib: int) -> Iterator[Disk]:
    """A file system in memory at the folder, where the system lets one be mounted."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={mib}m", "tmpfs", str(folder)]
    may = sys.platform == "linux" and os.geteuid() == 0
    if not may or subprocess.run(mount, capture_output=True, check=False).returncode:
        yield Disk(folder)
        return
    try:
        yield Disk(folder, is_small=True)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
