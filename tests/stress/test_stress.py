"""The short forms of `make stress`."""

from __future__ import annotations

import os
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from tests.stress.clock import Clock
from tests.stress.crowd import Crowd, Ended, Faults, Gate
from tests.stress.disk import DISK, small_disk
from tests.stress.notes import Notes
from tests.stress.store import run

SEED = int(os.environ.get("AIANA_TEST_SEED", "20261127"))


def test_nothing_that_was_acknowledged_is_lost(tmp_path: Path) -> None:
    with small_disk(tmp_path / DISK, 256) as disk:
        done = run(tmp_path, operations=32, servers=2, seed=SEED, disk=disk)
    assert sum(done[kind] for kind in ("add", "update", "delete", "search", "reindex")) == 32
    assert done["by MCP"] == 4
    assert done["imports"] > 0
    assert done["new stores"] > 0
    assert (done["clock moved"] > 0) is Clock(tmp_path).can_move
    assert (done["read-only disks"] + done["remounts refused"] > 0) is disk.is_small


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "a.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE memories (id, content)")
        connection.execute("CREATE TABLE messages (content)")
        connection.execute("CREATE VIRTUAL TABLE messages_fts USING fts5(content)")
        connection.executemany("INSERT INTO memories VALUES (?, ?)", [("1", "a"), ("2", "b")])
        connection.executemany("INSERT INTO messages VALUES (?)", [("x",), ("y",)])
        connection.commit()
    return path


def noted(said: str, *changes: tuple[str, str | None]) -> Notes:
    notes = Notes()
    notes.say(list(said))
    for id, text in changes:
        notes.end(notes.begin(id, text), id)
    return notes


def faults(notes: Notes, database: Path) -> list[str]:
    moment = notes.now()
    return notes.faults(database, notes.possible(moment, moment)._replace(said=set(notes.said)))


def test_the_comparison_sees_what_is_lost_and_what_came_back(database: Path) -> None:
    both = (("1", "a"), ("2", "b"))
    assert faults(noted("xy", *both), database) == []
    assert faults(noted("xy", ("1", "x"), ("2", "b")), database) == ["lost: 'x' is 'a'"]
    assert faults(noted("xy", *both, ("3", "c")), database) == ["lost: 'c' is None"]
    assert faults(noted("xy", ("1", "a")), database) == ["came back: 'b'"]
    assert faults(noted("xy", *both, ("2", None)), database)[-1] == "came back: 'b'"
    assert faults(noted("xyz", *both), database) == ["message lost: z"]
    assert faults(noted("x", *both), database) == ["message from nowhere: y"]
    erased = noted("xy", *both)
    erased.erase({"y"}, done=True)
    assert faults(erased, database) == ["message came back: y"]
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("INSERT INTO messages VALUES ('x')")
        connection.commit()
    assert faults(noted("xy", *both), database) == ["message twice: x"]


def test_what_is_not_acknowledged_may_be_there_or_not(database: Path) -> None:
    notes = noted("xy", ("1", "a"))
    notes.begin(None, "b")
    assert faults(notes, database) == []
    notes = noted("xy", ("1", "before"), ("2", "b"))
    notes.begin("1", "a")
    assert faults(notes, database) == []
    notes = noted("xy", ("1", "a"), ("2", "b"), ("3", "c"))
    notes.begin("3", None)
    assert faults(notes, database) == []


def test_a_backup_is_of_one_moment_between_two(database: Path) -> None:
    notes = noted("xy", ("1", "a"))
    first = notes.now()
    notes.end(notes.begin("2", "b"), "2")
    notes.end(notes.begin("2", "later"), "2")
    notes.end(notes.begin("3", "c"), "3")
    last = notes.now()
    notes.end(notes.begin("1", "after it"), "1")
    assert notes.faults(database, notes.possible(first, last)) == []
    assert notes.faults(database, notes.possible(last, last)) == [
        "lost: 'later' is 'b'",
        "lost: 'c' is None",
    ]


def test_what_was_put_back_may_change_again(database: Path) -> None:
    notes = noted("xy", ("1", "later"), ("3", "c"))
    notes.put_back({"1": "before", "2": "b"})
    assert faults(notes, database) == ["lost: 'before' is 'a'"]
    notes.end(notes.begin("1", "a"), "1")
    assert faults(notes, database) == []


def test_a_backup_may_lack_what_was_deleted_by_one_that_could_not_say_so(database: Path) -> None:
    notes = noted("xy", ("1", "a"), ("2", "b"), ("3", "c"))
    moment = notes.now()
    backup = notes.possible(moment, moment)
    notes.end(notes.begin("3", None), "3", sure=False)
    notes.put_back({"1": "a", "2": "b"})
    assert notes.faults(database, backup) == []


def test_one_that_is_alone_waits_for_the_others(tmp_path: Path) -> None:
    gate, log = Gate(), []

    def alone() -> None:
        with gate.alone():
            log.append("alone")

    with gate.step():
        thread = threading.Thread(target=alone)
        thread.start()
        log.append("step")
    thread.join()
    assert log == ["step", "alone"]
    gate.end()
    with pytest.raises(Ended), gate.step():
        log.append("never")


def test_a_failing_thread_ends_all_processes_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(crowd: Crowd) -> None:
        raise RuntimeError("out of luck")

    monkeypatch.setattr(Crowd, "power_cut", fails)
    monkeypatch.setattr("tests.stress.drivers.CUTS", 1.0)
    with pytest.raises(Faults, match=f"seed {SEED}: RuntimeError\\('out of luck'\\)"):
        run(tmp_path, operations=10**6, servers=2, seed=SEED)
    assert psutil.Process().children(recursive=True) == []
    assert (tmp_path / "disk" / "aiana" / "conversations.db").exists()
