"""The clock of the processes of a crowd, which is put forward and back while they run."""

from __future__ import annotations

import struct
import subprocess
import sys
import sysconfig
from pathlib import Path
from shutil import which

_SOURCE = Path(__file__).with_name("clock.c")


class Clock:
    """Goes as the machine's does, and as far ahead of it or behind as it is told.

    The time that the kernel gives files stays right. It cannot be moved where no C compiler is, or
    where Python waits by the time of day: for a moved one the kernel would wait as long.
    """

    def __init__(self, folder: Path) -> None:
        self._ahead, library = folder / "clock", folder / "clock.so"
        waits_alone = sysconfig.get_config_var("HAVE_SEM_CLOCKWAIT")
        compiler = which("cc") if sys.platform == "linux" and waits_alone else None
        self.environ: dict[str, str] = {}
        """What a process is given to have this clock."""
        self.can_move = compiler is not None
        if compiler is not None:
            self.move(0)
            command = [
                compiler,
                "-shared",
                "-fPIC",
                "-O1",
                "-o",
                str(library),
                str(_SOURCE),
                "-ldl",
            ]
            subprocess.run(command, check=True)
            self.environ = {"LD_PRELOAD": str(library), "AIANA_TEST_CLOCK": str(self._ahead)}

    def move(self, seconds: int) -> None:
        """Have it so many seconds ahead of the machine's from now on."""
        # It is mapped: a file that were written anew would have no time for a moment.
        with self._ahead.open("r+b" if self._ahead.exists() else "wb", 0) as file:
            file.write(struct.pack("=q", seconds))
