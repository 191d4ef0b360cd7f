"""A database of an older Aiana, as it was written by that one: nothing of it is lost or changed.

`version-2.db.gz` holds the sample sessions, memories and preferences; `version-2.json` the hits of
ten searches, as the Aiana that wrote it found them.
"""

from __future__ import annotations

import gzip
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from aiana.config import Config
from aiana.service import Aiana, open_aiana
from aiana.storage.migrations import MIGRATIONS

STORES = Path(__file__).parents[1] / "fixtures" / "stores"
SEARCHES: dict[str, list[str]] = json.loads((STORES / "version-2.json").read_text())
TABLES = (
    "projects",
    "sessions",
    "messages",
    "memories",
    "preferences",
    "capture_positions",
    "tombstones",
)


def rows(path: Path, columns: dict[str, list[str]]) -> dict[str, list[tuple[Any, ...]]]:
    with closing(sqlite3.connect(path)) as connection:
        return {
            table: connection.execute(
                f"SELECT {', '.join(names)} FROM {table} ORDER BY rowid"
            ).fetchall()
            for table, names in columns.items()
        }


@pytest.fixture
def old(tmp_path: Path) -> Path:
    path = tmp_path / "conversations.db"
    path.write_bytes(gzip.decompress((STORES / "version-2.db.gz").read_bytes()))
    return path


@pytest.fixture
def aiana(old: Path) -> Iterator[Aiana]:
    service = open_aiana(Config(data_dir=old.parent, embedding_model="no-such-model"))
    yield service
    service.close()


def test_a_migrated_database_keeps_every_row(old: Path, aiana: Aiana) -> None:
    with closing(sqlite3.connect(old)) as connection:
        columns = {
            table: [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
            for table in TABLES
        }
    before = rows(old, columns)
    assert {table: len(found) for table, found in before.items()} == {
        "projects": 4,
        "sessions": 6,
        "messages": 38,
        "memories": 3,
        "preferences": 2,
        "capture_positions": 6,
        "tombstones": 1,
    }
    counts = aiana.status().counts
    assert (counts.sessions, counts.messages, counts.memories, counts.preferences) == (6, 38, 3, 2)
    assert rows(old, columns) == before
    with closing(sqlite3.connect(old)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)
    assert [path.name for path in (old.parent / "backups").iterdir()] == ["conversations-v2.db"]
    assert rows(old.parent / "backups" / "conversations-v2.db", columns) == before


@pytest.mark.parametrize("query", SEARCHES)
def test_a_migrated_database_answers_as_before(aiana: Aiana, query: str) -> None:
    found = aiana.search(query, limit=50, mode="keyword").hits
    assert [hit.id for hit in found] == SEARCHES[query]
