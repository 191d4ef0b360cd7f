"""Texts may be forgotten and changed as often as one likes: the full-text index stays readable."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

import pytest

from aiana.storage import AianaStorage
from aiana.storage.backup_rewriting import rewrite_backup
from aiana.storage.forgetting import scrub
from aiana.storage.text_index_levels import MOST_LEVELS

STRUCTURE = "messages_fts_data SET block = ? WHERE id = 10"
SQLITES_MOST = 2000


def levels_of(connection: sqlite3.Connection) -> int:
    """A number of up to 14 bits, after the cookie of four bytes."""
    ((block,),) = connection.execute("SELECT block FROM messages_fts_data WHERE id = 10")
    high, low = int(block[4]), int(block[5])
    return (high & 0x7F) << 7 | low if high & 0x80 else high


def raise_levels(path: Path, levels: int) -> None:
    """Put as many empty levels below all others as merging would in time."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        ((block,),) = connection.execute("SELECT block FROM messages_fts_data WHERE id = 10")
        known = levels_of(connection)
        assert known < 128 <= levels
        segments = block[5:6]
        counts_end = 6
        while block[counts_end] & 0x80:
            counts_end += 1
        counts = segments + block[6 : counts_end + 1]
        raised = (
            block[:4]
            + bytes([levels >> 7 | 0x80, levels & 0x7F])
            + counts
            + b"\0\0" * (levels - known)
            + block[counts_end + 1 :]
        )
        connection.execute(f"UPDATE {STRUCTURE}", (raised,))
        connection.commit()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "conversations.db"
    with AianaStorage(path) as storage:
        for number in range(60):
            storage.memories.add(f"note {number} " + " ".join(f"w{number}x{n}" for n in range(99)))
    return path


def found(storage: AianaStorage, word: str) -> int:
    with storage.database.reading() as connection:
        return len(
            connection.execute(
                "SELECT rowid FROM messages_fts WHERE messages_fts MATCH ?", (word,)
            ).fetchall()
        )


def test_each_time_that_texts_are_forgotten_leaves_few_levels(path: Path) -> None:
    with AianaStorage(path) as storage:
        for number in range(MOST_LEVELS * 2):
            memory, _ = storage.memories.add(f"gone {number} unicorn{number}")
            deleted = storage.memories.delete([memory.id])
            assert scrub(storage.database, deleted.forgotten.owed).traces == []
            with storage.database.reading() as connection:
                assert levels_of(connection) <= MOST_LEVELS
        assert storage.text_index_fits()
        assert found(storage, "w7x7") == 1


@pytest.mark.parametrize("levels", [SQLITES_MOST - 1, SQLITES_MOST, SQLITES_MOST + 1])
def test_an_index_with_too_many_levels_is_mended_when_it_is_opened(path: Path, levels: int) -> None:
    raise_levels(path, levels)
    with AianaStorage(path) as storage:
        memory, _ = storage.memories.add("unicorn")
        assert found(storage, "unicorn") == 1
        assert found(storage, "w7x7") == 1
        scrub(storage.database, storage.memories.delete([memory.id]).forgotten.owed)
        assert found(storage, "unicorn") == 0
        assert storage.text_index_fits()
        with storage.database.reading() as connection:
            assert levels_of(connection) <= MOST_LEVELS


def test_a_backup_with_too_many_levels_is_rewritten_and_not_removed(path: Path) -> None:
    raise_levels(path, SQLITES_MOST + 1)

    def change(connection: sqlite3.Connection) -> None:
        connection.execute("DELETE FROM memories WHERE content LIKE 'note 7 %'")

    rewrite_backup(path, change)
    with contextlib.closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM memories").fetchone() == (59,)
        assert levels_of(connection) <= MOST_LEVELS


def test_a_structure_record_that_is_damaged_is_left_to_the_check(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute(f"UPDATE {STRUCTURE}", (b"\0\0\0\0\xff",))
        connection.commit()
    with AianaStorage(path) as storage:
        assert storage.memories.page()[0]
        assert not storage.text_index_fits()
