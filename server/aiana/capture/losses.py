"""What a reader left out of a file."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from aiana.models import CapturePosition, LeftOut
from aiana.paths import readable

MOST_NAMED = 20
"""Of one file; all are counted."""


class Losses:
    """What was left out of a file, from its beginning on: counted, and the first ones named."""

    def __init__(
        self, path: Path | str, reasons: Iterable[str] = (), known: CapturePosition | None = None
    ) -> None:
        self._path = readable(path)
        self.count = known.skipped_lines if known else 0
        self.named = list(known.left_out) if known else []
        for reason in reasons:
            self.add(reason)

    def add(self, reason: str, line: int = 0) -> None:
        """Count one more; line 0 is that of a whole document."""
        self.count += 1
        if len(self.named) < MOST_NAMED:
            # A new list: positions that were given out keep theirs.
            self.named = [*self.named, LeftOut(path=self._path, line=line, reason=reason)]
