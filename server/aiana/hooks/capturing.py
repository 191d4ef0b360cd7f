"""Capture now, in a process of its own that nobody waits for."""

from __future__ import annotations

import os
import sys
from pathlib import Path

INSIDE = "AIANA_INSIDE_HOOK"
"""Set for what a hook starts, so that no hook runs inside of a hook."""


def capture(data: Path, transcript: str) -> None:
    """Import a transcript, or all that is new, unless somebody does that all the time anyway."""
    if _is_watched(data):
        return
    what = [transcript] if transcript and Path(transcript).is_file() else []
    arguments = [sys.executable, "-m", "aiana", "import", "--no-embed", *what]
    environ = {**os.environ, INSIDE: "1"}
    if sys.platform == "win32":
        import subprocess

        subprocess.Popen(
            arguments,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            creationflags=subprocess.DETACHED_PROCESS | subprocess.CREATE_NEW_PROCESS_GROUP,
        )
        return
    os.nice(10)  # whoever types goes first
    # Hosts wait until nobody holds the pipes that they gave.
    nowhere = [(os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_RDWR, 0) for number in range(3)]
    try:
        os.posix_spawn(sys.executable, arguments, environ, file_actions=nowhere, setsid=True)
    except NotImplementedError:
        os.posix_spawn(sys.executable, arguments, environ, file_actions=nowhere, setpgroup=0)


def _is_watched(data: Path) -> bool:
    """Whether a process holds the lock of the background work."""
    if sys.platform == "win32":
        return False
    import fcntl

    try:
        descriptor = os.open(data / "indexer.lock", os.O_RDWR)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False
