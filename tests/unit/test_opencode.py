"""OpenCode: its database, the log of version 2, and the files of before."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings

from aiana.capture.opencode import OpenCode
from tests.unit.sources import (
    CASES,
    SHARED,
    TRANSCRIPTS,
    check_messages,
    damaged,
    damages,
    read,
    read_on,
    rows,
)

T = 1_769_947_200_000  # 2026-02-01T12:00:00.000Z
SESSION = "ses_de6027dddffeyTF5TQRSiOJYFd"
EDIT = {
    "filePath": "/work/shop/helper.py",
    "oldString": "    return a - b",
    "newString": "    return a + b",
}


@pytest.fixture
def database(tmp_path: Path) -> Iterator[tuple[Path, sqlite3.Connection]]:
    """What OpenCode 1.18 wrote, its program still running: all of it is in the log."""
    path = tmp_path / "opencode" / "opencode.db"
    path.parent.mkdir()
    writer = sqlite3.connect(path, isolation_level=None)
    writer.execute("PRAGMA journal_mode = WAL")
    writer.execute("PRAGMA wal_autocheckpoint = 0")
    writer.executescript((TRANSCRIPTS / "opencode-1.18.33.sql").read_text())
    yield path, writer
    writer.close()


def test_a_database_is_read_as_the_program_wrote_it(
    database: tuple[Path, sqlite3.Connection],
) -> None:
    path, _ = database
    before = path.read_bytes()
    batch = read(OpenCode(), path)
    assert path.read_bytes() == before
    (session,) = batch.sessions
    assert (session.id, session.title) == (SESSION, "Scripted session")
    assert (session.project_path, session.metadata["version"]) == ("/work/shop", "1.18.33")
    told = [(m.type, m.tool_name, m.content.split("\n")[0]) for m in batch.messages]
    assert told == [
        ("user", None, "Why does the sum come out wrong? Please fix it."),
        ("thinking", None, "The test imports a module that does not exist."),
        ("assistant", None, "I'll look at what is there."),
        ("tool_use", "bash", "ls -la && cat app.py"),
        ("tool_result", "bash", "total 16"),
        ("tool_use", "write", "def add(a, b):"),
        ("tool_result", "write", "Wrote file successfully."),
        ("tool_use", "read", "/work/shop/helper.py"),
        ("tool_result", "read", "def add(a, b):"),
        ("tool_use", "edit", "/work/shop/helper.py"),
        ("tool_result", "edit", "Edit applied successfully."),
        ("assistant", None, "The helper now adds; `zebra_crossing_total` was the wrong name."),
        ("user", None, "Check that it works now"),
        ("tool_use", "bash", "python3 -c 'import helper; print(helper.add(2, 3))'"),
        ("tool_result", "bash", "5"),
        ("assistant", None, "It prints 5, so the sum is right."),
    ]
    assert json.loads(batch.messages[9].tool_input or "") == EDIT
    assert (batch.messages[2].metadata, batch.messages[2].tokens) == ({"model": "scripted"}, 20)
    assert sum(m.tokens or 0 for m in batch.messages) == 140
    assert [m.position for m in batch.messages] == list(range(16))
    check_messages(batch.messages)
    assert OpenCode().unchanged(path, batch.position)


def test_sub_agents_stand_under_their_session(tmp_path: Path) -> None:
    path = tmp_path / "opencode.db"
    with closing(sqlite3.connect(path)) as writer, writer:
        writer.executescript((TRANSCRIPTS / "opencode-1.18.33-task.sql").read_text())
    batch = read(OpenCode(), path)
    child = next(session for session in batch.sessions if session.parent_id)
    parent = next(session for session in batch.sessions if not session.parent_id)
    assert (child.parent_id, child.title) == (parent.id, "look (@general subagent)")
    told = [(m.type, m.role, m.content) for m in batch.messages if m.session_id == child.id]
    assert told == [
        ("user", "assistant", "Look for the helper please"),
        ("assistant", "assistant", "It was found."),
    ]


def test_rows_changed_in_place(
    database: tuple[Path, sqlite3.Connection],
) -> None:
    path, writer = database
    first = read(OpenCode(), path)
    copy_session(writer, "ses_2", parent_id=SESSION)
    second = read_on(OpenCode(), path, first.position)
    assert {m.session_id for m in second.messages} == {"ses_2"}
    assert (second.sessions[0].parent_id, second.messages[0].role) == (SESSION, "assistant")
    answer = json.dumps({"type": "text", "text": "It prints 6."})
    writer.execute("UPDATE part SET data = ? WHERE data LIKE '%It prints 5%'", (answer,))
    writer.execute("UPDATE event_sequence SET seq = seq + 1 WHERE aggregate_id = ?", (SESSION,))
    third = read_on(OpenCode(), path, second.position)
    assert third.messages[-1].content == "It prints 6."
    assert third.messages[-1].id == first.messages[-1].id


def copy_session(writer: sqlite3.Connection, name: str, **facts: Any) -> None:
    """A session with one prompt, as the first one has it."""
    columns = [row[1] for row in writer.execute("PRAGMA table_info(session)")]
    row = dict(zip(columns, writer.execute("SELECT * FROM session").fetchone(), strict=True))
    row |= {"id": name, **facts}
    marks = ", ".join("?" * len(columns))
    writer.execute(f"INSERT INTO session VALUES ({marks})", [row[c] for c in columns])
    data = json.dumps({"role": "user"})
    writer.execute("INSERT INTO message VALUES (?, ?, ?, ?, ?)", (f"m-{name}", name, T, T, data))
    text = json.dumps({"type": "text", "text": "look for it"})
    part = (f"p-{name}", f"m-{name}", name, T, T, text)
    writer.execute("INSERT INTO part VALUES (?, ?, ?, ?, ?, ?)", part)


def test_what_no_person_typed_is_told_apart(database: tuple[Path, sqlite3.Connection]) -> None:
    path, writer = database
    copy_session(writer, "ses_2", title="New session - 2026-02-01T12:00:00.000Z")
    for number, part in enumerate(
        (
            {"type": "text", "text": "put in", "synthetic": True},
            {"type": "file", "filename": "a.png", "mime": "image/png", "url": "data:image/png;A"},
            {"type": "mystery", "say": "hm"},
            {"type": "mystery"},
        )
    ):
        row = (f"q{number}", "m-ses_2", "ses_2", T, T, json.dumps(part))
        writer.execute("INSERT INTO part VALUES (?, ?, ?, ?, ?, ?)", row)
    batch = read(OpenCode(), path)
    mine = [m for m in batch.messages if m.session_id == "ses_2"]
    assert [(m.type, m.content) for m in mine] == [
        ("system", "put in"),
        ("system", "hm"),
        ("user", "look for it"),
    ]
    assert mine[2].metadata == {"attachments": ["a.png"]}
    assert next(s for s in batch.sessions if s.id == "ses_2").title is None
    assert [lost.reason for lost in batch.position.left_out] == [
        "Parts of type 'mystery' are not known, and hold no text."
    ]


LOG: list[tuple[str, str, dict[str, Any]]] = [
    ("e1", "model-switched", {"model": {"id": "m-1"}}),
    ("e2", "user", {"text": "mend it", "files": [{"name": "a.py", "uri": "file:///a.py"}]}),
    ("e3", "system", {"text": "Be brief."}),
    (
        "e4",
        "assistant",
        {
            "model": {"id": "m-1", "providerID": "p"},
            "tokens": {"output": 9},
            "content": [
                {"type": "reasoning", "text": "Hm."},
                {"type": "text", "text": "I look."},
                {
                    "type": "tool",
                    "id": "t1",
                    "name": "patch",
                    "state": {
                        "status": "completed",
                        "input": {"path": "a.py"},
                        "content": [{"type": "text", "text": "done"}],
                    },
                },
                {
                    "type": "tool",
                    "id": "t2",
                    "name": "shell",
                    "state": {"status": "error", "input": {}, "error": {"message": "no"}},
                },
            ],
        },
    ),
    ("e5", "shell", {"command": "ls", "output": "a.py", "exit": 1}),
    ("e6", "compaction", {"reason": "auto", "summary": "We mended it."}),
    ("e7", "synthetic", {"text": "go on"}),
]


def test_the_log_of_version_2_is_read(database: tuple[Path, sqlite3.Connection]) -> None:
    path, writer = database
    writer.execute("DELETE FROM message")
    writer.execute("DELETE FROM part")
    for seq, (name, kind, data) in enumerate(LOG):
        row = (name, SESSION, kind, seq, T + seq * 1000, T, json.dumps(data))
        writer.execute("INSERT INTO session_message VALUES (?, ?, ?, ?, ?, ?, ?)", row)
    batch = read(OpenCode(), path)
    assert rows(batch) == [
        ("user", "user", None, "mend it"),
        ("system", "system", None, "Be brief."),
        ("thinking", "assistant", None, "Hm."),
        ("assistant", "assistant", None, "I look."),
        ("tool_use", "assistant", "patch", "a.py"),
        ("tool_result", "tool", "patch", "done"),
        ("tool_use", "assistant", "shell", ""),
        ("tool_result", "tool", "shell", "no"),
        ("tool_use", "assistant", "shell", "ls"),
        ("tool_result", "tool", "shell", "a.py"),
        ("summary", "system", None, "We mended it."),
        ("system", "system", None, "go on"),
    ]
    assert batch.messages[3].tokens == 9
    assert batch.messages[7].metadata["isError"] is True
    assert batch.messages[9].metadata["exitCode"] == 1
    check_messages(batch.messages)


def test_session_in_tables_and_log(
    database: tuple[Path, sqlite3.Connection],
) -> None:
    path, writer = database
    before = rows(read(OpenCode(), path))
    (message,) = writer.execute("SELECT id FROM message ORDER BY id LIMIT 1").fetchone()
    row = (message, SESSION, "user", 1, T, T, json.dumps({"text": "told in the tables"}))
    writer.execute("INSERT INTO session_message VALUES (?, ?, ?, ?, ?, ?, ?)", row)
    row = ("e2", SESSION, "user", 2, T, T, json.dumps({"text": "Check that it works now"}))
    writer.execute("INSERT INTO session_message VALUES (?, ?, ?, ?, ?, ?, ?)", row)
    row = ("e3", SESSION, "user", 3, T, T, json.dumps({"text": "and now?"}))
    writer.execute("INSERT INTO session_message VALUES (?, ?, ?, ?, ?, ?, ?)", row)
    after = rows(read(OpenCode(), path))
    assert after == [*before, ("user", "user", None, "and now?")]


def storage(folder: Path) -> Path:
    """The files of before; gives that of the session."""
    files: dict[str, Any] = {
        "session/p1/ses_1.json": {
            "id": "ses_1",
            "directory": "/work/shop",
            "title": "A shop",
            "time": {"created": T},
        },
        "message/ses_1/msg_1.json": {"id": "msg_1", "role": "user", "time": {"created": T}},
        "message/ses_1/msg_2.json": {
            "id": "msg_2",
            "role": "assistant",
            "modelID": "m-1",
            "time": {"created": T + 1000},
        },
        "part/msg_1/prt_1.json": {"id": "prt_1", "type": "text", "text": '"mend the sum"'},
        "part/msg_2/prt_2.json": {"id": "prt_2", "type": "text", "text": "Done."},
    }
    for name, value in files.items():
        path = folder / "opencode" / "storage" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(value))
    return folder / "opencode" / "storage" / "session" / "p1" / "ses_1.json"


def test_files_of_before_are_read_and_followed(tmp_path: Path) -> None:
    path = storage(tmp_path)
    source = OpenCode()
    batch = read(source, path)
    assert [(m.id, m.content) for m in batch.messages] == [
        ("prt_1", "mend the sum"),
        ("prt_2", "Done."),
    ]
    assert (batch.sessions[0].id, batch.sessions[0].title) == ("ses_1", "A shop")
    assert source.unchanged(path, batch.position)
    part = tmp_path / "opencode/storage/part/msg_2/prt_3.json"
    part.write_text(json.dumps({"id": "prt_3", "type": "text", "text": "Really."}))
    assert not source.unchanged(path, batch.position)
    again = read_on(source, path, batch.position)
    assert [m.content for m in again.messages] == ["mend the sum", "Done.", "Really."]
    part.write_text("{")
    lost = read_on(source, path, again.position)
    assert [left.reason for left in lost.position.left_out] == [
        "msg_2/prt_3.json is no JSON object."
    ]


def test_session_taken_over_by_database(
    tmp_path: Path, database: tuple[Path, sqlite3.Connection]
) -> None:
    path = storage(tmp_path)
    assert len(read(OpenCode(), path).messages) == 2
    copy_session(database[1], "ses_1")
    assert read(OpenCode(), path).messages == []


def test_no_file_of_a_message_is_looked_for_elsewhere(tmp_path: Path) -> None:
    path = storage(tmp_path)
    outside = tmp_path / "opencode" / "secret.json"
    outside.write_text(json.dumps({"id": "x", "type": "text", "text": "not yours"}))
    message = tmp_path / "opencode/storage/message/ses_1/msg_3.json"
    message.write_text(json.dumps({"id": "../..", "role": "user"}))
    assert "not yours" not in repr(read(OpenCode(), path))


def test_only_its_own_databases_are_known(tmp_path: Path) -> None:
    path = tmp_path / "opencode.db"
    with closing(sqlite3.connect(path)) as other, other:
        other.execute("CREATE TABLE session (id TEXT, title TEXT)")
    assert not OpenCode().recognises(path)
    assert not OpenCode().enters(tmp_path / "opencode" / "storage" / "part")
    assert OpenCode().enters(tmp_path / "opencode" / "storage" / "session")


@settings(max_examples=CASES, deadline=None)
@given(damages)
def test_a_damaged_row_costs_no_neighbour(changes: list[tuple[int, str, int]]) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "opencode.db"
        with closing(sqlite3.connect(path)) as writer, writer:
            writer.execute("PRAGMA synchronous = OFF")
            writer.executescript((TRANSCRIPTS / "opencode-1.18.33.sql").read_text())
            for seq, (name, kind, data) in enumerate(LOG):
                row = (name, SESSION, kind, seq, T, T, json.dumps(data))
                writer.execute("INSERT INTO session_message VALUES (?, ?, ?, ?, ?, ?, ?)", row)
            for table in ("message", "part", "session_message"):
                for name, value in writer.execute(f"SELECT id, data FROM {table}").fetchall():
                    if (len(name) + ord(name[-1]) + changes[0][2]) % 3 == 0:
                        data_ = damaged(value.encode(), changes)
                        writer.execute(f"UPDATE {table} SET data = ? WHERE id = ?", (data_, name))
            copy_session(writer, "ses_2")
        messages = read(OpenCode(), path).messages
    assert [m.content for m in messages if m.session_id == "ses_2"] == ["look for it"]


def test_shared_files_against_an_independent_reader(tmp_path: Path) -> None:
    """Shared files are read as an independent reader counts them."""
    folder = SHARED / "opencode"
    if not folder.is_dir():
        pytest.skip("the shared transcripts are not here")
    for file in folder.glob("*.json"):
        path = tmp_path.joinpath(*file.name.split("__"))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.read_bytes())
    sessions = sorted(tmp_path.glob("opencode/*/session/*/*.json"))
    assert len(sessions) == 3
    messages = [m for path in sessions for m in read(OpenCode(), path).messages]
    parts = [json.loads(path.read_text()) for path in tmp_path.glob("opencode/*/part/**/*.json")]
    kinds = [part["type"] for part in parts if not part.get("synthetic")]
    assert sum(m.type == "tool_use" for m in messages) == kinds.count("tool") == 3
    assert sum(m.type == "thinking" for m in messages) == kinds.count("reasoning") == 1
    # One prompt stands in the summary of its message alone.
    said = sum(m.type in ("user", "assistant") for m in messages)
    assert said == kinds.count("text") + 1 == 7
    check_messages(messages)
