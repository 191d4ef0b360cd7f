"""The short forms of `make stress`."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from tests.stress.store import compare, run

SEED = int(os.environ.get("AIANA_TEST_SEED", "20261127"))


def test_nothing_that_was_acknowledged_is_lost(tmp_path: Path) -> None:
    done = run(tmp_path, operations=60, servers=2, seed=SEED)
    assert done["add"] + done["update"] + done["delete"] + done["search"] == 60
    assert done["imports"] > 0


def test_the_comparison_sees_what_is_lost_and_what_came_back(tmp_path: Path) -> None:
    database = tmp_path / "a.db"
    connection = sqlite3.connect(database)
    connection.execute("CREATE TABLE memories (id, content)")
    connection.execute("CREATE VIRTUAL TABLE messages_fts USING fts5(content)")
    connection.executemany("INSERT INTO memories VALUES (?, ?)", [("1", "a"), ("2", "b")])
    connection.commit()
    connection.close()
    assert compare(database, {"1": "a", "2": "b"}, []) == []
    assert compare(database, {"1": "a"}, [(None, "b")]) == []
    assert compare(database, {"1": "x", "2": "b"}, []) == ["lost: 'x' is 'a'"]
    assert compare(database, {"1": "x", "2": "b"}, [("1", "a")]) == []
    assert compare(database, {"1": "a"}, []) == ["came back: 'b'"]
    assert compare(database, {"1": "a", "2": "b", "3": "c"}, []) == ["lost: 'c' is None"]
