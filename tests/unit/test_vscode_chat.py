"""VS Code's own chats, in every way in which they were ever kept."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aiana.capture.files import files_on_disk
from aiana.capture.vscode_chat import VSCodeChat
from aiana.capture.vscode_chat.lines import replay
from aiana.errors import UnreadableFile
from aiana.models import CaptureBatch, CapturePosition
from tests.unit.sources import CASES, SHARED

FIXTURES = Path(__file__).parents[1] / "fixtures" / "vscode-chat"
REAL = SHARED / "vscode-chat"
FILES = sorted(path for path in FIXTURES.rglob("*.json*") if path.name != "workspace.json")
TAKEN_BACK = FIXTURES / "1.139.1" / "chatSessions" / "taken-back.jsonl"
"""A question asked again, one edited, and a return to the first."""
T = 1795379500000


def read(path: Path, position: CapturePosition | None = None) -> CaptureBatch:
    (batch,) = VSCodeChat().read(path, position)
    return batch


def rows(batch: CaptureBatch) -> list[tuple[str, str | None, str | None, str]]:
    return [(m.type, m.role, m.tool_name, m.content) for m in batch.messages]


def request(name: str, text: str, *parts: Any, **fields: Any) -> dict[str, Any]:
    return {
        "requestId": name,
        "timestamp": T,
        "message": {"text": text},
        "response": list(parts),
        **fields,
    }


def chat(*requests: Any, **fields: Any) -> dict[str, Any]:
    return {
        "version": 3,
        "sessionId": "s1",
        "responderUsername": "",
        "requests": list(requests),
    } | (fields)


def whole(*requests: Any) -> dict[str, Any]:
    return {"kind": 0, "v": chat(*requests)}


def pushed(*requests: Any, **fields: Any) -> dict[str, Any]:
    return {"kind": 2, "k": ["requests"], "v": list(requests), **fields}


def log(path: Path, *entries: Any) -> Path:
    path.write_text("".join(json.dumps(entry) + "\n" for entry in entries))
    return path


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    folder = tmp_path / "User" / "workspaceStorage" / "a1b2"
    shutil.copytree(FIXTURES / "workspaceStorage" / "a1b2", folder)
    return folder


def test_a_log_of_changes_is_replayed(workspace: Path) -> None:
    batch = read(workspace / "chatSessions" / "log-1.jsonl")
    assert rows(batch) == [
        ("user", "user", None, "why is the total wrong?"),
        ("thinking", "assistant", None, "Let me look at the sum."),
        ("assistant", "assistant", None, "I'll read cart.py first."),
        ("tool_use", "assistant", "read_file", "/nowhere/shop/cart.py"),
        ("tool_result", "tool", "read_file", "total = int(sum(prices))\nreturn total"),
        ("tool_use", "assistant", "run_in_terminal", "pytest -q"),
        ("tool_result", "tool", "run_in_terminal", "1 failed\n"),
        ("tool_use", "assistant", "edit", "/nowhere/shop/cart.py\ntotal = sum(prices)"),
        ("assistant", "assistant", None, "Fixed the rounding."),
        ("user", "user", None, "now add a test"),
        ("assistant", "assistant", None, "A second try."),
    ]
    assert [m.position for m in batch.messages] == list(range(11))
    said = batch.messages[2]
    assert (said.metadata, said.tokens) == (
        {
            "model": "copilot/gpt-5",
            "participant": "GitHub Copilot",
            "extension": "GitHub.copilot-chat",
        },
        42,
    )
    assert batch.messages[6].metadata == {"toolCallId": "call_2", "isError": True, "exitCode": 1}
    (session,) = batch.sessions
    assert (session.id, session.title, session.project, session.started_at, session.ended_at) == (
        "log-1",
        "Wrong totals",
        "/nowhere/shop",
        "2026-11-22T20:32:40.000Z",
        "2026-11-22T20:34:40.500Z",
    )
    assert batch.position.skipped_lines == 0


def test_a_document_tells_whose_words_they_are(workspace: Path) -> None:
    batch = read(workspace / "chatSessions" / "json-1.json")
    assert rows(batch) == [
        ("user", "user", None, "@probe /recall the names"),
        ("system", "system", None, "def names(): ..."),
        ("assistant", "assistant", None, "plain text"),
        ("system", "system", None, "Continue after the reload"),
        ("system", "system", None, "A card of tomorrow"),
        ("system", "system", None, "Language model unavailable"),
    ]
    assert batch.messages[0].metadata == {
        "participant": "Probe",
        "slashCommand": "recall",
        "attachments": ["/nowhere/shop/cart.py", "pasted"],
    }
    assert [line.reason for line in batch.position.left_out] == [
        "Parts of kind 'emptyNew' are not known, and hold no text."
    ]
    assert [s.title for s in batch.sessions] == ["A question of names"]


def test_event_log_alone(workspace: Path) -> None:
    batch = read(workspace / "GitHub.copilot-chat" / "transcripts" / "events-1.jsonl")
    assert rows(batch) == [
        ("assistant", "assistant", None, "Picked up in the background."),
        ("tool_use", "assistant", "run_in_terminal", "make"),
        ("tool_result", "tool", "run_in_terminal", "make: not found"),
    ]
    assert [(s.id, s.project_path) for s in batch.sessions] == [("events-1", "/nowhere/shop")]


def test_event_log_beside_a_chat(workspace: Path) -> None:
    events = workspace / "GitHub.copilot-chat" / "transcripts" / "log-1.jsonl"
    beside = workspace / "chatSessions" / "log-1.jsonl"
    assert read(events).messages == []
    told = {m.id: (m.type, m.tool_name) for m in read(beside).messages}
    beside.unlink()
    alone = read(events).messages
    assert len(alone) == 5
    assert {m.id: (m.type, m.tool_name) for m in alone}.items() <= told.items()


def test_copies_of_a_chat_have_the_same_ids(workspace: Path, tmp_path: Path) -> None:
    first = read(workspace / "chatSessions" / "log-1.jsonl")
    copy = tmp_path / "log-1.json"
    original = (workspace / "chatSessions" / "log-1.jsonl").read_bytes()
    copy.write_text(json.dumps(replay(original, [])))
    assert [m.id for m in read(copy).messages] == [m.id for m in first.messages]


def test_request_replaced_by_one_with_the_same_words(tmp_path: Path) -> None:
    """What takes the place of a request with the same words is another."""
    path = log(tmp_path / "s1.jsonl", whole(request("r1", "go on", {"value": "One."})))
    first = read(path)
    log(path, whole(request("r2", "go on", {"value": "Two."})))
    second = read(path, first.position)
    assert {m.id for m in first.messages}.isdisjoint(m.id for m in second.messages)
    log(path, whole(request("r2", "go on", {"value": "Two, and more."})))
    third = read(path, second.position)
    assert [m.id for m in third.messages] == [m.id for m in second.messages]
    assert third.messages[1].content == "Two, and more."


def test_changes_are_applied_as_the_editor_does(tmp_path: Path) -> None:
    asked = [request(f"r{n}", f"question {n}") for n in range(3)]
    path = log(
        tmp_path / "s1.jsonl",
        whole(*asked),
        {"kind": 3, "k": ["requests", 0]},
        {"kind": 1, "k": ["requests", 1, "message", "text"], "v": "another question"},
        pushed(request("r3", "question 3"), i=2),
        {"kind": 2, "k": ["requests", 1, "response"], "v": [{"value": "So."}]},
        {"kind": 2, "k": ["requests", 1, "made"], "v": ["here"]},
        {"kind": 1, "k": ["requests", 9, "response"], "v": []},
        {"kind": 7, "k": ["x"], "v": 1},
    )
    batch = read(path)
    assert [m.content for m in batch.messages] == ["another question", "So.", "question 3"]
    assert [line.reason for line in batch.position.left_out] == [
        "Line 7 changes what is not there.",
        "Line 8 is a change of the unknown kind '7'.",
    ]


@pytest.mark.parametrize(
    ("lines", "asked"),
    [
        (7, ["first", "second", "third"]),
        (13, ["first", "second", "third"]),
        (20, ["first", "second", "changed"]),
        (25, ["first", "last"]),
    ],
    ids=["asked", "answered again", "edited", "taken back to the first"],
)
def test_a_log_that_the_editor_wrote_is_what_its_view_showed(
    tmp_path: Path, lines: int, asked: list[str]
) -> None:
    log = TAKEN_BACK.read_bytes()
    path = tmp_path / "chatSessions" / "chat.jsonl"
    path.parent.mkdir()
    path.write_bytes(b"".join(log.splitlines(keepends=True)[:lines]))
    batch = read(path)
    said = [m.content for m in batch.messages if m.type in ("user", "assistant")]
    answer = "ECHO: the test model has answered."
    assert said == [text for word in asked for text in (f"@aiana {word} question", answer)]


@pytest.mark.parametrize(
    "change",
    [
        {"kind": 0, "v": [1]},
        {"kind": 0},
        {"kind": 1, "k": [], "v": None},
        {"kind": True, "k": ["requests"], "v": []},
    ],
)
def test_what_is_no_chat_takes_no_chats_place(tmp_path: Path, change: dict[str, Any]) -> None:
    before, after = whole(request("r1", "first")), pushed(request("r2", "second"))
    batch = read(log(tmp_path / "s1.jsonl", before, change, after))
    assert [m.content for m in batch.messages] == ["first", "second"]
    assert [lost.reason.startswith("Line 2") for lost in batch.position.left_out] == [True]


def test_a_turn_that_grows_moves_those_behind_it(tmp_path: Path) -> None:
    path = log(tmp_path / "s1.jsonl", whole(request("r1", "first"), request("r2", "second")))
    first = read(path)
    grown = request("r1", "first", {"value": "One."})
    log(path, whole(grown, request("r2", "second", {"value": "Two."})))
    second = read(path, first.position)
    assert [(m.position, m.content) for m in second.messages] == [
        (0, "first"),
        (1, "One."),
        (2, "second"),
        (3, "Two."),
    ]


def test_damaged_and_torn_lines(tmp_path: Path) -> None:
    path = log(tmp_path / "s1.jsonl", whole(request("r1", "one")))
    cut = json.dumps(pushed(request("r2", "two")))
    with path.open("a") as file:
        file.write(cut[:60] + json.dumps(pushed(request("r3", "three"))) + "\n" + cut[:80])
    batch = read(path)
    assert [m.content for m in batch.messages] == ["one", "three"]
    assert [line.reason for line in batch.position.left_out] == [
        "Line 2 holds a record without its end, or none."
    ]
    with path.open("a") as file:
        file.write(cut[80:] + "\n")
    assert [m.content for m in read(path, batch.position).messages] == ["one", "three", "two"]


def test_a_log_is_told_by_what_it_holds(tmp_path: Path) -> None:
    named_otherwise = log(tmp_path / "s1.json", whole(request("r1", "one")))
    flat = log(tmp_path / "s2.jsonl", chat(request("r1", "one")))
    for path in (named_otherwise, flat):
        assert [m.content for m in read(path).messages] == ["one"]


@pytest.mark.parametrize(
    ("told", "folder"),
    [
        ({"folder": "file:///c%3A/work/shop"}, "C:/work/shop"),
        ({"folder": "vscode-remote://ssh-remote%2Bbox/srv/shop"}, None),
        ({"workspace": "file:///srv/shop/all.code-workspace"}, "/srv/shop"),
        ({"workspace": {"folders": [{"uri": {"path": "/srv/a", "scheme": "file"}}]}}, "/srv/a"),
        ({"workspace": {"configPath": {"path": "/srv/b/x.code-workspace"}}}, "/srv/b"),
        ({"configuration": {"path": "/srv/c/x.code-workspace", "scheme": "file"}}, "/srv/c"),
        ([], ""),
    ],
)
def test_a_workspace_names_its_folder(workspace: Path, told: Any, folder: str | None) -> None:
    (workspace / "workspace.json").write_text(json.dumps(told))
    expected = told["folder"] if folder is None else folder
    (session,) = read(workspace / "chatSessions" / "log-1.jsonl").sessions
    assert session.project_path == expected


@pytest.mark.timeout(30)
def test_a_pipe_names_no_folder(workspace: Path) -> None:
    (workspace / "workspace.json").unlink(missing_ok=True)
    os.mkfifo(workspace / "workspace.json")
    (session,) = read(workspace / "chatSessions" / "log-1.jsonl").sessions
    assert session.project_path == ""


def test_chats_of_the_database(workspace: Path) -> None:
    path = workspace / "state.vscdb"
    writer = sqlite3.connect(path, isolation_level=None)
    writer.execute("PRAGMA journal_mode = WAL")
    writer.execute("CREATE TABLE ItemTable (key TEXT UNIQUE ON CONFLICT REPLACE, value BLOB)")
    old = [
        chat({"message": "one", "response": [{"value": "Yes."}, "No."]}),
        chat(request("r1", "two"), sessionId="s2"),
        "no chat",
    ]
    insert = "INSERT INTO ItemTable VALUES ('interactive.sessions', ?)"
    writer.execute(insert, (json.dumps(old),))
    before = path.read_bytes()
    source = VSCodeChat()
    assert source.is_transcript(path)
    assert source.recognises(path)
    first, last = source.read(path, None)
    assert [(m.session_id, m.content) for m in first.messages] == [
        ("s1", "one"),
        ("s1", "Yes.No."),
        ("s2", "two"),
    ]
    assert {s.project_path for s in first.sessions} == {"/nowhere/shop"}
    assert source.unchanged(path, last.position)
    writer.execute("INSERT INTO ItemTable VALUES ('other', 'x')")
    assert not source.unchanged(path, last.position)
    assert [b.messages for b in source.read(path, last.position)] == [[]]
    assert path.read_bytes() == before
    writer.close()


def test_a_database_without_chats_holds_none(tmp_path: Path) -> None:
    path = tmp_path / "state.vscdb"
    sqlite3.connect(path).execute("CREATE TABLE ItemTable (key, value)").connection.close()
    assert not VSCodeChat().recognises(path)
    assert [b.messages for b in VSCodeChat().read(path, None)] == [[]]


def test_where_chats_are_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VSCODE_USER_DATA_DIR", f"{tmp_path / 'a'}, {tmp_path / 'b'}")
    assert VSCodeChat().roots() == [
        tmp_path / data / kept
        for data in "ab"
        for kept in (
            "User/workspaceStorage",
            "User/globalStorage",
            "agentSessionData",
            "User/agentSessionData",
        )
    ]
    shutil.copytree(FIXTURES, tmp_path / "a" / "User")
    elsewhere = tmp_path / "a" / "User" / "workspaceStorage" / "a1b2" / "some.extension"
    (elsewhere / "chatSessions").mkdir(parents=True)
    (elsewhere / "chatSessions" / "x.json").write_text("{}")
    found = files_on_disk([VSCodeChat()])
    assert sorted(path.name for path in found.files) == [
        "empty-1.jsonl",
        "events-1.jsonl",
        "json-1.json",
        "log-1.jsonl",
        "log-1.jsonl",
    ]


@pytest.mark.parametrize(
    ("system", "place"),
    [
        ("linux", ".config/Code - Insiders/User/workspaceStorage"),
        ("linux", ".vscode-server/data/User/workspaceStorage"),
        ("linux", ".local/share/code-server/User/globalStorage"),
        ("darwin", "Library/Application Support/VSCodium/User/workspaceStorage"),
        ("win32", "AppData/Roaming/Cursor/User/workspaceStorage"),
    ],
)
def test_every_editor_and_system(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, system: str, place: str
) -> None:
    for name in ("VSCODE_USER_DATA_DIR", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "APPDATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("sys.platform", system)
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    assert tmp_path / place in VSCodeChat().roots()


def test_files_of_others_are_not_recognised(tmp_path: Path) -> None:
    copilot = {"type": "session.start", "data": {"sessionId": "x", "producer": "copilot-agent"}}
    others = [
        log(tmp_path / "a.jsonl", copilot),
        log(tmp_path / "b.jsonl", {"type": "user", "message": {"content": "x"}}),
        log(tmp_path / "c.json", {"requests": [], "log": {}}),
        log(tmp_path / "d.txt", whole()),
    ]
    assert [VSCodeChat().recognises(path) for path in others] == [False] * 4
    assert [VSCodeChat().recognises(path) for path in FILES] == [True] * len(FILES)


@pytest.mark.skipif(not REAL.is_dir(), reason="the real files are not here")
def test_every_real_file_is_read() -> None:
    batches = [read(path) for path in sorted(REAL.iterdir())]
    assert [len(batch.messages) for batch in batches] == [4, 2, 0]
    assert [batch.position.skipped_lines for batch in batches] == [0, 0, 0]


JUNK = st.sampled_from(
    ["null", "true", "-1", "1e300", str(2**80), '""', r'"\ud800"', "[]", "{}", '{"kind": [{}]}']
)


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in items:
        yield value, key
        if isinstance(item, (dict, list)):
            yield from _places(item)


@settings(
    max_examples=CASES,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_no_file_ends_in_a_traceback(tmp_path: Path, data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(FILES))
    content = path.read_bytes()
    if data.draw(st.booleans()):
        values = [json.loads(content)] if path.suffix == ".json" else []
        values = values or [json.loads(line) for line in content.splitlines()]
        for _ in range(data.draw(st.integers(1, 4))):
            places = list(_places(values))
            place, key = places[data.draw(st.integers(0, len(places) - 1))]
            place[key] = json.loads(data.draw(JUNK))
        content = b"\n".join(json.dumps(value).encode() for value in values)
    else:
        start = data.draw(st.integers(0, len(content)))
        end = data.draw(st.integers(start, min(len(content), start + 200)))
        content = content[:start] + data.draw(st.binary(max_size=20)) + content[end:]
    changed = tmp_path / path.name
    changed.write_bytes(content)
    VSCodeChat().recognises(changed)
    with suppress(UnreadableFile):
        messages = read(changed).messages
        assert len({m.id for m in messages}) == len(messages)
