"""The files that are made from the database, when something in it is forgotten."""

from __future__ import annotations

from pathlib import Path

from aiana.errors import AianaError
from aiana.private import files_in, remove
from aiana.storage.array_file import folder_of, locked
from aiana.storage.database import Database
from aiana.storage.message_columns import FILE, MessageFile
from aiana.storage.vector_file import wipe_vectors
from aiana.storage.write_turn import Timeout

_WAIT_S = 60.0
"""What forgetting waits for a process that writes a file just now."""


def wipe(database: Database) -> list[Path]:
    """Overwrite in every file what the database has no more; returns the files that may hold it.

    A file that cannot be changed is removed.
    """
    left = []
    paths = [path for path in files_in(folder_of(database), "*") if path.suffix != ".lock"]
    if not paths:
        return []
    try:
        with locked(database, _WAIT_S):
            for path in paths:
                try:
                    if path.name == FILE:
                        MessageFile(database).wipe()
                    elif path.suffix == ".bin":
                        wipe_vectors(database, path)
                    else:
                        remove(path)  # of a process that was killed while it wrote
                except (OSError, ValueError, KeyError, AianaError):
                    try:
                        remove(path)
                    except AianaError:
                        left.append(path)
    except (Timeout, OSError, NotImplementedError, AianaError):
        return paths
    return left
