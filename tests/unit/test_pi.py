"""Pi, and OpenClaw, which is made from it: entries of a tree, a line or a row each."""

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
from aiana.capture.pi import OpenClaw, Pi
from tests.unit.sources import (
    CASES,
    SHARED,
    Changes,
    check_messages,
    damaged,
    damages,
    read,
    read_on,
    rows,
    survives_lines,
    write_lines,
)

T = "2026-05-12T01:02:{:02d}.000Z"
HEADER = {"type": "session", "version": 3, "id": "s1", "timestamp": T.format(0), "cwd": "/gone/app"}


def entry(name: str, second: int, role: str, content: Any, **facts: Any) -> dict[str, Any]:
    message = {"role": role, "content": content} | facts
    return {
        "type": "message",
        "id": name,
        "parentId": None,
        "timestamp": T.format(second),
        "message": message,
    }


CALL = {"type": "toolCall", "id": "c1", "name": "edit", "arguments": {"path": "/a", "edits": []}}
ENTRIES = [
    HEADER,
    {"type": "model_change", "id": "e0", "timestamp": T.format(0), "modelId": "m-1"},
    entry("e1", 1, "user", [{"type": "text", "text": "mend it"}, {"type": "image", "data": "x"}]),
    entry(
        "e2",
        2,
        "assistant",
        [{"type": "thinking", "thinking": "Look."}, {"type": "text", "text": "I look."}, CALL],
        model="m-2",
        usage={"output": 7},
    ),
    entry("e3", 3, "toolResult", [{"type": "text", "text": "ok"}], toolCallId="c1", isError=True),
    entry("e4", 4, "bashExecution", None, command="ls", output="a.txt", exitCode=2),
    {"type": "compaction", "id": "e5", "timestamp": T.format(5), "summary": "in short"},
    {"type": "custom", "id": "e6", "timestamp": T.format(5), "data": {"x": "hidden"}},
    {"type": "session_info", "id": "e7", "timestamp": T.format(5), "name": "The mending"},
]
EXPECTED = [
    ("user", "user", None, "mend it"),
    ("user", "user", None, "[image]"),
    ("thinking", "assistant", None, "Look."),
    ("assistant", "assistant", None, "I look."),
    ("tool_use", "assistant", "edit", "/a"),
    ("tool_result", "tool", "edit", "ok"),
    ("tool_use", "assistant", "bash", "ls"),
    ("tool_result", "tool", "bash", "a.txt"),
    ("summary", "system", None, "in short"),
]


def test_a_session_is_told_in_its_order(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "2026_s1.jsonl", ENTRIES)
    batch = read(Pi(), path)
    assert rows(batch) == EXPECTED
    check_messages(batch.messages)
    thought, result, listing = batch.messages[2], batch.messages[5], batch.messages[7]
    assert (thought.id, thought.tokens, thought.metadata["model"]) == ("e2", 7, "m-2")
    assert result.metadata == {"toolCallId": "c1", "isError": True}
    assert listing.metadata["exitCode"] == 2
    (session,) = batch.sessions
    assert (session.id, session.project_path, session.title) == ("s1", "/gone/app", "The mending")
    assert batch.position.left_out == []


def test_a_session_that_goes_on_is_read_on(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "2026_s1.jsonl", ENTRIES[:4])
    first = read(Pi(), path)
    write_lines(path, ENTRIES[3:])
    rest = read_on(Pi(), path, first.position)
    assert [m.content for m in rest.messages] == [row[3] for row in EXPECTED[5:]]
    assert rest.messages[0].tool_name == "edit"


def test_forks_stand_under_what_they_were_made_from(tmp_path: Path) -> None:
    fork = HEADER | {"id": "s2", "parentSession": "/home/x/sessions/2026-05_s1.jsonl"}
    batch = read(Pi(), write_lines(tmp_path / "2026_s2.jsonl", [fork, HEADER, *ENTRIES[1:]]))
    (session,) = batch.sessions
    assert (session.id, session.parent_id, session.metadata) == ("s2", "s1", {"forkedFrom": "s1"})


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (entry("e", 1, "user", "plain"), [("user", "plain")]),
        (
            entry("e", 1, "user", "<system-reminder>x</system-reminder>\n\nhello"),
            [("user", "hello")],
        ),
        (entry("e", 1, "hookMessage", "from a hook"), [("system", "from a hook")]),
        (
            {"type": "custom_message", "id": "e", "timestamp": T.format(1), "content": "put in"},
            [("system", "put in")],
        ),
        ({"type": "novelty", "id": "e", "text": "words"}, [("system", "words")]),
        ({"type": "novelty", "id": "e"}, []),
    ],
)
def test_whose_words(record: Any, expected: list[tuple[str, str]], tmp_path: Path) -> None:
    batch = read(Pi(), write_lines(tmp_path / "s.jsonl", [HEADER, record]))
    assert [(m.type, m.content) for m in batch.messages] == expected
    assert bool(expected) == (batch.position.left_out == [])


