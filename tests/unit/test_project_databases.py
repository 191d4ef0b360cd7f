"""Goose and Crush, which keep conversations in databases; and Amp's threads."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from aiana.capture import Source, sources
from aiana.capture.amp import Amp
from aiana.capture.building import SessionBuilder
from aiana.capture.crush import Crush
from aiana.capture.databases import ConversationDatabase
from aiana.capture.goose import Goose
from aiana.models import CapturePosition
from tests.unit.sources import (
    CASES,
    Changes,
    check_messages,
    damaged,
    damages,
    read,
    read_on,
    rows,
    survives,
)


def text(words: str) -> dict[str, str]:
    return {"type": "text", "text": words}


GOOSE: list[tuple[str, list[Any], str]] = [
    ("user", [text("list them")], "{}"),
    (
        "assistant",
        [
            {"type": "thinking", "thinking": "Hm.", "signature": "x"},
            text("I list."),
            {"type": "toolRequest", "id": "t1", "toolCall": {
                "status": "success", "value": {"name": "shell", "arguments": {"command": "ls"}}}},
        ],
        "{}",
    ),
    (
        "user",
        [{"type": "toolResponse", "id": "t1", "toolResult": {
            "status": "success", "value": {"content": [text("no")], "isError": True}}}],
        "{}",
    ),
    ("user", [text("put in")], '{"userVisible": false, "agentVisible": true}'),
    ("assistant", [{"type": "systemNotification", "msg": "compacted"}], "{}"),
]  # fmt: skip
CRUSH: list[tuple[str, list[Any], str | None]] = [
    ("user", [{"type": "text", "data": {"text": "list them"}},
              {"type": "binary", "data": {"Path": "a.png", "MIMEType": "image/png"}}], None),
    ("assistant", [{"type": "reasoning", "data": {"thinking": "Hm."}},
                   {"type": "text", "data": {"text": "I list."}},
                   {"type": "tool_call", "data": {"id": "t1", "name": "bash",
                                                  "input": '{"command":"ls"}'}},
                   {"type": "finish", "data": {"reason": "tool_use"}}], "m-1"),
    ("tool", [{"type": "tool_result", "data": {"tool_call_id": "t1", "name": "bash",
                                               "content": "no\n<cwd>/x</cwd>",
                                               "is_error": True}}], None),
    ("user", [{"type": "shell_command", "data": {"command": "pwd", "output": "/x",
                                                 "exit_code": 0}}], None),
]  # fmt: skip


def goose(path: Path, messages: list[tuple[str, Any, str]]) -> Path:
    with closing(sqlite3.connect(path)) as made:
        made.execute(
            "CREATE TABLE IF NOT EXISTS sessions (id TEXT PRIMARY KEY, name TEXT, description "
            "TEXT, session_type TEXT, working_dir TEXT, created_at TEXT, updated_at TEXT)"
        )
        made.execute(
            "CREATE TABLE IF NOT EXISTS messages (id INTEGER PRIMARY KEY, session_id TEXT, "
            "role TEXT, content_json TEXT, created_timestamp INTEGER, tokens INTEGER, "
            "metadata_json TEXT)"
        )
        made.execute(
            "INSERT OR IGNORE INTO sessions VALUES ('g1', 'The list', '', 'user', '/gone/app', "
            "'2026-01-01', '2026-01-01')"
        )
        for role, content, metadata in messages:
            made.execute(
                "INSERT INTO messages (session_id, role, content_json, created_timestamp, "
                "metadata_json) VALUES ('g1', ?, ?, 1777493100, ?)",
                (role, json.dumps(content), metadata),
            )
        made.commit()
    return path


def crush(folder: Path, messages: list[tuple[str, Any, str | None]]) -> Path:
    path = folder / ".crush" / "crush.db"
    path.parent.mkdir(exist_ok=True, parents=True)
    with closing(sqlite3.connect(path)) as made:
        made.execute(
            "CREATE TABLE IF NOT EXISTS sessions (id TEXT PRIMARY KEY, parent_session_id TEXT, "
            "title TEXT, created_at INTEGER, updated_at INTEGER)"
        )
        made.execute(
            "CREATE TABLE IF NOT EXISTS messages (id TEXT PRIMARY KEY, session_id TEXT, role TEXT, "
            "parts TEXT, model TEXT, created_at INTEGER, updated_at INTEGER)"
        )
        for name, parent, title in (("s1", None, "The list"), ("s2", "s1", "New Agent Session")):
            made.execute(
                "INSERT OR IGNORE INTO sessions VALUES (?, ?, ?, 1, 1)", (name, parent, title)
            )
        made.execute("INSERT OR IGNORE INTO sessions VALUES ('title-s1', 's1', 'x', 1, 1)")
        for n, (role, parts, model) in enumerate(messages):
            made.execute(
                "INSERT INTO messages VALUES (?, 's1', ?, ?, ?, 1777493100, 1777493100)",
                (f"m{n}", role, json.dumps(parts), model),
            )
        asked = json.dumps([{"type": "text", "data": {"text": "Look for it."}}])
        for session in ("s2", "title-s1"):
            made.execute(
                "INSERT OR IGNORE INTO messages VALUES (?, ?, 'user', ?, NULL, 1777493100, 1)",
                (f"of-{session}", session, asked),
            )
        made.commit()
    return path


def test_goose(tmp_path: Path) -> None:
    path = goose(tmp_path / "sessions.db", GOOSE)
    assert [s.name for s in sources().values() if s.recognises(path)] == ["goose"]
    batch = read(Goose(), path)
    assert rows(batch) == [
        ("user", "user", None, "list them"),
        ("thinking", "assistant", None, "Hm."),
        ("assistant", "assistant", None, "I list."),
        ("tool_use", "assistant", "shell", "ls"),
        ("tool_result", "tool", "shell", "no"),
        ("system", "system", None, "put in"),
        ("system", "system", None, "compacted"),
    ]
    check_messages(batch.messages)
    assert batch.messages[4].metadata == {"toolCallId": "t1", "isError": True}
    (told,) = batch.sessions
    assert (told.id, told.title, told.project_path) == ("g1", "The list", "/gone/app")
    assert batch.messages[0].timestamp == "2026-04-29T20:05:00.000Z"
    assert Goose().unchanged(path, batch.position)
    goose(path, [("user", [text("go on")], "{}"), ("user", "no list", "{}")])
    more = read_on(Goose(), path, batch.position)
    assert [m.id for m in more.messages[:7]] == [m.id for m in batch.messages]
    assert more.messages[7].content == "go on"


def test_a_row_that_cannot_be_read_costs_itself(tmp_path: Path) -> None:
    path = goose(tmp_path / "sessions.db", GOOSE[:1])
    with closing(sqlite3.connect(path)) as made:
        made.execute("INSERT INTO messages VALUES (9, 'g1', 'user', '[{', 1, 1, '{}')")
        made.commit()
    goose(path, [("user", [text("after it")], "{}")])
    batch = read(Goose(), path)
    assert [m.content for m in batch.messages] == ["list them", "after it"]
    assert ["Message 9" in lost.reason for lost in batch.position.left_out] == [True]


def test_crush(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = crush(tmp_path / "app", CRUSH)
    assert [s.name for s in sources().values() if s.recognises(path)] == ["crush"]
    batch = read(Crush(), path)
    own = [m for m in batch.messages if m.session_id == "s1"]
    assert [(m.type, m.role, m.tool_name, m.content) for m in own] == [
        ("user", "user", None, "list them"),
        ("user", "user", None, "[file a.png]"),
        ("thinking", "assistant", None, "Hm."),
        ("assistant", "assistant", None, "I list."),
        ("tool_use", "assistant", "bash", "ls"),
        ("tool_result", "tool", "bash", "no"),
        ("tool_use", "assistant", "bash", "pwd"),
        ("tool_result", "tool", "bash", "/x"),
    ]
    check_messages(batch.messages)
    # What an agent is asked is no person's; what titles are made with is no session.
    (asked,) = [m for m in batch.messages if m.session_id == "s2"]
    assert (asked.type, asked.role) == ("user", "assistant")
    told = {s.id: (s.parent_id, s.title) for s in batch.sessions}
    assert told == {"s1": (None, "The list"), "s2": ("s1", None)}
    assert {s.project_path for s in batch.sessions} == {str(tmp_path / "app")}
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "data"))
    listed = tmp_path / "data" / "crush" / "projects.json"
    listed.parent.mkdir(parents=True)
    listed.write_text(json.dumps({"projects": [{"data_dir": str(path.parent)}, {"data_dir": 1}]}))
    assert Crush().roots() == [path.parent]


THREAD: dict[str, Any] = {
    "v": 9,
    "id": "T-1",
    "created": 1_777_493_100_000,
    "title": "The list",
    "env": {"initial": {"trees": [{"uri": "file:///gone/app"}]}},
    "messages": [
        {"role": "user", "messageId": 0, "content": [text("list them")], "meta": {"sentAt": 1}},
        {
            "role": "assistant",
            "messageId": 1,
            "content": [
                {"type": "thinking", "thinking": "Hm."},
                text("I list."),
                {"type": "tool_use", "id": "t1", "name": "Bash", "input": {"cmd": "ls"}},
            ],
            "usage": {"model": "m-1", "outputTokens": 7, "timestamp": "2026-04-29T20:05:00Z"},
        },
        {
            "role": "user",
            "messageId": 2,
            "content": [
                {"type": "tool_result", "toolUseID": "t1",
                 "run": {"status": "done", "result": {"output": "no", "exitCode": 2}}}
            ],
        },
    ],
}  # fmt: skip


def test_amp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "T-1.json"
    path.write_text(json.dumps(THREAD))
    assert [s.name for s in sources().values() if s.recognises(path)] == ["amp"]
    batch = read(Amp(), path)
    assert rows(batch) == [
        ("user", "user", None, "list them"),
        ("thinking", "assistant", None, "Hm."),
        ("assistant", "assistant", None, "I list."),
        ("tool_use", "assistant", "Bash", "ls"),
        ("tool_result", "tool", "Bash", "no"),
    ]
    assert batch.messages[4].metadata == {"toolCallId": "t1", "isError": True, "exitCode": 2}
    assert (batch.messages[1].tokens, batch.messages[1].metadata["model"]) == (7, "m-1")
    (told,) = batch.sessions
    assert (told.id, told.title, told.project) == ("T-1", "The list", "/gone/app")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert Amp().roots() == [tmp_path / "amp" / "threads"]


@pytest.mark.parametrize(
    ("told", "platform", "expected"),
    [
        ({"GOOSE_PATH_ROOT": "/g"}, "linux", "/g/data/sessions"),
        ({"XDG_DATA_HOME": "/d"}, "darwin", "/d/goose/sessions"),
        ({"APPDATA": "/r"}, "win32", "/r/Block/goose/data/sessions"),
    ],
)
def test_where_goose_keeps_its_own(
    told: dict[str, str], platform: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.platform", platform)
    for name in ("GOOSE_PATH_ROOT", "XDG_DATA_HOME", "APPDATA"):
        monkeypatch.delenv(name, raising=False)
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    assert Goose().roots() == [Path(expected)]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Source, str, bytes]]:
    folder = tmp_path_factory.mktemp("databases")
    return {
        "goose": (
            Goose(),
            "sessions.db",
            goose(folder / "sessions.db", GOOSE).read_bytes(),
        ),
        "crush": (Crush(), "crush.db", crush(folder, CRUSH).read_bytes()),
        "amp": (Amp(), "T-1.json", json.dumps(THREAD).encode()),
    }


@pytest.mark.parametrize("which", ["goose", "crush", "amp"])
@settings(max_examples=CASES, deadline=None)
@given(changes=damages)
def test_a_damaged_file_costs_no_more_than_itself(
    files: dict[str, tuple[Source, str, bytes]], which: str, changes: Changes
) -> None:
    source, name, data = files[which]
    survives(source, damaged(data, changes), name)


@pytest.mark.parametrize(("which", "column"), [("goose", "content_json"), ("crush", "parts")])
@settings(max_examples=CASES, deadline=None)
@given(changes=damages)
def test_a_damaged_row_costs_itself(
    files: dict[str, tuple[Source, str, bytes]], which: str, column: str, changes: Changes
) -> None:
    """The JSON of each row of a database, damaged where it stands."""
    source, _, data = files[which]
    assert isinstance(source, ConversationDatabase)
    builder = SessionBuilder(which, Path("x.db"), 0, {})
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.deserialize(data)
        for key, value in connection.execute(f"SELECT rowid, {column} FROM messages").fetchall():
            bad = damaged(value.encode(), changes).decode("utf-8", "replace")
            connection.execute(f"UPDATE messages SET {column} = ? WHERE rowid = ?", (bad, key))
        cursors = list(source.rows(connection, {}, builder))
    check_messages(builder.batch(CapturePosition(path="", source=which), 0, 0).messages)
    assert cursors[-1]["told"]
