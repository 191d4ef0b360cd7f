"""What the readers of Aiana's own files share: such a file lies where a person put it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from aiana.models import OWN_SOURCE, CapturePosition


class OwnFile:
    """A file that Aiana wrote, read when it is named and never looked for."""

    name = OWN_SOURCE
    title = "Aiana"

    def roots(self) -> list[Path]:
        return []

    def enters(self, folder: Path) -> bool:
        return True

    def retention_days(self) -> int | None:
        return None

    def unchanged(self, path: Path, position: CapturePosition) -> bool:
        return position.mark == mark_of(path)


def mark_of(path: Path) -> dict[str, Any]:
    """What tells the file that was read from another at its place."""
    status = path.stat()
    return {"size": status.st_size, "mtime": status.st_mtime_ns, "inode": status.st_ino}
