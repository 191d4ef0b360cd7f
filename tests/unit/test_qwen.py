"""Qwen Code: one record a line, contents of the Gemini API."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from aiana.capture.claude_code import ClaudeCode
from aiana.capture.qwen import QwenCode
from aiana.models import CaptureBatch, CapturePosition
from tests.unit.sources import CASES, SHARED, check_messages, damaged, damages, rows, survives
from tests.unit.sources import read as read_file

T = "2026-02-01T12:00:{:02d}.000Z"
SHELL = "Command: x\nOutput: no\nError: (none)\nExit Code: 2\nSignal: 0"


def record(kind: str, name: str, second: int = 0, **facts: Any) -> dict[str, Any]:
    base = {"uuid": name, "sessionId": "s1", "timestamp": T.format(second), "type": kind}
    return base | {"parentUuid": None, "cwd": "/nowhere/app", "version": "0.15.10"} | facts


def said(kind: str, name: str, *parts: Any, second: int = 0, **facts: Any) -> dict[str, Any]:
    role = "model" if kind == "assistant" else "user"
    return record(kind, name, second, message={"role": role, "parts": list(parts)}, **facts)


def system(subtype: str, **payload: Any) -> dict[str, Any]:
    return record("system", f"x-{subtype}", subtype=subtype, systemPayload=payload)


def text(words: str, **facts: Any) -> dict[str, Any]:
    return {"text": words} | facts


def called(name: str = "run_shell_command", **args: Any) -> dict[str, Any]:
    return {"functionCall": {"id": "c1", "name": name, "args": args}}


def answered(name: str = "run_shell_command", **response: Any) -> dict[str, Any]:
    return {"functionResponse": {"id": "c1", "name": name, "response": response}}


RECORDS = [
    said("user", "u1", text("mend the sum"), second=1),
    said(
        "assistant",
        "a1",
        text("Look first.", thought=True),
        text("I look."),
        called(command="false"),
        second=2,
        model="coder",
        usageMetadata={"candidatesTokenCount": 7},
    ),
    system("ui_telemetry", uiEvent={"response_text": "I look."}),
    said("tool_result", "r1", answered(output=SHELL), second=3, toolCallResult={"callId": "c1"}),
    said("assistant", "a2", text("Done."), second=4),
]


def read(path: Path, *records: Any, position: CapturePosition | None = None) -> CaptureBatch:
    with path.open("a") as file:
        file.writelines(json.dumps(r) + "\n" for r in records)
    (batch,) = QwenCode().read(path, position)
    return batch


def test_a_session_is_told_in_its_order(tmp_path: Path) -> None:
    path = tmp_path / "s1.jsonl"
    batch = read(path, *RECORDS)
    assert rows(batch) == [
        ("user", "user", None, "mend the sum"),
        ("thinking", "assistant", None, "Look first."),
        ("assistant", "assistant", None, "I look."),
        ("tool_use", "assistant", "run_shell_command", "false"),
        ("tool_result", "tool", "run_shell_command", SHELL),
        ("assistant", "assistant", None, "Done."),
    ]
    assert [m.position for m in batch.messages] == list(range(6))
    thought, result = batch.messages[1], batch.messages[4]
    assert (thought.id, thought.tokens, thought.metadata["model"]) == ("a1", 7, "coder")
    assert result.metadata == {"toolCallId": "c1", "isError": True, "exitCode": 2}
    (session,) = batch.sessions
    assert (session.id, session.project_path) == ("s1", "/nowhere/app")
    assert session.metadata == {"version": "0.15.10"}
    assert not ClaudeCode().recognises(path)


def test_a_session_that_goes_on_is_read_on(tmp_path: Path) -> None:
    path = tmp_path / "s1.jsonl"
    first = read(path, *RECORDS[:2])
    # The same record twice is one; another one under its id is none of it.
    rest = read(
        path,
        RECORDS[1],
        said("assistant", "a1", text("More."), second=2),
        *RECORDS[3:],
        position=first.position,
    )
    assert [(m.content, m.tool_name, m.position) for m in rest.messages] == [
        ("More.", None, 4),
        (SHELL, "run_shell_command", 5),
        ("Done.", None, 6),
    ]
    check_messages(first.messages + rest.messages)


@pytest.mark.parametrize(
    ("given_record", "expected"),
    [
        (said("user", "u", text("a"), subtype="notification"), [("system", "a")]),
        (said("user", "u", text("a"), subtype="mid_turn_user_message"), [("user", "a")]),
        (
            said("user", "u", text("look @x"), text("<qwen:some-context>\ny\n</qwen:some-context>"),
                 systemPayload={"displayText": "look"}),
            [("system", "<qwen:some-context>\ny\n</qwen:some-context>"), ("user", "look")],
        ),
        (system("slash_command", phase="invocation", rawCommand="/about"), [("user", "/about")]),
        (
            system("slash_command", phase="result", outputHistoryItems=[{"text": "v1"}]),
            [("system", "v1")],
        ),
        (
            system("chat_compression", compressedHistory=[{"role": "user", "parts": ["in short"]}]),
            [("summary", "in short")],
        ),
        (system("attribution_snapshot", fileStates={"/a": {"x": "words"}}), []),
        (system("novelty", note="words"), [("system", "words")]),
        (
            said("tool_result", "r", toolCallResult={"callId": "c", "resultDisplay": "shown"}),
            [("tool_result", "shown")],
        ),
    ],
)  # fmt: skip
def test_whose_words(tmp_path: Path, given_record: Any, expected: list[tuple[str, str]]) -> None:
    batch = read(tmp_path / "s1.jsonl", given_record)
    assert [(m.type, m.content) for m in batch.messages] == expected


def test_titles_forks_and_what_is_new(tmp_path: Path) -> None:
    fork = {"forkedFrom": {"sessionId": "s0", "messageUuid": "u0"}}
    batch = read(
        tmp_path / "s1.jsonl",
        RECORDS[0] | fork,
        system("custom_title", customTitle="First", titleSource="auto"),
        system("custom_title", customTitle="The sum", titleSource="manual"),
        record("novelty", "n"),
    )
    (session,) = batch.sessions
    assert (session.title, session.parent_id) == ("The sum", "s0")
    assert session.metadata["forkedFrom"] == "s0"
    (lost,) = batch.position.left_out
    assert (lost.line, "novelty" in lost.reason) == (4, True)


def test_where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("QWEN_RUNTIME_DIR")
    monkeypatch.setenv("QWEN_HOME", str(tmp_path))
    assert QwenCode().roots() == [tmp_path / "projects"]
    monkeypatch.setenv("QWEN_RUNTIME_DIR", str(tmp_path / "run"))
    assert QwenCode().roots() == [tmp_path / "run" / "projects"]


@settings(max_examples=CASES, deadline=None)
@given(damages)
def test_a_damaged_file_costs_no_more_than_itself(changes: list[tuple[int, str, int]]) -> None:
    data = "".join(json.dumps(r) + "\n" for r in RECORDS).encode()
    survives(QwenCode(), damaged(data, changes), "s1.jsonl")


@pytest.mark.skipif(not SHARED.is_dir(), reason="no transcripts beside the project")
@pytest.mark.parametrize(
    "path", sorted((SHARED / "other-agents" / "qwen").glob("*.jsonl")), ids=lambda p: p.name
)
def test_real_files(path: Path) -> None:
    """Counted by an independent reader, record by record."""
    decoder, data = json.JSONDecoder(), path.read_text().strip()
    expected = {"thinking": 0, "tool_use": 0, "assistant": 0}
    while data:
        value, end = decoder.raw_decode(data)
        data = data[end:].lstrip()
        if value["type"] == "assistant":
            parts = value["message"]["parts"]
            expected["thinking"] += sum(p.get("thought", False) for p in parts)
            expected["tool_use"] += sum("functionCall" in p for p in parts)
            expected["assistant"] += any("text" in p and not p.get("thought") for p in parts)
    batch = read_file(QwenCode(), path)
    check_messages(batch.messages)
    assert batch.position.left_out == []
    assert {k: sum(m.type == k for m in batch.messages) for k in expected} == expected
