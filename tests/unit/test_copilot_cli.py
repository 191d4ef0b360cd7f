"""Copilot CLI: events of a session, calls and thoughts told twice."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from aiana.capture.copilot_cli import CopilotCli
from aiana.models import CaptureBatch, CapturePosition
from tests.unit.sources import CASES, SHARED, check_messages, damaged, damages, rows, survives
from tests.unit.sources import read as read_file

T = "2026-02-01T12:00:{:02d}.000Z"


def event(kind: str, name: str, second: int = 0, **data: Any) -> dict[str, Any]:
    base = {"type": kind, "id": name, "timestamp": T.format(second), "parentId": None}
    return base | {"data": data}


def start(**data: Any) -> dict[str, Any]:
    context = {"cwd": "/nowhere/app", "branch": "main"}
    facts = {"sessionId": "s1", "copilotVersion": "1.0.102", "context": context}
    return event("session.start", "e0", **facts | data)


ASKED = {"toolCallId": "c1", "name": "bash", "arguments": '{"command":"false"}'}
EVENTS = [
    start(selectedModel="gpt-x"),
    event("system.message", "e1", content="You are an assistant."),
    event("user.message", "e2", 1, content="mend the sum", transformedContent="<now/> mend"),
    event("assistant.turn_start", "e3", 2, turnId="0"),
    event("assistant.reasoning", "e4", 2, content="Look first."),
    event("assistant.message", "e5", 2, content="I look.", toolRequests=[ASKED],
          reasoningText="Look first.", outputTokens=7),
    event("tool.execution_start", "e6", 3, toolCallId="c1", toolName="bash", arguments={}),
    event("hook.start", "e7", 3, input={"toolName": "bash"}),
    event("tool.execution_complete", "e8", 4, toolCallId="c1", success=False,
          result={"content": "no\n<shellId: 0 completed with exit code 2>"},
          shellExecution={"exitCode": 2}),
    event("assistant.message", "e9", 5, content="Done.", toolRequests=[], model="gpt-y"),
    event("session.shutdown", "e10", 6, totalPremiumRequests=1),
]  # fmt: skip


def read(path: Path, *records: Any, position: CapturePosition | None = None) -> CaptureBatch:
    with path.open("a") as file:
        file.writelines(json.dumps(r) + "\n" for r in records)
    (batch,) = CopilotCli().read(path, position)
    return batch


def test_a_session_is_told_once(tmp_path: Path) -> None:
    batch = read(tmp_path / "events.jsonl", *EVENTS)
    assert rows(batch) == [
        ("user", "user", None, "mend the sum"),
        ("thinking", "assistant", None, "Look first."),
        ("assistant", "assistant", None, "I look."),
        ("tool_use", "assistant", "bash", "false"),
        ("tool_result", "tool", "bash", "no\n"),
        ("assistant", "assistant", None, "Done."),
    ]
    assert [m.position for m in batch.messages] == list(range(6))
    answer, _, result, last = batch.messages[2:]
    assert (answer.tokens, answer.metadata, last.metadata) == (
        7,
        {"model": "gpt-x"},
        {"model": "gpt-y"},
    )
    assert result.metadata == {"toolCallId": "c1", "isError": True, "exitCode": 2}
    (session,) = batch.sessions
    assert (session.id, session.project_path) == ("s1", "/nowhere/app")
    assert session.metadata == {"version": "1.0.102", "gitBranch": "main"}
    assert batch.position.left_out == []


def test_a_session_that_goes_on_is_read_on(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    first = read(path, *EVENTS[:7])
    resumed = event("session.resume", "r", eventCount=7, context={"cwd": "/elsewhere"})
    rest = read(path, resumed, EVENTS[6], *EVENTS[7:], position=first.position)
    assert [(m.content, m.tool_name, m.position) for m in rest.messages] == [
        ("no\n", "bash", 4),
        ("Done.", None, 5),
    ]
    assert rest.sessions[0].project_path == "/nowhere/app"


def test_what_stands_beside_the_events(tmp_path: Path) -> None:
    folder = tmp_path / "s9"
    folder.mkdir()
    facts = "id: s9\ncwd: /beside\nname: 'The sum'\nuser_named: true\n"
    (folder / "workspace.yaml").write_text(facts)
    (session,) = read(
        folder / "events.jsonl", start(context=None, sessionId=None), EVENTS[2]
    ).sessions
    assert (session.id, session.project_path, session.title) == ("s9", "/beside", "The sum")


def test_a_repository_that_is_gone_is_its_remote(tmp_path: Path) -> None:
    context = {"cwd": "/nowhere/app", "repository": "me/app", "repositoryHost": "git.example.org"}
    (session,) = read(tmp_path / "a.jsonl", start(context=context), EVENTS[2]).sessions
    assert session.project == "git.example.org/me/app"


@pytest.mark.parametrize(
    ("given_event", "expected"),
    [
        (
            event("user.message", "e", content="do", parentAgentTaskId="t"),
            ("user", "assistant", "do"),
        ),
        (event("user.message", "e", content="do") | {"agentId": "a"}, ("user", "assistant", "do")),
        (event("abort", "e", reason="user"), ("system", "system", "Stopped: user")),
        (event("session.error", "e", message="No quota."), ("system", "system", "No quota.")),
        (event("novelty.said", "e", text="words"), ("system", "system", "words")),
        (event("session.novelty", "e", count=3), None),
        (
            event("session.compaction_complete", "e", summaryContent="in short"),
            ("summary", "system", "in short"),
        ),
        (
            event("tool.execution_complete", "e", error={"message": "refused"}),
            ("tool_result", "tool", "refused"),
        ),
    ],
)
def test_whose_words(tmp_path: Path, given_event: Any, expected: Any) -> None:
    batch = read(tmp_path / "events.jsonl", start(), given_event)
    assert [(m.type, m.role, m.content) for m in batch.messages] == [expected][: bool(expected)]


def test_what_is_new_is_counted(tmp_path: Path) -> None:
    batch = read(tmp_path / "events.jsonl", start(), event("novelty.done", "e", count=3), {"a": 1})
    assert [line.line for line in batch.position.left_out] == [2, 3]


def test_where_and_what(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COPILOT_HOME", str(tmp_path))
    assert CopilotCli().roots() == [tmp_path / "session-state"]
    read(tmp_path / "mine.jsonl", start())
    assert CopilotCli().recognises(tmp_path / "mine.jsonl")
    read(tmp_path / "editor.jsonl", start(vscodeVersion="1.137.0"))
    assert not CopilotCli().recognises(tmp_path / "editor.jsonl")


@settings(max_examples=CASES, deadline=None)
@given(damages)
def test_a_damaged_file_costs_no_more_than_itself(changes: list[tuple[int, str, int]]) -> None:
    data = "".join(json.dumps(r) + "\n" for r in EVENTS).encode()
    survives(CopilotCli(), damaged(data, changes), "events.jsonl")


@pytest.mark.skipif(not SHARED.is_dir(), reason="no transcripts beside the project")
@pytest.mark.parametrize(
    "path", sorted((SHARED / "copilot-cli").glob("*.jsonl")), ids=lambda p: p.name
)
def test_real_files(path: Path) -> None:
    """Counted by an independent reader: each text of each event, and each call by its id."""
    events = [json.loads(line) for line in path.read_text().splitlines()]
    said = {
        (e["type"], e["id"], e["data"]["content"])
        for e in events
        if e["type"] in ("user.message", "assistant.message") and e["data"]["content"]
    }
    asked = {r["toolCallId"] for e in events for r in e["data"].get("toolRequests", [])}
    asked |= {e["data"]["toolCallId"] for e in events if e["type"] == "tool.execution_start"}
    done = {e["data"]["toolCallId"] for e in events if e["type"] == "tool.execution_complete"}
    batch = read_file(CopilotCli(), path)
    check_messages(batch.messages)
    assert batch.position.left_out == []
    of = {
        k: [m for m in batch.messages if m.type == k] for k in ("user", "tool_use", "tool_result")
    }
    assert {m.metadata["toolCallId"] for m in of["tool_use"]} == asked
    assert {m.metadata["toolCallId"] for m in of["tool_result"]} == done
    assert len(of["user"]) == sum(kind == "user.message" for kind, _, _ in said)
    answers = [m for m in batch.messages if m.type == "assistant"]
    assert len(answers) == sum(kind == "assistant.message" for kind, _, _ in said)
