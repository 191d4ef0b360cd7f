"""Antigravity: the transcript that it keeps of a conversation."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from aiana.capture.antigravity import Antigravity
from tests.unit.sources import (
    CASES,
    Changes,
    check_messages,
    check_real,
    damages,
    read,
    read_on,
    real_files,
    rows,
    survives_lines,
    write_lines,
)


def step(number: int, source: str, kind: str, content: str = "", **facts: Any) -> dict[str, Any]:
    time = f"2026-06-26T21:16:{number:02d}Z"
    told = {"step_index": number, "source": source, "type": kind, "status": "DONE"}
    return told | {"created_at": time, "content": content} | facts


STEPS = [
    step(
        0,
        "USER_EXPLICIT",
        "USER_INPUT",
        "<USER_REQUEST>\nList the files.\n</USER_REQUEST>\n<USER_SETTINGS_CHANGE>\nx\n"
        "</USER_SETTINGS_CHANGE>\n<ADDITIONAL_METADATA>\ny\n</ADDITIONAL_METADATA>",
    ),
    step(1, "SYSTEM", "CONVERSATION_HISTORY"),
    step(
        2,
        "MODEL",
        "PLANNER_RESPONSE",
        thinking="Listing.",
        tool_calls=[{"name": "list_dir", "args": {"DirectoryPath": '"/gone/app"', "n": "3"}}],
    ),
    step(3, "MODEL", "LIST_DIRECTORY", "Created At: now\nCompleted At: then\na.txt"),
    step(4, "MODEL", "RUN_COMMAND", "The command exited with code 2.\nOutput:\nno"),
    step(5, "MODEL", "PLANNER_RESPONSE", "There is one.", truncated_fields=["content"]),
    step(6, "SYSTEM", "CHECKPOINT", "in short"),
    step(7, "SYSTEM", "SYSTEM_MESSAGE", "put in"),
]
EXPECTED = [
    ("user", "user", None, "List the files."),
    ("thinking", "assistant", None, "Listing."),
    ("tool_use", "assistant", "list_dir", "/gone/app"),
    ("tool_result", "tool", "list_directory", "a.txt"),
    ("tool_result", "tool", "run_command", "The command exited with code 2.\nOutput:\nno"),
    ("assistant", "assistant", None, "There is one."),
    ("summary", "system", None, "in short"),
    ("system", "system", None, "put in"),
]


def conversation(home: Path, steps: list[Any]) -> Path:
    path = home / "antigravity" / "brain" / "k1" / ".system_generated" / "logs" / "transcript.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    return write_lines(path, steps)


def test_a_conversation_is_told_in_its_order(tmp_path: Path) -> None:
    batch = read(Antigravity(), conversation(tmp_path, STEPS))
    assert rows(batch) == EXPECTED
    check_messages(batch.messages)
    assert batch.messages[2].tool_input == '{"DirectoryPath":"/gone/app","n":3}'
    assert batch.messages[4].metadata == {"isError": True, "exitCode": 2}
    # What the program itself cut says so.
    assert batch.messages[5].metadata == {"truncated": True}
    (told,) = batch.sessions
    assert (told.id, told.project_path) == ("k1", "/gone/app")
    assert batch.position.left_out == []


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("conversation_metadata.json", {"k1": {"WorkspaceURIs": ["file:///gone/shop"]}}),
        ("last_conversations.json", {"/gone/shop": "k1"}),
    ],
)
def test_the_folder_is_what_the_caches_name(name: str, content: Any, tmp_path: Path) -> None:
    path = conversation(tmp_path, STEPS)
    (tmp_path / "antigravity" / "cache").mkdir()
    (tmp_path / "antigravity" / "cache" / name).write_text(json.dumps(content))
    (told,) = read(Antigravity(), path).sessions
    assert told.project == "/gone/shop"


def test_a_conversation_that_goes_on_is_read_on(tmp_path: Path) -> None:
    path = conversation(tmp_path, STEPS[:3])
    first = read(Antigravity(), path)
    write_lines(path, [*STEPS[3:], {"novelty": 1}])
    rest = read_on(Antigravity(), path, first.position)
    assert rows(rest) == EXPECTED[3:]
    assert [lost.line for lost in rest.position.left_out] == [9]


def test_where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    (tmp_path / ".gemini" / "antigravity-ide" / "brain").mkdir(parents=True)
    assert [root.parent.name for root in Antigravity().roots()] == [
        "antigravity",
        "antigravity-cli",
        "antigravity-ide",
    ]


@settings(max_examples=CASES, deadline=None)
@given(damages)
def test_a_damaged_file_costs_no_more_than_itself(changes: Changes) -> None:
    survives_lines(Antigravity(), STEPS, changes, "transcript.jsonl")


@real_files("antigravity")
def test_real_files(path: Path) -> None:
    """Counted by an independent reader, record by record."""
    expected: Counter[str] = Counter()
    for line in path.read_text().splitlines():
        record = json.loads(line)
        has_text = bool(record.get("content"))
        match (record["type"], record["source"]):
            case ("USER_INPUT", source):
                expected["user" if source == "USER_EXPLICIT" else "system"] += 1
            case ("PLANNER_RESPONSE", _):
                expected["thinking"] += "thinking" in record
                expected["assistant"] += has_text
                expected["tool_use"] += len(record.get("tool_calls", []))
            case ("CHECKPOINT", _):
                expected["summary"] += 1
            case (_, "MODEL"):
                expected["tool_result"] += 1
            case _:
                expected["system"] += has_text
    check_real(Antigravity(), path, expected)
