"""Has several processes open one new database at the same moment, again and again.

    python -m tests.integration.opened_at_once FOLDER VERSION ROUNDS

VERSION is that of the database before, 0 for none. The outcome of each process stands on a line.
"""

from __future__ import annotations

import os
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

from aiana.errors import AianaError
from aiana.storage import AianaStorage
from aiana.storage.migrations import MIGRATIONS

PROCESSES = 6


def old_one(path: Path, version: int) -> None:
    """A database as an older Aiana left it, with a preference in it."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for step in MIGRATIONS[:version]:
            step(connection)
        connection.execute(f"PRAGMA user_version = {version}")
        connection.execute("INSERT INTO preferences VALUES (1, '1', 'Uses uv', 0, '2026-01-01')")


def opens(path: Path, begun: int) -> str:
    os.read(begun, 1)
    try:
        with AianaStorage(path) as storage:
            storage.memories.add(f"by {os.getpid()}")
    except AianaError as error:
        return str(error)
    return "opened"


def main(folder: Path, version: int, rounds: int) -> None:
    for number in range(rounds):
        path = folder / str(number) / "conversations.db"
        path.parent.mkdir()
        if version:
            old_one(path, version)
        begun, begin = os.pipe()
        children: list[int] = []
        for _ in range(PROCESSES):
            if child := os.fork():
                children.append(child)
                continue
            os.close(begin)
            os.write(1, f"{opens(path, begun)}\n".encode())
            os._exit(0)
        os.close(begun)
        os.close(begin)  # which every one of them waits for
        for child in children:
            os.waitpid(child, 0)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
