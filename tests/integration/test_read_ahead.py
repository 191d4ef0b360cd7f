"""Transcripts that are read by other processes are stored as those that are read by this one."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from aiana.capture import read_ahead
from aiana.capture.importer import import_sources
from aiana.indexing.follower import Captured, Follower
from aiana.models import Progress
from aiana.protocol.results import ImportResult
from aiana.storage import AianaStorage
from tests.integration.test_import import dump, said, write

FIXTURES = Path(__file__).parents[1] / "fixtures"
TOKEN = "ghp_" + "a1B2c3D4e5F6" * 3
MODULE = "aiana.capture.read_ahead"
Import = Callable[..., tuple[ImportResult, list[Any]]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Many ways of keeping a conversation, small and large, whole and damaged, with a secret."""
    folder = tmp_path / "transcripts"
    for n in range(80):
        write(
            folder / f"s{n}.jsonl",
            said("user", f"u{n}", f"the password of db {n} is {TOKEN}", session=f"s{n}"),
            said("assistant", f"a{n}", "kept", 1, session=f"s{n}"),
            mtime=1_000_000_000 + n * 1000,
        )
    large = [said("user", f"l{n}", f"{n} {'lorem ipsum ' * 500}", n % 60) for n in range(400)]
    write(folder / "large.jsonl", *large, mtime=1_000_030_000)
    with (folder / "s7.jsonl").open("a") as file:
        file.write('{"type": "user", "uuid": "x", \n')
    huge = said("user", "h1", "a number", session="huge")
    huge["message"]["content"].append({"type": "tool_use", "id": "t", "name": "n", "input": {}})
    huge["message"]["content"][1]["input"] = {"n": 2**70}
    write(folder / "huge.jsonl", huge, mtime=1_000_000_500)
    (folder / "no\udce9name.jsonl").write_text(json.dumps(said("user", "e1", "é", session="e")))
    return folder


@pytest.fixture
def imported(tmp_path: Path, folder: Path) -> Import:
    def run(name: str, **options: Any) -> tuple[ImportResult, list[Any]]:
        paths = [folder, FIXTURES]
        with AianaStorage(tmp_path / name / "conversations.db") as storage:
            result = import_sources(storage, paths=paths, **options)
            return result, dump(storage.database.path)

    return run


@pytest.fixture
def two_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_ahead, "WORTH_BYTES", 1)
    monkeypatch.setattr("aiana.capture.read_ahead.cores", lambda: 2)


@pytest.fixture
def alone(imported: Import, monkeypatch: pytest.MonkeyPatch) -> tuple[ImportResult, list[Any]]:
    """What comes in without other processes."""
    with monkeypatch.context() as patched:
        patched.setattr(read_ahead, "Child", None)
        patched.setattr("aiana.capture.read_ahead.cores", lambda: 1)
        return imported("alone")


def readers() -> list[psutil.Process]:
    children = psutil.Process().children()
    return [child for child in children if MODULE in child.cmdline()]


def at_step(number: int, act: Callable[[], None]) -> Progress:
    steps: Iterator[int] = iter(range(1, 1_000_000))

    def progress(done: int, total: int, name: str) -> None:
        if next(steps) == number:
            act()

    return progress


@pytest.mark.usefixtures("two_cores")
def test_the_same_comes_in(alone: tuple[ImportResult, list[Any]], imported: Import) -> None:
    seen: list[int] = []
    result, stored = imported("ahead", progress=at_step(3, lambda: seen.append(len(readers()))))
    assert seen == [2]
    assert stored == alone[1]
    assert result == alone[0]
    counts = result.sources["claude-code"]
    assert counts.skipped_lines == 1
    assert counts.redactions >= 80
    assert TOKEN not in str(stored)
    assert readers() == []


@pytest.mark.usefixtures("two_cores")
@pytest.mark.parametrize("step", [1, 20, 60])
def test_one_that_is_killed_costs_nothing(
    alone: tuple[ImportResult, list[Any]], imported: Import, step: int
) -> None:
    killed: list[int] = []

    def kill() -> None:
        for reader in readers():
            reader.kill()
            killed.append(reader.pid)

    result, stored = imported("killed", progress=at_step(step, kill))
    assert len(killed) == 2
    assert stored == alone[1]
    assert result == alone[0]


@pytest.mark.usefixtures("two_cores")
def test_none_outlives_an_import_that_is_cancelled(imported: Import) -> None:
    result, _ = imported("cancelled", cancelled=lambda: True)
    assert sum(counts.messages for counts in result.sources.values()) > 0
    assert readers() == []


@pytest.mark.usefixtures("two_cores")
def test_where_no_process_is_to_be_had(
    alone: tuple[ImportResult, list[Any]], imported: Import, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: Any, **__: Any) -> None:
        raise OSError("Resource temporarily unavailable")

    monkeypatch.setattr(read_ahead, "Child", refused)
    assert imported("refused") == alone


@pytest.mark.usefixtures("two_cores")
def test_a_file_that_was_read_meanwhile_goes_on_from_there(
    alone: tuple[ImportResult, list[Any]], imported: Import, tmp_path: Path, folder: Path
) -> None:
    def other() -> None:
        with AianaStorage(tmp_path / "met" / "conversations.db") as storage:
            import_sources(storage, paths=[folder / f"s{n}.jsonl" for n in range(40)])

    _, stored = imported("met", progress=at_step(1, other))
    assert stored == alone[1]


def test_few_files_are_read_here(imported: Import, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_ahead, "Child", None)
    monkeypatch.setattr("aiana.capture.read_ahead.cores", lambda: 8)
    monkeypatch.setattr(read_ahead, "WORTH_BYTES", 1_000_000_000)
    result, _ = imported("few")
    assert result.sources["claude-code"].found > 80


@pytest.mark.usefixtures("two_cores")
def test_what_is_followed_is_read_ahead_politely(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", str(tmp_path / "claude"))
    monkeypatch.setenv("HOME", str(tmp_path))
    folder = tmp_path / "claude" / "projects" / "-home-u-app"
    for n in range(30):
        write(folder / f"s{n}.jsonl", said("user", f"u{n}", f"said {n}", session=f"s{n}"))
    priorities: set[int] = set()
    told: list[Captured] = []

    def tell(captured: Captured) -> None:
        told.append(captured)
        priorities.update(int(reader.nice()) for reader in readers())

    with AianaStorage(tmp_path / "data" / "conversations.db") as storage:
        follower = Follower(storage, threading.Event(), tell)
        while len(told) < 30:
            follower.step()
        assert storage.get_stats().messages == 30
        assert priorities == {min(int(psutil.Process().nice()) + 10, 19)}
        follower.step()
        assert readers() == []
        follower.close()
