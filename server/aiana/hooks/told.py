"""What a session has been told already, whichever host asked: small files in the data folder."""

from __future__ import annotations

import hashlib
import os
import time
from contextlib import suppress
from pathlib import Path

_KEPT_S = 14 * 24 * 3600
_MOST_FILES = 200
"""Beyond so many, those of long ago are removed."""


class Told:
    """The notes about one session. Nothing of them is text of a person."""

    def __init__(self, data: Path, session: str) -> None:
        self._folder = data / "hooks"
        self._stem = hashlib.sha256(session.encode("utf-8", "replace")).hexdigest()[:32]

    def first(self, of: str) -> bool:
        """Whether nobody else has asked for this in the session; from now on somebody has."""
        mark = hashlib.sha256(of.encode("utf-8", "replace")).hexdigest()[:16]
        self._folder.mkdir(mode=0o700, exist_ok=True)
        try:
            os.close(self._open(f"{self._stem}.{mark}", os.O_EXCL))
        except FileExistsError:
            return False
        return True

    def uris(self) -> set[str]:
        """What was quoted in the session."""
        with suppress(OSError):
            return set((self._folder / self._stem).read_text("utf-8").split())
        return set()

    def add(self, uris: list[str]) -> None:
        with os.fdopen(self._open(self._stem, os.O_APPEND), "a", encoding="utf-8") as file:
            file.write("".join(f"{uri}\n" for uri in uris))

    def tidy(self) -> None:
        """Remove the notes of sessions of long ago."""
        notes = list(self._folder.iterdir())
        if len(notes) < _MOST_FILES:
            return
        for path in notes:
            with suppress(OSError):
                if path.stat().st_mtime < time.time() - _KEPT_S:
                    path.unlink()

    def _open(self, name: str, flags: int) -> int:
        return os.open(self._folder / name, os.O_WRONLY | os.O_CREAT | flags, 0o600)
