"""What `aiana import` stores of a file is what an independent reader counts in it."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.counting import READERS, Counted, opencode
from tests.unit.sources import SHARED, TRANSCRIPTS

FIXTURES = Path(__file__).parents[1] / "fixtures"
OWN = [
    ("claude-code", FIXTURES / "sample"),
    ("claude-code", TRANSCRIPTS / "claude-code-2.1.197"),
    ("codex", TRANSCRIPTS / "codex-0.171.0"),
    ("gemini", TRANSCRIPTS / "gemini-0.61.0"),
    ("vscode-chat", FIXTURES / "vscode-chat" / "1.139.1" / "chatSessions"),
]
"""What real programs wrote in runs of a script."""
PLACEHOLDERS = {"claude__small.jsonl", "codex__small.jsonl", "qwen__system_telemetry.jsonl"}
"""One text stands there for every id and every text, so that no thing differs from another."""
NO_TRANSCRIPTS = ("summary.json", "state.json", ".meta.json")
"""Ends of the names of files that lie beside transcripts."""
FOLDERS = [SHARED / name for name in READERS] + [SHARED / "other-agents" / n for n in READERS]
FILES = [
    *((source, path) for source, folder in OWN for path in sorted(folder.glob("*.jsonl"))),
    *((folder.name, path) for folder in FOLDERS for path in sorted(folder.glob("*"))),
]

Import = Callable[[Path], tuple[int, Counted]]


@pytest.fixture
def imported(tmp_path: Path) -> Import:
    """Runs `aiana import` on a path with a store of its own; its exit status and what is stored."""

    def run(path: Path) -> tuple[int, Counted]:
        environ = os.environ | {
            "HOME": str(tmp_path),
            "AIANA_HOME": str(tmp_path / "aiana"),
            "AIANA_EMBEDDING_MODEL": "none",
        }
        status = subprocess.run(
            [sys.executable, "-m", "aiana", "import", str(path)],
            env=environ,
            capture_output=True,
            check=False,
        ).returncode
        return status, stored(tmp_path / "aiana" / "conversations.db")

    return run


def stored(database: Path) -> Counted:
    with closing(sqlite3.connect(database)) as connection:
        numbers = [
            connection.execute(f"SELECT count(*) FROM {what}").fetchone()[0]
            for what in (
                "sessions",
                "messages WHERE type = 'user' AND role = 'user'",
                "messages WHERE type = 'assistant'",
                "messages WHERE type = 'tool_use'",
            )
        ]
    return Counted(*numbers)


@pytest.mark.parametrize(("source", "path"), FILES, ids=[path.name for _, path in FILES])
def test_all_that_stands_in_a_file_is_stored_once(
    imported: Import, source: str, path: Path
) -> None:
    status, found = imported(path)
    if path.name.endswith(NO_TRANSCRIPTS):
        assert (status, found) == (1, (0, 0, 0, 0))
    elif path.name in PLACEHOLDERS:
        assert status == 0
    else:
        expected = (0, 0, 0, 0) if path.suffix == ".db" else READERS[source](path)
        assert (status, found) == (0, expected)


@pytest.mark.skipif(not SHARED.is_dir(), reason="no transcripts beside the project")
def test_folders_of_opencode(imported: Import, tmp_path: Path) -> None:
    for version in ("storage_legacy", "storage_v2"):
        storage = tmp_path / version / "opencode" / "storage"
        for file in SHARED.glob(f"opencode/opencode__{version}__*"):
            place = storage.joinpath(*file.name.split("__")[2:])
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, place)
        before = stored(tmp_path / "aiana" / "conversations.db") if version[8] == "v" else (0,) * 4
        status, found = imported(storage)
        added = tuple(now - then for now, then in zip(found, before, strict=True))
        assert (status, added) == (0, opencode(storage))
