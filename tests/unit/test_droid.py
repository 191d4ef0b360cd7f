"""Droid: sessions as it keeps them, and what it prints."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from aiana.capture import sources
from aiana.capture.droid import Droid
from tests.unit.sources import (
    CASES,
    Changes,
    check_real,
    damages,
    read,
    read_on,
    real_files,
    rows,
    survives_lines,
    write_lines,
)

T = "2025-12-26T00:10:{:02d}.000Z"
HEADER = {"type": "session_start", "id": "s1", "title": "New Session", "sessionTitle": "The sum"}
HEADER |= {"cwd": "/gone/app", "version": "0.81.0", "callingSessionId": "s0"}


def message(name: str, second: int, role: str, *blocks: Any) -> dict[str, Any]:
    return {
        "type": "message",
        "id": name,
        "parentId": "p",
        "timestamp": T.format(second),
        "message": {"role": role, "content": list(blocks)},
    }


def text(words: str) -> dict[str, str]:
    return {"type": "text", "text": words}


RECORDS = [
    HEADER,
    message("m1", 1, "user", text("<system-reminder>\nBe brief.\n</system-reminder>\n\nadd it")),
    message(
        "m2",
        2,
        "assistant",
        {"type": "thinking", "thinking": "Hm.", "signature": "x"},
        text("I add."),
        {"type": "tool_use", "id": "t1", "name": "Edit", "input": {"old_str": "a", "new_str": "b"}},
    ),
    message("m3", 3, "user", {"type": "tool_result", "tool_use_id": "t1", "content": "done"}),
    {"type": "compaction_state", "id": "k", "timestamp": T.format(4), "summaryText": "in short"},
    {"type": "todo_state", "id": "x", "timestamp": T.format(4), "todos": "- a"},
]
PRINTED = [
    {"type": "system", "sessionId": "p1", "timestamp": 1767812640310, "model": "m", "cwd": "/x"},
    {"type": "message", "sessionId": "p1", "role": "user", "text": "list", "id": "m1"},
    {"type": "tool_call", "sessionId": "p1", "id": "c1", "toolName": "Execute",
     "parameters": {"command": "ls"}},
    {"type": "tool_result", "sessionId": "p1", "id": "c1", "toolId": "Execute", "isError": True,
     "value": {"stdout": "", "stderr": "no", "exitCode": 2}},
    {"type": "message", "sessionId": "p1", "role": "assistant", "text": "None.", "id": "m2"},
    {"type": "completion", "sessionId": "p1", "finalText": "None.", "usage": {"output_tokens": 5}},
    {"type": "error", "session_id": "p1", "message": "Authentication failed."},
]  # fmt: skip


def test_a_session_is_told_in_its_order(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "s1.jsonl", RECORDS)
    path.with_suffix(".settings.json").write_text('{"model": "m-1"}')
    batch = read(Droid(), path)
    assert rows(batch) == [
        ("user", "user", None, "add it"),
        ("thinking", "assistant", None, "Hm."),
        ("assistant", "assistant", None, "I add."),
        ("tool_use", "assistant", "Edit", "a\nb"),
        ("tool_result", "tool", "Edit", "done"),
        ("summary", "system", None, "in short"),
    ]
    assert batch.messages[3].tool_input == '{"old_str":"a","new_str":"b"}'
    (session,) = batch.sessions
    assert (session.id, session.title, session.parent_id) == ("s1", "The sum", "s0")
    assert session.metadata == {"version": "0.81.0", "model": "m-1"}
    assert batch.position.left_out == []


@pytest.mark.parametrize(
    ("given_title", "title"), [("/clear", None), ("word " * 60, "word " * 22 + "word…"), ("", None)]
)
def test_titles(given_title: str, title: str | None, tmp_path: Path) -> None:
    header = HEADER | {"sessionTitle": given_title, "title": "New Session"}
    batch = read(Droid(), write_lines(tmp_path / "s1.jsonl", [header, *RECORDS[1:]]))
    assert batch.sessions[0].title == title


def test_what_it_prints_is_read(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "out.jsonl", PRINTED)
    assert [s.name for s in sources().values() if s.recognises(path)] == ["droid"]
    batch = read(Droid(), path)
    assert rows(batch) == [
        ("user", "user", None, "list"),
        ("tool_use", "assistant", "Execute", "ls"),
        ("tool_result", "tool", "Execute", "no"),
        # The last answer stands in the completion once more.
        ("assistant", "assistant", None, "None."),
        ("system", "system", None, "Authentication failed."),
    ]
    assert batch.messages[2].metadata == {"toolCallId": "c1", "isError": True, "exitCode": 2}
    assert {s.id for s in batch.sessions} == {"p1"}


def test_a_session_that_goes_on_is_read_on(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "s1.jsonl", RECORDS[:3])
    first = read(Droid(), path)
    write_lines(path, [RECORDS[2], RECORDS[3], {"type": "novelty", "id": "n"}])
    rest = read_on(Droid(), path, first.position)
    assert rows(rest) == [("tool_result", "tool", "Edit", "done")]
    assert rest.messages[0].position == 4
    assert ["novelty" in lost.reason for lost in rest.position.left_out] == [True]


@pytest.mark.parametrize("records", [RECORDS, PRINTED], ids=["kept", "printed"])
@settings(max_examples=CASES, deadline=None)
@given(changes=damages)
def test_a_damaged_file_costs_no_more_than_itself(records: list[Any], changes: Changes) -> None:
    survives_lines(Droid(), records, changes, "s1.jsonl")


@real_files("droid")
def test_real_files(path: Path) -> None:
    """Counted by an independent reader, record by record."""
    expected: Counter[str] = Counter()
    for line in path.read_text().splitlines():
        if not line:
            continue
        record = json.loads(line)
        for part in (
            record.get("message", {}).get("content", [])
            if "message" in record and (isinstance(record["message"], dict))
            else []
        ):
            role = record["message"]["role"]
            expected[role if part["type"] == "text" else part["type"]] += 1
        if "role" in record:
            expected[record["role"]] += 1
        if record["type"] in ("tool_call", "tool_result"):
            expected[record["type"].replace("call", "use")] += 1
        expected["assistant"] += record["type"] == "completion"
        expected["system"] += record["type"] == "error"
    check_real(Droid(), path, expected)
