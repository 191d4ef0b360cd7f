"""Transcripts that are there and may not be read, and what lets them be."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from aiana.text import counted

USER_OF_IMAGE = "AIANA_UID"
"""The image says by this variable for which user it was built."""


def is_container() -> bool:
    """Whether this runs in Aiana's image, which sees what is mounted alone."""
    return USER_OF_IMAGE in os.environ


def no_transcripts() -> str:
    """What to do where a container was given no transcripts."""
    return (
        "Nothing is mounted there. Set CLAUDE_CONFIG_DIR to the folder on the host that holds "
        "`projects`, and start again: `docker compose up --wait`."
    )


def is_closed_to_us(path: str) -> bool:
    """Whether a file or folder is there, but may not be read."""
    return os.path.lexists(path) and not os.access(path, os.R_OK)


def why_closed(paths: Sequence[str]) -> str:
    """In a sentence without its full stop, what keeps the files from being read."""
    files = counted(len(paths), "file")
    owner = _owner(paths[0])
    whose = "" if owner is None else f": user {owner} owns {_it(paths)}, and this is user {_us()}"
    return f"{files} in {Path(paths[0]).parent} may not be read{whose}"


def how_to_open(path: str) -> str:
    """What to do so that it may be read."""
    owner = _owner(path)
    if is_container() and owner is not None and owner != _us():
        return f"Build the image for that user: `{USER_OF_IMAGE}={owner} docker compose up --build`"
    return f"`chmod -R u+rX {Path(path).parent}`"


def _owner(path: str) -> int | None:
    try:
        return os.lstat(path).st_uid if os.name == "posix" else None
    except OSError:
        return None


def _us() -> int:
    return os.geteuid() if hasattr(os, "geteuid") else -1


def _it(paths: Sequence[str]) -> str:
    return "it" if len(paths) == 1 else "them"
