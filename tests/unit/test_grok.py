"""Grok Build: the history that goes to the model, without ids and times."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from aiana.capture.grok import Grok
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


def user(*parts: Any, **facts: Any) -> dict[str, Any]:
    return {"type": "user", "content": list(parts), "prompt_index": 0} | facts


def text(words: str) -> dict[str, str]:
    return {"type": "text", "text": words}


RECORDS: list[dict[str, Any]] = [
    {"type": "system", "content": "You are Grok."},
    user(text("<user_info>\nOS\n</user_info>"), synthetic_reason="environment_context"),
    user({"type": "image", "url": "data:x"}, text("read it")),
    {"type": "reasoning", "id": "r", "summary": [{"type": "summary_text", "text": "Hm."}]},
    {
        "type": "assistant",
        "content": "I read.",
        "tool_calls": [{"id": "c1", "name": "read_file", "arguments": '{"target_file":"/a.py"}'}],
        "model_id": "grok-4.5",
    },
    {"type": "tool_result", "tool_call_id": "c1", "content": "print(1)"},
    {"type": "backend_tool_call", "kind": {"tool_type": "web_search", "action": {"query": "x"},
                                           "id": "w1"}},
]  # fmt: skip
EXPECTED = [
    ("system", "system", None, "<user_info>\nOS\n</user_info>"),
    ("user", "user", None, "[image]\nread it"),
    ("thinking", "assistant", None, "Hm."),
    ("assistant", "assistant", None, "I read."),
    ("tool_use", "assistant", "read_file", "/a.py"),
    ("tool_result", "tool", "read_file", "print(1)"),
    ("tool_use", "assistant", "web_search", "x"),
]


def session(folder: Path, records: list[Any], **summary: Any) -> Path:
    path = folder / "%2Fgone" / "s1" / "chat_history.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    if summary:
        (path.parent / "summary.json").write_text(json.dumps(summary))
    return write_lines(path, records)


def test_a_session_is_told_in_its_order(tmp_path: Path) -> None:
    path = session(
        tmp_path,
        RECORDS,
        info={"id": "g1", "cwd": "/gone/app"},
        created_at="2026-07-31T10:13:27Z",
        generated_title="The reading",
        session_summary="less good",
        parent_session_id="g0",
        session_kind="subagent",
        agent_name="explore",
        head_branch="main",
        git_remotes=["git@github.com:ada/shop.git"],
    )
    batch = read(Grok(), path)
    assert rows(batch) == EXPECTED
    check_messages(batch.messages)
    (told,) = batch.sessions
    assert (told.id, told.parent_id, told.title) == ("g1", "g0", "The reading")
    assert (told.project, told.started_at) == ("github.com/ada/shop", "2026-07-31T10:13:27.000Z")
    assert told.metadata == {"gitBranch": "main", "agentId": "explore", "sessionKind": "subagent"}
    assert batch.messages[3].metadata == {"model": "grok-4.5"}


def test_without_a_summary_the_folders_tell(tmp_path: Path) -> None:
    path = session(tmp_path, RECORDS)
    (path.parent.parent / ".cwd").write_text("/gone/app\n")
    (told,) = read(Grok(), path).sessions
    assert (told.id, told.project_path, told.title) == ("s1", "/gone/app", None)


def test_a_history_that_goes_on_or_is_compacted(tmp_path: Path) -> None:
    path = session(tmp_path, RECORDS[:5])
    first = read(Grok(), path)
    write_lines(path, RECORDS[5:])
    rest = read_on(Grok(), path, first.position)
    assert rows(rest) == EXPECTED[5:]
    path.write_text("")
    write_lines(path, [RECORDS[2], {"type": "user", "content": "go on", "prompt_index": 1}])
    after = read_on(Grok(), path, rest.position)
    # What is still there has the id that it had.
    assert after.messages[0].id == first.messages[1].id
    assert after.messages[1].content == "go on"


def test_where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GROK_HOME", str(tmp_path))
    assert Grok().roots() == [tmp_path / "sessions"]
    assert not Grok().is_transcript(tmp_path / "updates.jsonl")


@settings(max_examples=CASES, deadline=None)
@given(damages)
def test_a_damaged_file_costs_no_more_than_itself(changes: Changes) -> None:
    survives_lines(Grok(), RECORDS, changes, "chat_history.jsonl")


@real_files("grok", "*.jsonl")
def test_real_files(path: Path) -> None:
    """Counted by an independent reader, record by record."""
    expected: Counter[str] = Counter()
    for line in path.read_text().splitlines():
        record = json.loads(line)
        match record["type"]:
            case "user":
                expected["system" if "synthetic_reason" in record else "user"] += 1
            case "reasoning":
                expected["thinking"] += 1
            case "assistant":
                expected["assistant"] += bool(record["content"])
                expected["tool_use"] += len(record["tool_calls"])
            case "tool_result":
                expected["tool_result"] += 1
            case "backend_tool_call":
                expected["tool_use"] += 1
    batch = check_real(Grok(), path, expected)
    assert batch.sessions[0].title
