"""What works for long collects garbage as Python does by itself; what begins hardly does."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from pathlib import Path

import pytest

TOLD = """
import gc, pkgutil, sys
owner, name = pkgutil.resolve_name({owner!r}), {name!r}
real = getattr(owner, name)
def told(*given, **named):
    print("threshold", *gc.get_threshold())
    return real(*given, **named)
setattr(owner, name, told)
from aiana.__main__ import main
sys.argv = ["aiana", *sys.argv[1:]]
main()
"""


def thresholds(tmp_path: Path, function: str, *arguments: str) -> list[tuple[int, ...]]:
    """Those that are in force when a function of the running command is called."""
    owner, _, name = function.rpartition(".")
    environ = {
        **os.environ,
        "AIANA_HOME": str(tmp_path / "aiana"),
        "CLAUDE_CONFIG_DIR": str(tmp_path / "claude"),
        "AIANA_EMBEDDING_MODEL": "no-such-model",
    }
    done = subprocess.run(
        [sys.executable, "-c", TOLD.format(owner=owner, name=name), *arguments],
        env=environ,
        input="",
        capture_output=True,
        text=True,
        check=False,
    )
    lines = [line.split() for line in done.stdout.splitlines() if line.startswith("threshold ")]
    assert lines, done.stderr
    return [tuple(map(int, line[1:])) for line in lines]


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        ("aiana.features.upkeep:Upkeep.reindex", ["reindex", "fts"]),
        ("aiana.lsp.main.run", ["lsp"]),
    ],
)
def test_what_works_for_long(tmp_path: Path, function: str, arguments: list[str]) -> None:
    assert thresholds(tmp_path, function, *arguments) == [gc.get_threshold()]


def test_what_answers_at_once(tmp_path: Path) -> None:
    ((objects, *_),) = thresholds(tmp_path, "aiana.search.searcher.search", "search", "boats")
    assert objects == 100_000
