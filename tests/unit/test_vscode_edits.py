"""What VS Code's agent host keeps of a session's edits."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from aiana.capture import sources
from aiana.capture.vscode_chat import VSCodeChat
from tests.unit.sources import CASES, Changes, damaged, damages, read, read_on, survives

EDIT = ("t1", "c1", "/gone/app/a.py", "edit", None, b"one\ntwo\n", b"one\nthree\n", 1, 1)


def session(folder: Path, *edits: tuple[Any, ...], version: int = 4) -> Path:
    path = folder / "agentSessionData" / "s1" / "session.db"
    path.parent.mkdir(parents=True, exist_ok=True)
    newer = "edit_type TEXT, original_path TEXT, " if version > 2 else ""
    with closing(sqlite3.connect(path)) as made:
        made.execute("CREATE TABLE IF NOT EXISTS turns (id TEXT PRIMARY KEY)")
        made.execute(
            "CREATE TABLE IF NOT EXISTS file_edits (turn_id TEXT, tool_call_id TEXT, file_path "
            f"TEXT, {newer}before_content BLOB, after_content BLOB, added_lines INTEGER, "
            "removed_lines INTEGER, PRIMARY KEY (tool_call_id, file_path))"
        )
        if version > 1:
            made.execute("CREATE TABLE IF NOT EXISTS session_metadata (key TEXT, value TEXT)")
            made.execute("INSERT INTO session_metadata VALUES ('agentHost.title', 'The sum')")
            made.execute("INSERT INTO session_metadata VALUES ('workingDirectory', '/gone/app')")
        for edit in edits:
            told = edit if version > 2 else edit[:3] + edit[5:]
            marks = ", ".join("?" * len(told))
            made.execute(f"INSERT OR REPLACE INTO file_edits VALUES ({marks})", told)
        made.commit()
    return path


def test_an_edit_is_told_as_a_change(tmp_path: Path) -> None:
    made = ("t1", "c2", "/gone/app/b.py", "rename", "/gone/app/old.py", b"x\n", b"x\n", 0, 0)
    path = session(tmp_path, EDIT, made)
    assert [s.name for s in sources().values() if s.recognises(path)] == ["vscode-chat"]
    batch = read(VSCodeChat(), path)
    first, second = (json.loads(m.tool_input or "") for m in batch.messages)
    assert first == {
        "path": "/gone/app/a.py",
        "kind": "edit",
        "patch": "--- /gone/app/a.py\n+++ /gone/app/a.py\n@@ -1,2 +1,2 @@\n one\n-two\n+three",
        "addedLines": 1,
        "removedLines": 1,
    }
    assert second["originalPath"] == "/gone/app/old.py"
    assert {(m.type, m.role, m.tool_name) for m in batch.messages} == {
        ("tool_use", "assistant", "edit_file")
    }
    assert [m.metadata["toolCallId"] for m in batch.messages] == ["c1", "c2"]
    (told,) = batch.sessions
    assert (told.id, told.title, told.project_path) == ("s1", "The sum", "/gone/app")
    assert VSCodeChat().unchanged(path, batch.position)


def test_an_edit_that_is_made_anew_is_the_same_one(tmp_path: Path) -> None:
    path = session(tmp_path, EDIT)
    first = read(VSCodeChat(), path)
    session(tmp_path, (*EDIT[:6], b"one\nfour\n", 1, 1))
    again = read_on(VSCodeChat(), path, first.position)
    assert [m.id for m in again.messages] == [m.id for m in first.messages]
    assert "+four" in again.messages[0].content


@pytest.mark.parametrize("version", [1, 2])
def test_the_first_forms_of_the_table(version: int, tmp_path: Path) -> None:
    batch = read(VSCodeChat(), session(tmp_path, EDIT, version=version))
    assert "-two\n+three" in batch.messages[0].content


@pytest.mark.parametrize("content", [None, b"\0\1", "a text", b"x\n" * 300_000])
def test_contents_that_cannot_be_compared(content: Any, tmp_path: Path) -> None:
    edit = (*EDIT[:5], content, content, None, None)
    (message,) = read(VSCodeChat(), session(tmp_path, edit)).messages
    assert json.loads(message.tool_input or "") == {"path": "/gone/app/a.py", "kind": "edit"}


def test_where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VSCODE_USER_DATA_DIR", str(tmp_path))
    vscode, path = VSCodeChat(), session(tmp_path, EDIT)
    assert tmp_path / "agentSessionData" in vscode.roots()
    assert vscode.enters(path.parent)
    assert vscode.is_transcript(path)


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return session(tmp_path_factory.mktemp("edits"), EDIT).read_bytes()


@settings(max_examples=CASES, deadline=None)
@given(changes=damages)
def test_a_damaged_database_costs_no_more_than_itself(database: bytes, changes: Changes) -> None:
    survives(VSCodeChat(), damaged(database, changes), "session.db")