def database(path: Path, entries: list[Any]) -> Path:
    with closing(sqlite3.connect(path)) as made:
        made.execute(
            "CREATE TABLE IF NOT EXISTS transcript_events (session_id TEXT, seq INTEGER, "
            "event_json TEXT, created_at INTEGER, PRIMARY KEY (session_id, seq))"
        )
        count = made.execute("SELECT count(*) FROM transcript_events").fetchone()[0]
        # The order is that of the numbers, not of the rows.
        made.executemany(
            "INSERT INTO transcript_events VALUES ('s1', ?, ?, 1)",
            reversed([(count + n, text) for n, text in enumerate(map(json.dumps, entries))]),
        )
        made.commit()
    return path


def test_a_database_says_what_the_files_said(tmp_path: Path) -> None:
    path = database(tmp_path / "openclaw-agent.sqlite", ENTRIES)
    assert [s.name for s in sources().values() if s.recognises(path)] == ["openclaw"]
    batch = read(OpenClaw(), path)
    assert rows(batch) == EXPECTED
    assert OpenClaw().unchanged(path, batch.position)
    database(path, [entry("e9", 9, "user", "go on")])
    more = read_on(OpenClaw(), path, batch.position)
    # A conversation that goes on is told from its beginning, under the same ids.
    assert [m.id for m in more.messages[:-1]] == [m.id for m in batch.messages]
    assert (more.messages[-1].content, more.messages[-1].position) == ("go on", len(EXPECTED))
    assert {session.source for session in more.sessions} == {"openclaw"}


@pytest.mark.parametrize(
    ("name", "is_one"),
    [
        ("a.jsonl", True),
        ("a.jsonl.reset.2026-10-01T15-18-21.294Z", True),
        ("a.jsonl.deleted.1790000000", True),
        ("openclaw-agent.sqlite", True),
        ("a.checkpoint.5b.jsonl", False),
        ("sessions.json", False),
        ("a.jsonl.bak", False),
    ],
)
def test_which_files_of_openclaw(name: str, is_one: bool) -> None:
    assert OpenClaw().is_transcript(Path("/x/agents/main/sessions") / name) is is_one


def test_what_a_reset_left_behind_is_read(tmp_path: Path) -> None:
    folder = tmp_path / ".openclaw" / "agents" / "main" / "sessions"
    folder.mkdir(parents=True)
    path = write_lines(folder / "s1.jsonl.reset.2026-10-01T15-18-21.294Z", ENTRIES)
    batch = read(OpenClaw(), path)
    assert (batch.sessions[0].id, len(batch.messages)) == ("s1", len(EXPECTED))


def test_where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PI_CODING_AGENT_DIR", str(tmp_path))
    monkeypatch.setenv("OPENCLAW_STATE_DIR", str(tmp_path / "claw"))
    assert Pi().roots() == [tmp_path / "sessions"]
    assert OpenClaw().roots() == [tmp_path / "claw" / "agents"]


@settings(max_examples=CASES, deadline=None)
@given(damages)
def test_a_damaged_file_costs_no_more_than_itself(changes: Changes) -> None:
    survives_lines(Pi(), ENTRIES, changes, "s1.jsonl")


@settings(max_examples=CASES, deadline=None)
@given(damages)
def test_a_damaged_event_costs_itself(changes: Changes) -> None:
    """What stands in a row may be as damaged as a line."""
    from aiana.capture.building import SessionBuilder
    from aiana.capture.jsonl import UnknownRecord
    from aiana.capture.pi import PiReader

    reader = PiReader(SessionBuilder("openclaw", Path("x"), 0, {}), fallback="s1")
    for record in ENTRIES:
        try:
            reader.take(damaged(json.dumps(record).encode(), changes))
        except (UnknownRecord, ValueError):
            continue


@pytest.mark.skipif(not SHARED.is_dir(), reason="no transcripts beside the project")
@pytest.mark.parametrize(
    "path",
    sorted(p for name in ("pi", "openclaw") for p in (SHARED / "other-agents" / name).glob("*")),
    ids=lambda p: p.name,
)
def test_real_files(path: Path) -> None:
    """Counted by an independent reader, record by record."""
    expected: Counter[str] = Counter()
    for line in path.read_text().splitlines():
        record = json.loads(line)
        message = record.get("message", {})
        content = message.get("content", [])
        parts = content if isinstance(content, list) else [{"type": "text"}]
        match (record["type"], message.get("role")):
            case ("message", "user" | "assistant" | "system" as role):
                expected[role] += sum(part["type"] == "text" for part in parts)
                expected["tool_use"] += sum(part["type"] == "toolCall" for part in parts)
            case ("message", "toolResult"):
                expected["tool_result"] += 1
            case ("compaction" | "compact", _):
                expected["summary"] += 1
            case ("custom_message", _):
                expected["system"] += 1
    source = OpenClaw() if path.name.startswith("openclaw") else Pi()
    assert next(s for s in sources().values() if s.recognises(path)).name == source.name
    batch = read(source, path)
    check_messages(batch.messages)
    assert Counter(m.type for m in batch.messages) == +expected
    assert batch.position.left_out == []
