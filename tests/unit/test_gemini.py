"""Gemini CLI: documents, append logs with resumes, folders behind hashes."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from aiana.capture.gemini import GeminiCli
from tests.unit.sources import CASES, SHARED, check_messages, damaged, damages, read, rows, survives

T = "2026-02-01T12:00:{:02d}.000Z"
FOLDER = "/nowhere/app"
HASH = hashlib.sha256(FOLDER.encode()).hexdigest()
HEAD = {"sessionId": "s1", "projectHash": HASH, "startTime": T.format(0), "kind": "main"}


def user(name: str, *texts: str, second: int = 0) -> dict[str, Any]:
    content = [{"text": text} for text in texts]
    return {"id": name, "timestamp": T.format(second), "type": "user", "content": content}


def model(name: str, text: str, second: int = 0, **facts: Any) -> dict[str, Any]:
    return {"id": name, "timestamp": T.format(second), "type": "gemini", "content": text} | facts


def call(name: str, args: Any, output: str, display: Any = "", **facts: Any) -> dict[str, Any]:
    answer = {"functionResponse": {"id": "c1", "name": name, "response": {"output": output}}}
    told = {"id": "c1", "name": name, "args": args, "result": [answer], "status": "success"}
    return told | {"resultDisplay": display} | facts


def log(path: Path, *records: Any) -> Path:
    path.write_text("".join(json.dumps(r) + "\n" for r in records))
    return path


def document(path: Path, *messages: Any, **facts: Any) -> Path:
    path.write_text(json.dumps(HEAD | {"messages": messages} | facts, indent=2))
    return path


EDIT = {"fileName": "a.py", "originalContent": "", "newContent": "x = 1"}
SHELL = "Command: x\nOutput: no\nExit Code: 3\nSignal: 0\nProcess Group PGID: 1"
MESSAGES = [
    user("u1", "<session_context>\nToday is\n</session_context>"),
    user("u2", "mend the sum", second=1),
    model(
        "g1",
        "",
        2,
        model="gemini-3",
        thoughts=[{"subject": "Plan", "description": "Look first."}],
        tokens={"input": 9, "output": 4},
        toolCalls=[call("run_shell_command", {"command": "false"}, SHELL, "no")],
    ),
    model(
        "g2", "Done.", 3, toolCalls=[call("write_file", {"file_path": "/a"}, "ok", EDIT, id="c2")]
    ),
    {"id": "i", "timestamp": T.format(4), "type": "info", "content": "Request cancelled."},
    {"id": "e", "type": "error", "content": {"deep": {"message": "No quota."}}},
    {"id": "n", "type": "novelty", "content": []},
]


def test_a_document_is_told_in_its_order(tmp_path: Path) -> None:
    batch = read(GeminiCli(), document(tmp_path / "session-1.json", *MESSAGES, summary="The sum"))
    assert rows(batch) == [
        ("system", "system", None, "<session_context>\nToday is\n</session_context>"),
        ("user", "user", None, "mend the sum"),
        ("thinking", "assistant", None, "Plan\nLook first."),
        ("tool_use", "assistant", "run_shell_command", "false"),
        ("tool_result", "tool", "run_shell_command", "no"),
        ("assistant", "assistant", None, "Done."),
        ("tool_use", "assistant", "write_file", "/a"),
        ("tool_result", "tool", "write_file", "ok"),
        ("system", "system", None, "Request cancelled."),
        ("system", "system", None, "No quota."),
    ]
    assert [m.position for m in batch.messages] == list(range(10))
    thought, _, failed = batch.messages[2:5]
    assert (thought.metadata["model"], thought.tokens) == ("gemini-3", 4)
    assert failed.metadata == {"toolCallId": "c1", "isError": True, "exitCode": 3}
    (session,) = batch.sessions
    assert (session.id, session.title, session.started_at) == ("s1", "The sum", T.format(0))
    (lost,) = batch.position.left_out
    assert "novelty" in lost.reason


def test_a_resumed_log_keeps_what_was_richest(tmp_path: Path) -> None:
    """A resume writes the history anew: without tools and times, and with doubles of results."""
    response = {"functionResponse": {"id": "c1", "name": "run_shell_command"}}
    rebuilt = [
        user("u2", "mend the sum", second=50),
        model("g1", "", 50)
        | {"content": [{"text": "Look.", "thought": True}, {"functionCall": {"id": "c1"}}]},
        {"id": "g1_response", "type": "user", "content": [response]},
        user("u9", "only here", second=50),
    ]
    late = model("g1", "", 2)  # Written before its tool calls were known.
    records = [HEAD, *MESSAGES[:2], late, *MESSAGES[2:4]]
    again = HEAD | {"startTime": T.format(40)}
    resumed = [again, {"$set": {"messages": rebuilt}}, user("u3", "go on", second=51)]
    path = tmp_path / "session-1.jsonl"
    first = read(GeminiCli(), log(path, *records))
    batch = read(GeminiCli(), log(path, *records, *resumed, {"$rewindTo": "u3"}))
    told = [(m.id, m.content, m.timestamp, m.metadata) for m in batch.messages]
    assert told[:8] == [(m.id, m.content, m.timestamp, m.metadata) for m in first.messages]
    assert [content for _, content, _, _ in told[8:]] == [
        "only here",
        "go on",
        "Rewound to an earlier message.",
    ]
    assert batch.sessions[0].started_at == T.format(0)


def test_words_that_come_twice_without_ids_are_two(tmp_path: Path) -> None:
    said = [{"role": role, "parts": [{"text": text}]} for role, text in [("user", "again")] * 2]
    path = document(tmp_path / "session-1.json", *said, {"role": "model", "parts": ["ok", 3]})
    batch = read(GeminiCli(), path)
    assert [m.content for m in batch.messages] == ["again", "again", "ok"]
    check_messages(batch.messages)
    shorter = read(GeminiCli(), document(path, *said[1:]))
    assert shorter.messages[0].id == batch.messages[0].id


@pytest.mark.parametrize("way", ["root", "projects", "trusted", "arguments", "nobody"])
def test_the_folder_behind_the_hash(tmp_path: Path, way: str) -> None:
    chats = tmp_path / ".gemini" / "tmp" / "slug" / "chats"
    chats.mkdir(parents=True)
    messages = [user("u1", "hello there")]
    match way:
        case "root":
            (chats.parent / ".project_root").write_text(FOLDER + "\n")
        case "projects":
            known = {"projects": {"/elsewhere": "a", FOLDER: "slug"}}
            (tmp_path / ".gemini" / "projects.json").write_text(json.dumps(known))
        case "trusted":
            (tmp_path / ".gemini" / "trustedFolders.json").write_text(json.dumps({FOLDER: "T"}))
        case "arguments":
            tool = call("read_file", {"absolute_path": FOLDER + "/src/a.py"}, "x")
            messages.append(model("g1", "", toolCalls=[tool]))
    (session,) = read(GeminiCli(), document(chats / "session-1.json", *messages)).sessions
    assert session.project_path == ("" if way == "nobody" else FOLDER)


def test_a_sub_agent_stands_under_its_session(tmp_path: Path) -> None:
    folder = tmp_path / "chats" / "parent"
    folder.mkdir(parents=True)
    (session,) = read(GeminiCli(), log(folder / "s1.jsonl", HEAD, user("u", "look"))).sessions
    assert (session.id, session.parent_id) == ("s1", "parent")


def test_what_breaks_off_gives_what_is_whole(tmp_path: Path) -> None:
    path = document(tmp_path / "session-1.json", *MESSAGES)
    whole = path.read_text()
    path.write_text(whole[: whole.index("Done.")])
    batch = read(GeminiCli(), path)
    assert [m.type for m in batch.messages] == [
        "system",
        "user",
        "thinking",
        "tool_use",
        "tool_result",
    ]
    assert batch.sessions[0].id == "s1"
    assert "breaks off" in batch.position.left_out[0].reason
    torn = log(tmp_path / "session-2.jsonl", HEAD, MESSAGES[1])
    torn.write_text(torn.read_text() + '{"id":"g1","typ')
    assert read(GeminiCli(), torn).position.skipped_lines == 0


def test_where_and_what(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GEMINI_CLI_HOME", str(tmp_path))
    assert GeminiCli().roots() == [tmp_path / ".gemini" / "tmp"]
    mine, logs = tmp_path / "tmp" / "p" / "chats" / "session-1.json", tmp_path / "tmp" / "logs.json"
    assert GeminiCli().is_transcript(mine)
    assert not GeminiCli().is_transcript(logs)
    other = tmp_path / "a.jsonl"
    other.write_text('{"type":"session_meta","payload":{"id":"x"}}\n')
    assert not GeminiCli().recognises(other)


@settings(max_examples=CASES, deadline=None)
@given(damages)
def test_a_damaged_log_costs_no_more_than_itself(changes: list[tuple[int, str, int]]) -> None:
    records = [HEAD, *MESSAGES, {"$set": {"messages": MESSAGES[:3]}}]
    data = "".join(json.dumps(r) + "\n" for r in records).encode()
    survives(GeminiCli(), damaged(data, changes), "session-1.jsonl")


@settings(max_examples=CASES, deadline=None)
@given(damages)
def test_a_damaged_document_costs_no_more_than_itself(changes: list[tuple[int, str, int]]) -> None:
    data = json.dumps(HEAD | {"messages": MESSAGES}, indent=1).encode()
    survives(GeminiCli(), damaged(data, changes), "session-1.json")


@pytest.mark.skipif(not SHARED.is_dir(), reason="no transcripts beside the project")
@pytest.mark.parametrize("path", sorted((SHARED / "gemini").glob("*.json*")), ids=lambda p: p.name)
def test_real_files(path: Path) -> None:
    """Counted by an independent reader: every text, thought and call, once."""
    if path.suffix == ".jsonl":
        messages = [json.loads(line) for line in path.read_text().splitlines()]
    else:
        document = json.loads(path.read_text())
        messages = document.get("messages", [document])
    expected = {"user": 0, "assistant": 0, "thinking": 0, "tool_use": 0, "tool_result": 0}
    for message in messages:
        if (kind := message.get("type")) in ("user", "gemini", "model"):
            said = message.get("content") or message.get("parts")
            expected["user" if kind == "user" else "assistant"] += bool(said)
            expected["thinking"] += len(message.get("thoughts", []))
            expected["tool_use"] += len(message.get("toolCalls", []))
            expected["tool_result"] += sum("result" in c for c in message.get("toolCalls", []))
    batch = read(GeminiCli(), path)
    check_messages(batch.messages)
    assert batch.position.left_out == []
    assert {k: sum(m.type == k for m in batch.messages) for k in expected} == expected
