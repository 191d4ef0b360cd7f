"""Codex rollouts of both ways of telling a thread."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from aiana.capture.codex import Codex
from aiana.errors import UnreadableFile
from aiana.models import CaptureBatch, CapturePosition
from tests.unit.sources import (
    CASES,
    SHARED,
    TRANSCRIPTS,
    check_messages,
    damaged,
    damages,
    survives,
)

T = "2026-02-01T12:00:{:02d}.000Z"
META: dict[str, Any] = {"id": "t1", "cwd": "/nowhere/app", "cli_version": "0.171.0"}


def record(kind: str, second: int = 0, **payload: Any) -> dict[str, Any]:
    return {"timestamp": T.format(second), "type": kind, "payload": payload}


def item(kind: str, second: int = 0, **fields: Any) -> dict[str, Any]:
    return record("response_item", second, type=kind, **fields)


def event(kind: str, second: int = 0, **fields: Any) -> dict[str, Any]:
    return record("event_msg", second, type=kind, **fields)


def done(kind: str, second: int = 0, **fields: Any) -> dict[str, Any]:
    return event("item_completed", second, turn_id="x", item={"type": kind, **fields})


def said(role: str, text: str, second: int = 0) -> dict[str, Any]:
    kind = "output_text" if role == "assistant" else "input_text"
    return item("message", second, role=role, content=[{"type": kind, "text": text}])


def read(path: Path, *records: Any, position: CapturePosition | None = None) -> CaptureBatch:
    with path.open("a") as file:
        file.writelines(json.dumps(r) + "\n" for r in records)
    (batch,) = Codex().read(path, position)
    return batch


def rows(batch: CaptureBatch) -> list[tuple[str, str | None, str | None, str]]:
    return [(m.type, m.role, m.tool_name, m.content) for m in batch.messages]


def test_a_legacy_thread_is_told_once(tmp_path: Path) -> None:
    batch = read(
        tmp_path / "rollout.jsonl",
        record("session_meta", **META, git={"branch": "main"}),
        said("user", "<environment_context>\n  <cwd>/x</cwd>\n</environment_context>"),
        record("turn_context", cwd="/nowhere/app", model="gpt-x"),
        said("user", "fix the sum", 1),
        event("user_message", 1, message="fix the sum"),
        event("agent_reasoning", 2, text="Let me see."),
        item("reasoning", 2, summary=[{"type": "summary_text", "text": "Let me see."}]),
        item("function_call", 3, name="shell", arguments='{"command":["ls"]}', call_id="c1"),
        item(
            "function_call_output",
            4,
            call_id="c1",
            output='{"output":"a.txt\\n","metadata":{"exit_code":2}}',
        ),
        event("exec_command_end", 4, call_id="c1", stdout="a.txt\n"),
        event("agent_message", 5, message="Done."),
        said("assistant", "Done.", 5),
        event("token_count", 5, info={}),
        said("user", "fix the sum", 6),
        event("user_message", 6, message="fix the sum"),
    )
    assert rows(batch) == [
        ("system", "system", None, batch.messages[0].content),
        ("user", "user", None, "fix the sum"),
        ("thinking", "assistant", None, "Let me see."),
        ("tool_use", "assistant", "shell", "ls"),
        ("tool_result", "tool", "shell", "a.txt\n"),
        ("assistant", "assistant", None, "Done."),
        ("user", "user", None, "fix the sum"),
    ]
    assert batch.messages[4].metadata == {"toolCallId": "c1", "isError": True, "exitCode": 2}
    assert batch.messages[5].metadata == {"model": "gpt-x"}
    (session,) = batch.sessions
    assert (session.id, session.project, session.started_at, session.ended_at) == (
        "t1",
        "/nowhere/app",
        T.format(0),
        T.format(6),
    )
    assert session.metadata == {"version": "0.171.0", "gitBranch": "main"}
    assert batch.position.skipped_lines == 0


def test_a_paginated_thread_is_told_by_its_items(tmp_path: Path) -> None:
    wrapped = "Chunk ID: 1\nWall time: 0.1 seconds\nProcess exited with code 0\nOutput:\n5\n"
    batch = read(
        tmp_path / "rollout.jsonl",
        record("session_meta", **META, history_mode="paginated"),
        said("developer", "Rules."),
        said("user", "<environment_context>x</environment_context>"),
        said("user", "check it", 1),
        done("UserMessage", 1, id="u", content=[{"type": "text", "text": "check it"}]),
        done("Reasoning", 2, id="r", summary_text=["Hm."]),
        item("reasoning", 2, id="r", summary=[{"type": "summary_text", "text": "Hm."}]),
        item("function_call", 3, name="exec_command", arguments='{"cmd":"ls"}', call_id="c1"),
        done("CommandExecution", 4, id="c1", aggregated_output="5\n", exit_code=0),
        item("function_call_output", 4, call_id="c1", output=wrapped),
        done("FileChange", 5, id="c2", changes={"/a.py": {"type": "add", "content": "x = 1"}}),
        done("AgentMessage", 6, id="m", content=[{"type": "Text", "text": "All well."}]),
        said("assistant", "All well.", 6),
        event("task_complete", 6, last_agent_message="All well."),
    )
    assert rows(batch) == [
        ("user", "user", None, "check it"),
        ("thinking", "assistant", None, "Hm."),
        ("tool_use", "assistant", "exec_command", "ls"),
        ("tool_result", "tool", "exec_command", "5\n"),
        ("tool_use", "assistant", "apply_patch", "add\nx = 1"),
        ("tool_result", "tool", "apply_patch", ""),
        ("assistant", "assistant", None, "All well."),
    ]
    assert [m.position for m in batch.messages] == list(range(7))


def test_a_thread_that_goes_on_is_read_on(tmp_path: Path) -> None:
    path = tmp_path / "rollout.jsonl"
    call = item("function_call", 1, name="shell", arguments="not json", call_id="c1")
    first = read(path, record("session_meta", **META), said("user", "go"), call)
    more = item("custom_tool_call_output", 2, call_id="c1", output=[{"text": "ok"}])
    again = read(path, event("user_message", 0, message="go"), more, position=first.position)
    assert rows(again) == [("tool_result", "tool", "shell", "ok")]
    assert again.messages[0].position == 2


def test_forks_and_sub_agents_stand_under_their_thread(tmp_path: Path) -> None:
    fork = read(
        tmp_path / "fork.jsonl",
        record("session_meta", **META, forked_from_id="t0"),
        record("session_meta", id="t0", cwd="/elsewhere"),
        said("user", "go on"),
    )
    assert [(s.id, s.parent_id, s.metadata["forkedFrom"]) for s in fork.sessions] == [
        ("t1", "t0", "t0")
    ]
    spawned = {"subagent": {"thread_spawn": {"parent_thread_id": "t7", "depth": 1}}}
    child = read(
        tmp_path / "child.jsonl", record("session_meta", **META, source=spawned), said("user", "x")
    )
    assert [s.parent_id for s in child.sessions] == ["t7"]


def test_a_repository_that_is_gone_is_its_remote(tmp_path: Path) -> None:
    git = {"repository_url": "git@github.com:ada/shop.git", "branch": "main"}
    batch = read(
        tmp_path / "rollout.jsonl", record("session_meta", **META, git=git), said("user", "x")
    )
    assert [s.project for s in batch.sessions] == ["github.com/ada/shop"]


@pytest.mark.parametrize(
    ("text", "kind", "content"),
    [
        ("<user_instructions>x</user_instructions>", "system", None),
        ("# AGENTS.md instructions for /x\n\n<INSTRUCTIONS>", "system", None),
        ("<brand_new_context a='b'>x</brand_new_context>", "system", None),
        ("<div>why?</div>", "user", None),
        (
            "# Context from my IDE setup:\n## Tabs:\n- a\n\n## My request for Codex:\nfix it\n",
            "user",
            "fix it",
        ),
    ],
)
def test_whose_words(tmp_path: Path, text: str, kind: str, content: str | None) -> None:
    batch = read(tmp_path / "rollout.jsonl", record("session_meta", **META), said("user", text))
    assert [(m.type, m.content) for m in batch.messages] == [(kind, content or text.strip())]


def test_what_is_new_or_damaged(tmp_path: Path) -> None:
    path = tmp_path / "rollout.jsonl"
    cut, glued = json.dumps(said("user", "lost")), json.dumps(said("user", "kept", 3))
    path.write_text(json.dumps(record("session_meta", **META)) + f"\n{cut[:70]}{glued}\n")
    batch = read(
        path,
        record("brand_new", message="It says something."),
        item("new_item", flags=1),
        event("new_event", text="So does this."),
        [1],
        record("compacted", message="What was before."),
        event("turn_aborted", reason="interrupted"),
    )
    assert rows(batch) == [
        ("user", "user", None, "kept"),
        ("system", "system", None, "It says something."),
        ("system", "system", None, "So does this."),
        ("summary", "system", None, "What was before."),
        ("system", "system", None, "turn_aborted: interrupted"),
    ]
    assert [(line.line, line.reason) for line in batch.position.left_out] == [
        (2, "It holds a record without its end."),
        (4, "Records of type 'new_item' are not known, and hold no text."),
        (6, "It is no JSON object."),
    ]


def test_where_and_what(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CODEX_HOME", str(tmp_path))
    source = Codex()
    assert source.roots() == [tmp_path / "sessions", tmp_path / "archived_sessions"]
    ours, other = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    ours.write_text(json.dumps(record("session_meta", **META)) + "\n")
    other.write_text('{"type":"user","sessionId":"s","message":{"content":"x"}}\n')
    assert [source.recognises(path) for path in (ours, other)] == [True, False]


def test_a_compressed_thread_is_the_thread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    zstandard = pytest.importorskip("zstandard")
    name = "rollout-2026-02-01T12-00-00-0199aaaa-bbbb-7ccc-8ddd-eeeeeeeeeeee.jsonl"
    plain = tmp_path / name
    records = [record("session_meta", **META), said("user", "one", 1), said("assistant", "two", 2)]
    first = read(plain, *records)
    packed = tmp_path / f"{name}.zst"
    whole = zstandard.compress(plain.read_bytes())
    packed.write_bytes(whole)
    source = Codex()
    # While both are there, the plain one is read.
    assert [source.is_transcript(path) for path in (plain, packed)] == [True, False]
    plain.unlink()
    assert source.is_transcript(packed)
    assert source.recognises(packed)
    (batch,) = source.read(packed, None)
    assert batch.messages == first.messages
    assert batch.sessions[0].id == "t1"
    assert source.unchanged(packed, batch.position)
    packed.write_bytes(whole[:-8])
    assert not source.unchanged(packed, batch.position)
    with pytest.raises(UnreadableFile, match="It cannot be unpacked: it is cut off"):
        list(source.read(packed, batch.position))

    def import_none(module: str) -> None:
        raise ModuleNotFoundError(f"No module named {module!r}", name=module)

    monkeypatch.setattr("aiana.capture.compressed.import_module", import_none)
    with pytest.raises(UnreadableFile, match=r"zstandard is not installed\. Run `"):
        list(source.read(packed, None))


def test_compressed_thread_in_steps(tmp_path: Path) -> None:
    zstandard = pytest.importorskip("zstandard")
    lines = [record("session_meta", **META)]
    lines += [said("user", f"{number} " + "word " * 2000, 1) for number in range(500)]
    packed = tmp_path / "t.jsonl.zst"
    data = "".join(json.dumps(line) + "\n" for line in lines).encode()
    # In two pieces, as a program that goes on with a file writes it.
    half = len(data) // 2
    packed.write_bytes(zstandard.compress(data[:half]) + zstandard.compress(data[half:]))
    batches = list(Codex().read(packed, None))
    assert len(batches) > 1
    assert sum(len(batch.messages) for batch in batches) == 500
    packed.write_bytes(zstandard.compress(data[:half]) + zstandard.compress(data[half:])[:-9])
    batches = list(Codex().read(packed, None))
    assert 200 < sum(len(batch.messages) for batch in batches) < 500
    assert "unpacked: it is cut off" in batches[-1].position.left_out[-1].reason


def test_a_thread_is_read_as_the_program_wrote_it() -> None:
    (path,) = (TRANSCRIPTS / "codex-0.171.0").glob("*.jsonl")
    (batch,) = Codex().read(path, None)
    assert [(m.type, m.content.split("\n")[0]) for m in batch.messages] == [
        ("user", "Why does the sum come out wrong? Please fix it."),
        ("thinking", "The test imports a module that does not exist."),
        ("assistant", "I'll look at what is there."),
        ("tool_use", "ls -la && cat app.py"),
        ("tool_result", "total 16"),
        ("tool_use", "apply_patch <<'EOF'"),
        ("tool_result", "Success. Updated the following files:"),
        ("tool_use", "cat /work/shop/helper.py"),
        ("tool_result", "def add(a, b):"),
        ("tool_use", "apply_patch <<'EOF'"),
        ("tool_result", "Success. Updated the following files:"),
        ("assistant", "The helper now adds; `zebra_crossing_total` was the wrong name."),
        ("user", "Check that it works now"),
        ("tool_use", "python3 -c 'import helper; print(helper.add(2, 3))'"),
        ("tool_result", "5"),
        ("assistant", "It prints 5, so the sum is right."),
    ]
    taken = [(m.type, m.tokens) for m in batch.messages if m.tokens]
    assert taken == [
        *[("tool_use", 20)] * 4,
        ("assistant", 20),
        ("tool_use", 20),
        ("assistant", 20),
    ]
    assert batch.messages[2].metadata == {"model": "gpt-5.1-codex"}
    check_messages(batch.messages)


def test_tokens_that_are_told_again_are_counted_once(tmp_path: Path) -> None:
    def count(total: int, last: int) -> dict[str, Any]:
        usage = {"total_token_usage": {"output_tokens": total}}
        return event("token_count", info={**usage, "last_token_usage": {"output_tokens": last}})

    batch = read(
        tmp_path / "t.jsonl",
        record("session_meta", **META),
        said("assistant", "one", 1),
        count(1005, 5),
        event("token_count", info=None),
        count(1005, 5),
        said("assistant", "two", 2),
        count(1012, 7),
    )
    assert [(m.content, m.tokens) for m in batch.messages] == [("one", 5), ("two", 7)]


@settings(max_examples=CASES, deadline=None)
@given(damages)
def test_nothing_in_a_thread_is_too_odd(changes: list[tuple[int, str, int]]) -> None:
    (path,) = (TRANSCRIPTS / "codex-0.171.0").glob("*.jsonl")
    survives(Codex(), damaged(path.read_bytes(), changes), "t.jsonl")


def test_real_threads() -> None:
    if not (SHARED / "codex").is_dir():
        pytest.skip("no transcripts beside the project")
    for path in sorted((SHARED / "codex").glob("*.jsonl")):
        answers, calls = set(), set()
        for line in path.read_text().splitlines():
            told = json.loads(line)
            payload = told.get("payload") or {}
            kind = payload.get("type")
            if kind == "message" and payload.get("role") == "assistant":
                answers |= {part.get("text", "").strip() for part in payload["content"]}
            elif kind == "agent_message" and told["type"] == "event_msg":
                answers.add(payload["message"].strip())
            elif kind == "item_completed" and payload["item"]["type"] == "AgentMessage":
                answers |= {part["text"].strip() for part in payload["item"]["content"]}
            elif kind in ("function_call", "custom_tool_call", "local_shell_call"):
                calls.add(payload.get("call_id"))
        messages = [m for batch in Codex().read(path, None) for m in batch.messages]
        assert answers - {""} <= {m.content for m in messages}, path.name
        made = {m.metadata.get("toolCallId") for m in messages if m.type == "tool_use"}
        assert calls <= made, path.name


PRINTED: list[dict[str, Any]] = [
    {"type": "thread.started", "thread_id": "019a2d7a-6455-7170-a661-c6d8b94c630a"},
    {"type": "turn.started"},
    {"type": "item.completed", "item": {"id": "item_0", "type": "reasoning", "text": "Hm."}},
    {
        "type": "item.started",
        "item": {"id": "item_1", "type": "command_execution", "command": "ls", "status": "x"},
    },
    {
        "type": "item.completed",
        "item": {
            "id": "item_1",
            "type": "command_execution",
            "command": "bash -lc ls",
            "aggregated_output": "a.py\n",
            "exit_code": 2,
        },
    },
    {
        "type": "item.completed",
        "item": {"id": "i2", "type": "file_change", "changes": [{"path": "a.py", "kind": "add"}]},
    },
    {"type": "item.completed", "item": {"id": "i3", "type": "agent_message", "text": "Done."}},
    {"type": "item.completed", "item": {"id": "i4", "type": "agent_message", "text": "Done."}},
    {"type": "turn.completed", "usage": {"input_tokens": 9, "output_tokens": 7}},
    {"type": "error", "message": "no network"},
]


def test_exec_output_beside_a_thread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CODEX_HOME", str(tmp_path))
    batch = read(tmp_path / "out.jsonl", *PRINTED)
    assert Codex().recognises(tmp_path / "out.jsonl")
    assert [(m.type, m.content) for m in batch.messages] == [
        ("thinking", "Hm."),
        ("tool_use", "bash -lc ls"),
        ("tool_result", "a.py\n"),
        ("tool_use", "a.py\nadd"),
        ("tool_result", ""),
        ("assistant", "Done."),
        ("assistant", "Done."),
        ("system", "no network"),
    ]
    assert batch.messages[2].metadata["exitCode"] == 2
    assert [m.tokens for m in batch.messages if m.tokens] == [7]
    assert batch.sessions[0].id == PRINTED[0]["thread_id"]
    check_messages(batch.messages)
    kept = tmp_path / "sessions" / f"rollout-x-{PRINTED[0]['thread_id']}.jsonl"
    kept.parent.mkdir()
    kept.write_text("")
    assert read(tmp_path / "again.jsonl", *PRINTED).messages == []


def test_real_exec_output() -> None:
    paths = sorted((SHARED / "codex-exec-stream").glob("*.jsonl"))
    if not paths:
        pytest.skip("no transcripts beside the project")
    for path in paths:
        items = [
            record["item"]["type"]
            for record in map(json.loads, filter(None, path.read_text().splitlines()))
            if record["type"] == "item.completed"
        ]
        assert Codex().recognises(path)
        messages = [m for batch in Codex().read(path, None) for m in batch.messages]
        check_messages(messages)
        counted = [
            ("assistant", items.count("agent_message")),
            ("thinking", items.count("reasoning")),
            ("tool_use", items.count("command_execution") + items.count("file_change")),
        ]
        for kind, count in counted:
            assert sum(m.type == kind for m in messages) == count, path.name
