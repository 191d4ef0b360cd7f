"""Kimi Code: the log of what went over the wire."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from aiana.capture.kimi import Kimi
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

START = 1785612803000


def said(words: str, kind: str = "user", **origin: str) -> list[dict[str, Any]]:
    """A prompt, which is told when it comes and when the model gets it."""
    content, told = [{"type": "text", "text": words}], {"kind": kind, **origin}
    return [
        {"type": "turn.prompt", "input": content, "origin": told, "time": START + 1000},
        {
            "type": "context.append_message",
            "message": {"role": "user", "content": content, "toolCalls": [], "origin": told},
            "time": START + 1001,
        },
    ]


def event(kind: str, uuid: str | None = None, **facts: Any) -> dict[str, Any]:
    told = {"type": kind} | ({"uuid": uuid} if uuid else {}) | facts
    return {"type": "context.append_loop_event", "event": told, "time": START + 2000}


def part(name: str, kind: str, words: str) -> dict[str, Any]:
    return event("content.part", name, part={"type": kind, kind: words})


RECORDS = [
    {"type": "metadata", "protocol_version": "1.4", "created_at": START},
    {"type": "config.update", "modelAlias": "kimi/k2", "cwd": "/gone/app", "time": START},
    *said("run it"),
    event("step.begin", "s-1"),
    part("u-1", "think", "Let me."),
    event("tool.call", "Bash_0", toolCallId="Bash_0", name="Bash", args={"command": "ls"}),
    event("tool.result", parentUuid="Bash_0", toolCallId="Bash_0", result={"output": "a"}),
    event("step.end", "s-1", usage={"output": 42}),
    part("u-2", "text", "Done."),
    event("step.end", "s-2", usage={"output": 7}),
    *said("<system-reminder>\nx\n</system-reminder>", "injection", variant="plan"),
    {"type": "context.apply_compaction", "summary": "in short", "time": START + 3000},
]


def session(folder: Path, agent: str, records: list[Any], **state: Any) -> Path:
    path = folder / "wd_app" / "session_1" / "agents" / agent / "wire.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    (path.parents[2] / "state.json").write_text(json.dumps(state))
    return write_lines(path, records)


def test_a_session_is_told_in_its_order(tmp_path: Path) -> None:
    path = session(tmp_path, "main", RECORDS, title="Mine", isCustomTitle=True, workDir="/gone/x")
    batch = read(Kimi(), path)
    assert rows(batch) == [
        ("user", "user", None, "run it"),
        ("thinking", "assistant", None, "Let me."),
        ("tool_use", "assistant", "Bash", "ls"),
        ("tool_result", "tool", "Bash", "a"),
        ("assistant", "assistant", None, "Done."),
        ("system", "system", None, "<system-reminder>\nx\n</system-reminder>"),
        ("summary", "system", None, "in short"),
    ]
    assert [m.tokens for m in batch.messages] == [None, None, 42, None, 7, None, None]
    assert batch.messages[4].metadata == {"model": "kimi/k2"}
    (told,) = batch.sessions
    assert (told.id, told.title, told.project_path) == ("session_1", "Mine", "/gone/x")
    assert batch.position.left_out == []


def test_sub_agents_stand_under_their_session(tmp_path: Path) -> None:
    words = "<git-context>\nBranch: main\n</git-context>\n\nCount the files."
    asked = said(words, "system_trigger", name="subagent")
    batch = read(Kimi(), session(tmp_path, "agent-0", asked, title="hi", workDir="/gone/x"))
    assert rows(batch)[0] == ("user", "assistant", None, "Count the files.")
    assert [(m.type, "Branch: main" in m.content) for m in batch.messages[1:]] == [("system", True)]
    (told,) = batch.sessions
    assert (told.id, told.parent_id, told.title) == ("session_1/agent-0", "session_1", None)
    assert told.project_path == "/gone/x"


def test_repeated_prompts_and_call_ids(tmp_path: Path) -> None:
    calls = [
        event("tool.call", "Bash_0", toolCallId="Bash_0", name="Bash", args={"command": word})
        for word in ("one", "two")
    ]
    batch = read(Kimi(), session(tmp_path, "main", [*said("hi"), *said("hi"), *calls]))
    assert [m.content for m in batch.messages] == ["hi", "hi", "one", "two"]
    check_messages(batch.messages)


def test_a_session_that_goes_on_is_read_on(tmp_path: Path) -> None:
    path = session(tmp_path, "main", RECORDS[:3])
    first = read(Kimi(), path)
    assert rows(first) == [("user", "user", None, "run it")]
    # A prompt that was told is not told again when the model gets it.
    write_lines(path, RECORDS[3:7])
    rest = read_on(Kimi(), path, first.position)
    assert [m.type for m in rest.messages] == ["thinking", "tool_use"]
    write_lines(path, RECORDS[7:8])
    last = read_on(Kimi(), path, rest.position)
    assert rows(last) == [("tool_result", "tool", "Bash", "a")]
    assert last.messages[0].position == 3


def test_where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIMI_CODE_HOME", str(tmp_path))
    assert Kimi().roots() == [tmp_path / "sessions"]


@settings(max_examples=CASES, deadline=None)
@given(damages)
def test_a_damaged_file_costs_no_more_than_itself(changes: Changes) -> None:
    survives_lines(Kimi(), RECORDS, changes, "wire.jsonl")


@real_files("kimi", "*.jsonl")
def test_real_files(path: Path) -> None:
    """Counted by an independent reader, record by record."""
    expected: Counter[str] = Counter()
    for line in path.read_text().splitlines():
        record = json.loads(line)
        told = record.get("event", {})
        match record["type"]:
            case "context.append_message":
                kind = record["message"]["origin"]["kind"]
                expected["system" if kind == "injection" else "user"] += 1
            case "context.append_loop_event":
                kinds = {"tool.call": "tool_use", "tool.result": "tool_result"}
                expected[kinds.get(told["type"], "")] += 1
                if told["type"] == "content.part":
                    expected["thinking" if "think" in told["part"] else "assistant"] += 1
            case "context.apply_compaction":
                expected["summary"] += 1
    del expected[""]
    check_real(Kimi(), path, expected)
