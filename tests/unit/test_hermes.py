"""Hermes: its database, and the documents that it kept before."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from aiana.capture import sources
from aiana.capture.hermes import Hermes
from tests.unit.sources import (
    CASES,
    Changes,
    check_messages,
    check_real,
    damaged,
    damages,
    read,
    read_on,
    real_files,
    rows,
    survives,
)

CALL = {"id": "c1", "type": "function", "function": {"name": "terminal", "arguments": '{"c":"ls"}'}}
MESSAGES: list[dict[str, Any]] = [
    {"role": "user", "content": "list them"},
    {"role": "assistant", "content": "I list.", "reasoning": "Hm.", "tool_calls": [CALL]},
    {"role": "tool", "content": '{"output": "no", "exit_code": 2}', "tool_call_id": "c1",
     "tool_name": "terminal"},
    {"role": "assistant", "content": "None."},
    {"role": "session_meta"},
]  # fmt: skip
EXPECTED = [
    ("user", "user", None, "list them"),
    ("thinking", "assistant", None, "Hm."),
    ("assistant", "assistant", None, "I list."),
    ("tool_use", "assistant", "terminal", "ls"),
    ("tool_result", "tool", "terminal", "no"),
    ("assistant", "assistant", None, "None."),
]
DOCUMENT = {
    "session_id": "h1",
    "model": "m-1",
    "platform": "cli",
    "session_start": "2026-04-29T20:05:00",
    "cwd": "/gone/app",
    "messages": MESSAGES,
}


def home(tmp_path: Path, rows_: list[dict[str, Any]], session_id: str = "h1") -> Path:
    """A home with a database that holds these rows."""
    path = tmp_path / ".hermes" / "state.db"
    path.parent.mkdir(exist_ok=True)
    with closing(sqlite3.connect(path)) as made:
        made.execute(
            "CREATE TABLE IF NOT EXISTS sessions (id TEXT PRIMARY KEY, source TEXT, model TEXT, "
            "parent_session_id TEXT, started_at REAL, title TEXT, cwd TEXT)"
        )
        made.execute(
            "CREATE TABLE IF NOT EXISTS messages (id INTEGER PRIMARY KEY, session_id TEXT, "
            "role TEXT, content TEXT, tool_call_id TEXT, tool_calls TEXT, tool_name TEXT, "
            "timestamp REAL, token_count INTEGER, reasoning TEXT, active INTEGER DEFAULT 1, "
            "compacted INTEGER DEFAULT 0)"
        )
        made.execute(
            "INSERT OR IGNORE INTO sessions VALUES (?, 'cli', 'm-1', 'h0', 1777493100.0, 'Mine', "
            "'/gone/app')",
            (session_id,),
        )
        for n, row in enumerate(rows_):
            told = {"timestamp": 1_777_493_100.0 + n, "session_id": session_id} | row
            if "tool_calls" in told:
                told["tool_calls"] = json.dumps(told["tool_calls"])
            made.execute(
                f"INSERT INTO messages ({', '.join(told)}) VALUES ({', '.join('?' * len(told))})",
                tuple(told.values()),
            )
        made.commit()
    return path


def test_a_database_is_told_in_its_order(tmp_path: Path) -> None:
    path = home(tmp_path, MESSAGES)
    assert [s.name for s in sources().values() if s.recognises(path)] == ["hermes"]
    batch = read(Hermes(), path)
    assert rows(batch) == EXPECTED
    check_messages(batch.messages)
    (told,) = batch.sessions
    assert (told.id, told.parent_id, told.title) == ("h1", "h0", "Mine")
    assert (told.project_path, told.metadata) == ("/gone/app", {"platform": "cli"})
    assert batch.messages[4].metadata == {"toolCallId": "c1", "isError": True, "exitCode": 2}
    assert batch.messages[0].timestamp == "2026-04-29T20:05:00.000Z"
    assert Hermes().unchanged(path, batch.position)


def test_only_what_changed_is_read_again(tmp_path: Path) -> None:
    path = home(tmp_path, MESSAGES)
    first = read(Hermes(), path)
    home(tmp_path, [{"role": "user", "content": "another"}], "h2")
    rest = read_on(Hermes(), path, first.position)
    assert [(s.id, len(rest.messages)) for s in rest.sessions] == [("h2", 1)]


def test_a_document_says_what_the_database_says(tmp_path: Path) -> None:
    path = tmp_path / "sessions" / "session_h1.json"
    path.parent.mkdir()
    path.write_text(json.dumps(DOCUMENT))
    alone = read(Hermes(), path)
    assert rows(alone) == EXPECTED
    stored = read(Hermes(), home(tmp_path, MESSAGES))
    assert [m.id for m in alone.messages] == [m.id for m in stored.messages]
    # Where the database has the session, the document beside it adds nothing.
    beside = tmp_path / ".hermes" / "sessions" / "session_h1.json"
    beside.parent.mkdir()
    beside.write_text(json.dumps(DOCUMENT))
    assert read(Hermes(), beside).messages == []


def test_a_compaction_and_what_was_taken_back(tmp_path: Path) -> None:
    archived = {"active": 0, "compacted": 1}
    at = {"timestamp": 1_777_493_500.0}
    batch = read(
        Hermes(),
        home(
            tmp_path,
            [
                MESSAGES[0] | archived,
                MESSAGES[3] | archived,
                {"role": "user", "content": "taken back", "active": 0},
                MESSAGES[0] | at,
                {"role": "user", "content": "[CONTEXT COMPACTION] in short"} | at,
                MESSAGES[3] | at,
                MESSAGES[0] | {"timestamp": 1_777_493_600.0},
            ],
        ),
    )
    assert [(m.type, m.content) for m in batch.messages] == [
        ("user", "list them"),
        ("assistant", "None."),
        ("summary", "[CONTEXT COMPACTION] in short"),
        ("user", "list them"),
    ]


def test_where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HERMES_HOME", str(tmp_path))
    hermes = Hermes()
    assert hermes.roots() == [tmp_path]
    assert hermes.enters(tmp_path / "profiles" / "work")
    assert not hermes.enters(tmp_path / "skills")


@settings(max_examples=CASES, deadline=None)
@given(damages)
def test_a_damaged_document_costs_no_more_than_itself(changes: Changes) -> None:
    survives(Hermes(), damaged(json.dumps(DOCUMENT).encode(), changes), "session_h1.json")


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return home(tmp_path_factory.mktemp("hermes"), MESSAGES).read_bytes()


@settings(max_examples=CASES, deadline=None)
@given(changes=damages)
def test_a_damaged_database_costs_no_more_than_itself(database: bytes, changes: Changes) -> None:
    survives(Hermes(), damaged(database, changes), "state.db")


@real_files("hermes")
def test_real_files(path: Path) -> None:
    """Counted by an independent reader, message by message."""
    expected: Counter[str] = Counter()
    for message in json.loads(path.read_text())["messages"]:
        expected[message["role"].replace("tool", "tool_result")] += 1
        expected["thinking"] += "reasoning" in message
        expected["tool_use"] += len(message.get("tool_calls", []))
    del expected["session_meta"]
    check_real(Hermes(), path, expected)
