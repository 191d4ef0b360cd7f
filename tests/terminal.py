"""A terminal to run a program in."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path


def on_a_terminal(words: Sequence[str], environ: Mapping[str, str], folder: Path) -> str:
    """What a program writes to a terminal, which is as wide as COLUMNS says."""
    import pty

    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        words,
        env=environ,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    written = b""
    while True:
        try:
            block = os.read(ours, 65536)
        except OSError:  # the other end was closed
            block = b""
        if not block:
            break
        written += block
    os.close(ours)
    process.wait(60)
    return written.decode().replace("\r\n", "\n")
