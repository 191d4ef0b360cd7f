from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from aiana.capture.claude_code.session import TranscriptReader
from aiana.capture.claude_code.source import ClaudeCode
from aiana.capture.files import files_on_disk
from aiana.errors import UnreadableFile
from aiana.models import CaptureBatch, CapturePosition, Message, Session

T = "2026-02-01T12:00:0{}.000Z"


def record(kind: str, uuid: str | None, second: int = 0, **fields: Any) -> dict[str, Any]:
    base: dict[str, Any] = {"type": kind, "sessionId": "s1", "timestamp": T.format(second)}
    if uuid is not None:
        base["uuid"] = uuid
    return base | fields


def user(uuid: str, content: Any, second: int = 0, **fields: Any) -> dict[str, Any]:
    return record("user", uuid, second, message={"role": "user", "content": content}, **fields)


def assistant(uuid: str, *blocks: Any, second: int = 0, **message: Any) -> dict[str, Any]:
    body = {"role": "assistant", "content": list(blocks)} | message
    return record("assistant", uuid, second, message=body)


def text(value: str) -> dict[str, str]:
    return {"type": "text", "text": value}


def write(path: Path, *records: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = (r if isinstance(r, str) else json.dumps(r, separators=(",", ":")) for r in records)
    path.write_text("".join(line + "\n" for line in lines), "utf-8")
    return path


def read(path: Path, position: CapturePosition | None = None) -> CaptureBatch:
    (batch,) = ClaudeCode().read(path, position)
    return batch


def rows(batch: CaptureBatch) -> list[tuple[str, str, str | None, str]]:
    return [(m.id, m.type, m.role, m.content) for m in batch.messages]


def take(tmp_path: Path, *records: Any) -> CaptureBatch:
    return read(write(tmp_path / "s1.jsonl", *records))


def test_prompt_answer_call_and_result_become_rows(tmp_path: Path) -> None:
    call = {"type": "tool_use", "id": "c1", "name": "Bash", "input": {"command": "ls -la", "n": 3}}
    result = {"type": "tool_result", "tool_use_id": "c1", "content": "a.txt", "is_error": True}
    batch = take(
        tmp_path,
        user("u1", "list it", cwd="/nowhere/app", gitBranch="main", version="2.1.0"),
        assistant("u2", text("Listing."), call, second=1, id="m1", model="claude-x"),
        user("u3", [result], second=2, parentUuid="u2", toolUseResult={"stdout": "a.txt"}),
    )
    assert batch.messages == [
        Message(
            id="u1",
            session_id="s1",
            type="user",
            role="user",
            content="list it",
            timestamp=T.format(0),
            position=0,
        ),
        Message(
            id="u2",
            session_id="s1",
            type="assistant",
            role="assistant",
            content="Listing.",
            timestamp=T.format(1),
            position=1,
            metadata={"apiMessageId": "m1", "model": "claude-x"},
        ),
        Message(
            id="u2#1",
            session_id="s1",
            type="tool_use",
            role="assistant",
            content="ls -la",
            tool_name="Bash",
            tool_input='{"command":"ls -la","n":3}',
            timestamp=T.format(1),
            position=2,
            metadata={"apiMessageId": "m1", "model": "claude-x", "toolCallId": "c1"},
        ),
        Message(
            id="u3",
            session_id="s1",
            type="tool_result",
            role="tool",
            content="a.txt",
            tool_name="Bash",
            parent_id="u2",
            timestamp=T.format(2),
            position=3,
            metadata={"toolCallId": "c1", "isError": True},
        ),
    ]
    assert batch.sessions == [
        Session(
            id="s1",
            source="claude-code",
            project="/nowhere/app",
            project_path="/nowhere/app",
            transcript_path=str(tmp_path / "s1.jsonl"),
            started_at=T.format(0),
            ended_at=T.format(2),
            metadata={"gitBranch": "main", "version": "2.1.0"},
        )
    ]
    assert batch.replay_ids


def test_lines_of_one_answer_count_its_tokens_once(tmp_path: Path) -> None:
    batch = take(
        tmp_path,
        assistant("a1", text("one"), id="m1", usage={"output_tokens": 8}),
        assistant("a2", text("two"), id="m1", usage={"output_tokens": 8}),
        assistant("a3", text("three"), id="m1", usage={"output_tokens": 50}),
        assistant("a4", text("four"), id="m2", usage={"output_tokens": 5}),
    )
    assert [m.tokens for m in batch.messages] == [8, None, 42, 5]


def test_thinking_without_signatures(tmp_path: Path) -> None:
    thinking = {"type": "thinking", "thinking": "Maybe.", "signature": "SIGNED"}
    hidden = {"type": "redacted_thinking", "data": "OPAQUE"}
    batch = take(tmp_path, assistant("a1", thinking, hidden, text("Yes.")))
    assert rows(batch) == [
        ("a1", "thinking", "assistant", "Maybe."),
        ("a1#1", "assistant", "assistant", "Yes."),
    ]
    assert batch.messages[0].metadata == {"thinking": True}
    assert "SIGNED" not in str(batch)
    assert "OPAQUE" not in str(batch)


def test_images_and_documents_leave_a_placeholder(tmp_path: Path) -> None:
    image = {
        "type": "image",
        "source": {"type": "base64", "media_type": "image/png", "data": "QUJD"},
    }
    document = {"type": "document", "source": {"type": "base64", "data": "QUJD"}}
    result = {"type": "tool_result", "tool_use_id": "c", "content": [text("seen"), image]}
    batch = take(tmp_path, user("u1", [image, text("What is it?"), document]), user("u2", [result]))
    assert rows(batch) == [
        ("u1", "user", "user", "[image image/png]\nWhat is it?\n[document]"),
        ("u2", "tool_result", "tool", "seen\n[image image/png]"),
    ]
    assert "QUJD" not in str(batch)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("plain <b>text</b>", [("user", "plain <b>text</b>")]),
        ("<system-reminder>x</system-reminder>", []),
        ("do <system-reminder>x</system-reminder>it", [("user", "do it")]),
        ("what is <system-reminder> for?", [("user", "what is <system-reminder> for?")]),
        ("<ide_opened_file>a.py</ide_opened_file>fix it", [("user", "fix it")]),
        ("<ide_selection>code</ide_selection>\nwhy?", [("user", "why?")]),
        (
            "<command-message>x is running…</command-message>\n<command-name>/x</command-name>\n"
            '<command-args>"a" b</command-args>',
            [("user", '/x "a" b')],
        ),
        ("<command-name>clear</command-name><command-args></command-args>", [("user", "/clear")]),
        (
            "<local-command-stdout>\x1b[1mdone\x1b[22m</local-command-stdout>",
            [("tool_result", "done")],
        ),
        ("<local-command-stdout></local-command-stdout>", []),
        ("<bash-input>ls</bash-input>", [("user", "! ls")]),
        (
            "<bash-stdout>a</bash-stdout><bash-stderr>b</bash-stderr>",
            [("tool_result", "a"), ("tool_result", "b")],
        ),
        ("<user-memory-input>use tabs</user-memory-input>", [("user", "# use tabs")]),
        (
            "<task-notification><summary>Agent done.</summary></task-notification>",
            [("system", "Agent done.")],
        ),
        ("[Request interrupted by user for tool use]", [("system", None)]),
        ("Caveat: The messages below were generated by the user while running local commands.", []),
    ],
)
def test_tags_in_user_text(
    tmp_path: Path, content: str, expected: list[tuple[str, str | None]]
) -> None:
    batch = take(tmp_path, user("u1", content))
    assert [(m.type, m.content) for m in batch.messages] == [
        (kind, content if said is None else said) for kind, said in expected
    ]


def test_reminders_are_taken_out_of_tool_results(tmp_path: Path) -> None:
    content = "1→x\n\n<system-reminder>\nBe careful.\n</system-reminder>\n"
    batch = take(tmp_path, user("u1", [{"type": "tool_result", "content": content}]))
    assert rows(batch) == [("u1", "tool_result", "tool", "1→x")]


def test_text_of_the_program(tmp_path: Path) -> None:
    batch = take(
        tmp_path,
        user("u1", "Base directory for this skill: /x", isMeta=True),
        user("u2", "Agent finished", origin={"kind": "task-notification"}),
        user("u3", [{"type": "tool_result", "content": "ok"}], isMeta=True),
        user("u4", "Summary of before.", isCompactSummary=True),
        record("assistant", "a1", isApiErrorMessage=True, message={"content": [text("API Error")]}),
    )
    assert rows(batch) == [
        ("u1", "system", "system", "Base directory for this skill: /x"),
        ("u2", "system", "system", "Agent finished"),
        ("u3", "tool_result", "tool", "ok"),
        ("u4", "summary", "system", "Summary of before."),
        ("a1", "system", "system", "API Error"),
    ]


def test_steering_prompts_are_stored_once(tmp_path: Path) -> None:
    def queue(operation: str, **fields: Any) -> dict[str, Any]:
        return record("queue-operation", None, operation=operation, **fields)

    def attached(uuid: str, prompt: Any) -> dict[str, Any]:
        return record("attachment", uuid, attachment={"type": "queued_command", "prompt": prompt})

    batch = take(
        tmp_path,
        queue("enqueue", content="first"),
        queue("remove"),
        attached("q1", "first"),
        queue("enqueue", content="second"),
        attached("q2", [text("second")]),
        queue("remove", content="second"),
        queue("enqueue", content="third"),
        queue("dequeue"),
        user("u1", "third"),
        queue("enqueue", content="fourth"),
        queue("remove"),
        assistant("a1", text("ok")),
        queue("enqueue", content="taken back"),
        queue("popAll"),
        record("attachment", "x", attachment={"type": "todo_reminder", "content": []}),
    )
    assert [(m.type, m.content) for m in batch.messages] == [
        ("user", "first"),
        ("user", "second"),
        ("user", "third"),
        ("user", "fourth"),
        ("assistant", "ok"),
    ]
    assert [m.id for m in batch.messages[:3]] == ["q1", "q2", "u1"]


def test_sidechains_become_child_sessions(tmp_path: Path) -> None:
    path = tmp_path / "s1" / "subagents" / "agent-a7.jsonl"
    side: dict[str, Any] = {"isSidechain": True, "agentId": "a7"}
    write(path, user("u1", "Search for it", **side), assistant("a1", text("Found.")) | side)
    path.with_suffix(".meta.json").write_text('{"agentType":"Explore","toolUseId":"c1"}')
    batch = read(path)
    (session,) = batch.sessions
    assert (session.id, session.parent_id) == ("agent-a7", "s1")
    assert session.metadata == {"agentType": "Explore", "toolUseId": "c1"}
    assert rows(batch) == [
        ("u1", "user", "assistant", "Search for it"),
        ("a1", "assistant", "assistant", "Found."),
    ]


def test_sidechain_parent_by_its_folder(
    tmp_path: Path,
) -> None:
    """Sidechains that name only themselves find their parent by the folder."""
    path = tmp_path / "s9" / "subagents" / "agent-a7.jsonl"
    write(path, user("u1", "x", isSidechain=True, agentId="a7", sessionId="agent-a7"))
    assert [(s.id, s.parent_id) for s in read(path).sessions] == [("agent-a7", "s9")]


def test_sidechains_in_a_session(tmp_path: Path) -> None:
    batch = take(tmp_path, user("u1", "hi"), user("u2", "look", isSidechain=True))
    assert [(s.id, s.parent_id) for s in batch.sessions] == [("s1", None), ("s1:sidechain", "s1")]
    assert [m.session_id for m in batch.messages] == ["s1", "s1:sidechain"]


def test_compaction_drops_repetition(tmp_path: Path) -> None:
    boundary = record(
        "system",
        "b1",
        5,
        subtype="compact_boundary",
        content="Conversation compacted",
        logicalParentUuid="u2",
        parentUuid=None,
        compactMetadata={"trigger": "auto", "preTokens": 9, "preservedSegment": {"x": 1}},
    )
    batch = take(
        tmp_path,
        user("u1", "hello", 1),
        user("u2", "hello", 2),
        boundary,
        user("u3", "This session is being continued", 5, isCompactSummary=True),
        user("u4", "hello", 2, parentUuid="u3"),
        user("u5", "other, at an old time", 2),
        user("u6", "hello", 6),
    )
    assert rows(batch) == [
        ("u1", "user", "user", "hello"),
        ("u2", "user", "user", "hello"),
        ("b1", "system", "system", "Conversation compacted"),
        ("u3", "summary", "system", "This session is being continued"),
        ("u5", "user", "user", "other, at an old time"),
        ("u6", "user", "user", "hello"),
    ]
    mark = batch.messages[2]
    assert mark.parent_id == "u2"
    assert mark.metadata == {"subtype": "compact_boundary", "trigger": "auto", "preTokens": 9}


def test_system_records(tmp_path: Path) -> None:
    def system(uuid: str, subtype: str, content: str | None = None) -> dict[str, Any]:
        return record("system", uuid, subtype=subtype, content=content)

    batch = take(
        tmp_path,
        system("y1", "turn_duration"),
        system("y2", "away_summary", "While you were away, tests passed."),
        system("y3", "local_command", "<command-name>/cost</command-name>"),
        system("y4", "local_command", "<local-command-stdout>1 $</local-command-stdout>"),
        system("y5", "api_error", "Overloaded"),
    )
    assert rows(batch) == [
        ("y2", "summary", "system", "While you were away, tests passed."),
        ("y3", "user", "user", "/cost"),
        ("y4", "tool_result", "tool", "1 $"),
        ("y5", "system", "system", "Overloaded"),
    ]


def test_titles(tmp_path: Path) -> None:
    batch = take(
        tmp_path,
        {"type": "summary", "summary": "Another session", "leafUuid": "far"},
        record("custom-title", None, customTitle="Mine"),
        user("u1", "hi"),
        record("ai-title", None, aiTitle="Machine's"),
    )
    assert batch.titles == {"far": "Another session"}
    assert [s.title for s in batch.sessions] == ["Mine"]


def test_a_title_that_comes_later_is_not_lost(tmp_path: Path) -> None:
    path = write(tmp_path / "s1.jsonl", user("u1", "hi", 3))
    first = read(path)
    with path.open("a") as file:
        file.write(json.dumps(record("ai-title", None, aiTitle="Greeting")) + "\n")
    again = read(path, first.position)
    assert [(s.id, s.title, s.started_at) for s in again.sessions] == [
        ("s1", "Greeting", T.format(3))
    ]


def test_lines_left_out(tmp_path: Path) -> None:
    batch = take(
        tmp_path,
        user("u1", "kept"),
        "not json",
        "42",
        '"text"',
        "[1]",
        '{"silly":"this"}',
        '{"type":"brand-new","sessionId":"s1"}',
        user("u2", None),
        record("user", "u3", message="error"),
        "[" * 100_000,
        "",
        record("progress", "p1", data={"type": "hook_progress"}),
        record("file-history-snapshot", None, snapshot={}),
        user("u4", "kept too"),
    )
    assert [m.id for m in batch.messages] == ["u1", "u4"]
    assert batch.position.skipped_lines == 9


def test_fields_of_odd_types_do_not_cost_the_record(tmp_path: Path) -> None:
    odd_block = {"type": "text", "text": "still here", "input": [1], "is_error": "no"}
    batch = take(
        tmp_path,
        user("u1", ["loose", 7, odd_block], isMeta="no", cwd=5, timestamp=1769947200000),
        r'{"type":"user","uuid":"u2","sessionId":"s1","message":{"content":"lone \ud83d end"}}',
        {"type": "user", "message": {"content": "bare"}},
    )
    assert [m.content for m in batch.messages] == ["loose\nstill here", "lone \ufffd end", "bare"]
    assert [m.timestamp for m in batch.messages] == [T.format(0)] * 3
    assert batch.messages[2].id.startswith("h-")
    assert [m.session_id for m in batch.messages] == ["s1", "s1", "s1"]


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    path = tmp_path / "s1.jsonl"
    line = json.dumps(user("u1", "caf~")).encode()
    path.write_bytes(b"\0" * 50 + line.replace(b"~", b"\xe9") + b"\r\n" + b"\xff\xfe\0\n")
    batch = read(path)
    assert batch.position.skipped_lines == 1
    assert [m.content for m in batch.messages] == ["caf\ufffd"]
    call = {"type": "tool_use", "id": "c", "name": "Bash", "input": {"command": "caf~"}}
    path.write_bytes(json.dumps(assistant("a1", call)).encode().replace(b"~", b"\xe9") + b"\n")
    assert [m.tool_input for m in read(path).messages] == ['{"command":"caf\ufffd"}']


def test_files_that_are_no_transcripts(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_bytes(os.urandom(2000) + b"\n")
    with pytest.raises(UnreadableFile, match="None of its"):
        read(path)
    path.write_bytes("{}\n".encode("utf-16"))
    with pytest.raises(UnreadableFile, match="UTF-16"):
        read(path)
    os.mkfifo(tmp_path / "pipe.jsonl")
    with pytest.raises(UnreadableFile, match="regular"):
        read(tmp_path / "pipe.jsonl")
    path.write_bytes(b"")
    assert read(path).messages == []


def test_a_torn_last_line_waits_for_its_rest(tmp_path: Path) -> None:
    path = write(tmp_path / "s1.jsonl", user("u1", "one"))
    whole = path.stat().st_size
    last = json.dumps(user("u2", "two")).encode()
    path.write_bytes(path.read_bytes() + last[:-20])
    first = read(path)
    assert [m.id for m in first.messages] == ["u1"]
    assert (first.reached, first.bytes_read) == (whole, whole)
    with path.open("ab") as file:
        file.write(last[-20:] + b"\n")
    second = read(path, first.position)
    assert [m.id for m in second.messages] == ["u2"]
    assert second.bytes_read == len(last) + 1


def test_a_complete_last_line_without_line_end_is_read(tmp_path: Path) -> None:
    path = tmp_path / "s1.jsonl"
    path.write_text(json.dumps(user("u1", "one")))
    first = read(path)
    assert [m.id for m in first.messages] == ["u1"]
    with path.open("a") as file:
        file.write("\n" + json.dumps(user("u2", "two")) + "\n")
    assert [m.id for m in read(path, first.position).messages] == ["u2"]


def test_an_open_call_keeps_its_name_over_two_readings(tmp_path: Path) -> None:
    path = write(
        tmp_path / "s1.jsonl",
        assistant("a1", {"type": "tool_use", "id": "c1", "name": "Read", "input": {}}),
    )
    first = read(path)
    with path.open("a") as file:
        file.write(json.dumps(user("u1", [{"type": "tool_result", "tool_use_id": "c1"}])) + "\n")
    assert [m.tool_name for m in read(path, first.position).messages] == ["Read"]


@pytest.mark.parametrize("change", ["rewritten", "truncated", "other beginning"])
def test_a_changed_beginning_is_read_again(tmp_path: Path, change: str) -> None:
    path = write(tmp_path / "s1.jsonl", user("u1", "one"), user("u2", "two"))
    position = read(path).position
    content = path.read_bytes()
    match change:
        case "rewritten":
            path.write_bytes(content.replace(b"two", b"TWO"))
            os.utime(path, ns=(1, 1))
        case "truncated":
            path.write_bytes(content[: content.index(b"\n") + 1])
        case "other beginning":
            path.write_bytes(content.replace(b"one", b"ONE") + content)
    batch = read(path, position)
    assert batch.messages[0].id == "u1"
    assert batch.bytes_read == path.stat().st_size


def test_state_survives_its_way_through_json(tmp_path: Path) -> None:
    reader = TranscriptReader(tmp_path / "s1.jsonl", 0.0, {})
    reader.take(
        json.dumps(record("queue-operation", None, operation="enqueue", content="x")).encode()
    )
    reader.take(json.dumps(record("queue-operation", None, operation="remove")).encode())
    state = json.loads(json.dumps(reader.state()))
    assert TranscriptReader(tmp_path / "s1.jsonl", 0.0, state).state() == reader.state()


def test_folders_and_retention(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", str(tmp_path))
    source = ClaudeCode()
    assert source.roots()[0] == tmp_path / "projects"
    nested = write(
        tmp_path / "projects" / "-a" / "s1" / "subagents" / "agent-1.jsonl", user("u", "x")
    )
    nested.with_suffix(".meta.json").write_text("{}")
    assert list(files_on_disk([source]).files) == [nested]
    assert source.retention_days() == 30
    (tmp_path / "settings.json").write_text('{"cleanupPeriodDays": 90}')
    assert source.retention_days() == 90
    (tmp_path / "settings.json").write_text("{broken")
    assert source.retention_days() == 30


def test_files_are_recognised_by_content(tmp_path: Path) -> None:
    source = ClaudeCode()
    ours = write(tmp_path / "a.jsonl", {"type": "summary", "summary": "t", "leafUuid": "x"})
    codex = write(tmp_path / "b.jsonl", {"timestamp": "t", "type": "session_meta", "payload": {}})
    assert [source.recognises(path) for path in (ours, codex)] == [True, False]


def queue(operation: str, second: int = 0, **fields: Any) -> dict[str, Any]:
    return record("queue-operation", None, second, operation=operation, **fields)


def said(batch: CaptureBatch) -> list[tuple[str, str | None, str]]:
    return [(m.type, m.role, m.content) for m in batch.messages]


def test_queue_remove_without_text(
    tmp_path: Path,
) -> None:
    """A remove without text is what a person typed at the time of typing."""
    notice = '{"task_id":"b9","tool_use_id":"toolu_1","description":"Install"}'
    batch = take(
        tmp_path,
        queue("enqueue", 1, content=notice),
        queue("enqueue", 2, content="call it Linked docs"),
        queue("remove", 4),
        assistant("a1", text("ok"), second=5),
        queue("remove", 6),
        assistant("a2", text("done"), second=7),
    )
    assert [(m.type, m.content, m.timestamp) for m in batch.messages] == [
        ("user", "call it Linked docs", T.format(2)),
        ("assistant", "ok", T.format(5)),
        ("system", notice, T.format(1)),
        ("assistant", "done", T.format(7)),
    ]


def test_notice_that_came_as_a_record(tmp_path: Path) -> None:
    notice = "<task-notification><summary>Done.</summary></task-notification>\nRead the output."
    batch = take(
        tmp_path,
        queue("enqueue", content=notice),
        user("u1", notice),
        queue("enqueue", content="now drop it"),
        queue("remove"),
        assistant("a1", text("ok")),
        queue("remove"),
    )
    assert said(batch) == [
        ("system", "system", "Read the output."),
        ("system", "system", "Done."),
        ("user", "user", "now drop it"),
        ("assistant", "assistant", "ok"),
    ]


def test_what_is_typed_twice_is_stored_twice(tmp_path: Path) -> None:
    batch = take(
        tmp_path,
        queue("enqueue", 1, content="continue"),
        queue("remove", 2),
        assistant("a1", text("ok"), second=3),
        user("u1", "continue", 4),
    )
    assert [m.content for m in batch.messages] == ["continue", "ok", "continue"]


def test_queued_prompt_with_a_secret(tmp_path: Path) -> None:
    """A queued prompt with a secret is known again after it was stored."""
    secret = "use ghp_aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1dE3fG5"
    path = write(tmp_path / "s1.jsonl", queue("enqueue", content=secret), queue("remove"))
    first = read(path)
    assert "ghp_" not in json.dumps(first.position.state)
    with path.open("a") as file:
        attached = {"type": "queued_command", "prompt": secret}
        file.write(json.dumps(record("attachment", "q1", attachment=attached)) + "\n")
    assert read(path, first.position).messages == []


@pytest.mark.parametrize(
    ("fields", "speaker"),
    [
        ({}, ("user", "user")),
        ({"origin": {"kind": "human"}}, ("user", "user")),
        ({"promptSource": "typed"}, ("user", "user")),
        ({"promptSource": "sdk"}, ("user", "user")),
        ({"isMeta": True}, ("system", "system")),
        ({"promptSource": "system"}, ("system", "system")),
        ({"promptSource": "scheduler"}, ("system", "system")),
        ({"origin": {"kind": "coordinator"}}, ("system", "system")),
        ({"origin": {"kind": "brand-new"}}, ("system", "system")),
        ({"origin": {"kind": "peer"}, "promptSource": "typed"}, ("system", "system")),
    ],
)
def test_the_record_says_who_wrote_it(
    tmp_path: Path, fields: dict[str, Any], speaker: tuple[str, str]
) -> None:
    batch = take(tmp_path, user("u1", "rebuild the index", **fields))
    assert said(batch) == [(*speaker, "rebuild the index")]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (
            '<teammate-message teammate_id="lead" summary="Build it">\nUse C.\n</teammate-message>',
            [("user", "assistant", "Build it\nUse C.")],
        ),
        (
            '<agent-message from="x">a</agent-message> <peer-message>b</peer-message>',
            [("user", "assistant", "a"), ("user", "assistant", "b")],
        ),
        (
            '<teammate-message teammate_id="t">{"type":"idle_notification"}</teammate-message>',
            [("system", "system", '{"type":"idle_notification"}')],
        ),
        ("<new-thing>x <b>y</b></new-thing>", [("system", "system", "x  y")]),
        ("<new_thing a='1'>x</new_thing>", [("system", "system", "x")]),
        ("<tick>12:00</tick>", [("system", "system", "12:00")]),
        ('<event at="noon">x</event>', [("system", "system", "x")]),
        (
            "<new-thing>x</new-thing>\nfix it",
            [("user", "user", "fix it"), ("system", "system", "x")],
        ),
        ("<ide_brand_new>x</ide_brand_new>fix it", [("user", "user", "fix it")]),
        ("<div class='x'>y</div>", [("user", "user", "<div class='x'>y</div>")]),
        (
            "why is <my-tag>x</my-tag> empty?",
            [("user", "user", "why is <my-tag>x</my-tag> empty?")],
        ),
        ("<open-ended> what is it?", [("user", "user", "<open-ended> what is it?")]),
    ],
)
def test_tags_that_nobody_knows_are_the_programs(
    tmp_path: Path, content: str, expected: list[tuple[str, str, str]]
) -> None:
    assert said(take(tmp_path, user("u1", content))) == expected


def test_a_tag_that_a_person_typed_is_theirs(tmp_path: Path) -> None:
    batch = take(tmp_path, user("u1", "<my-tag>x</my-tag>", promptSource="typed"))
    assert said(batch) == [("user", "user", "<my-tag>x</my-tag>")]


def test_records_of_unknown_kinds(tmp_path: Path) -> None:
    """Records and attachments of new kinds are kept if they hold text."""
    batch = take(
        tmp_path,
        record("brand-new", "n1", content="Something happened."),
        record("later-kind", "n2", message={"role": "user", "content": [text("And this.")]}),
        record("attachment", "n3", attachment={"type": "new-kind", "content": ["a", "b"]}),
        record("attachment", "n4", attachment={"type": "todo_reminder", "content": "c"}),
        record("silent-kind", "n5", flags=[1]),
    )
    assert said(batch) == [
        ("system", "system", "Something happened."),
        ("system", "system", "And this."),
        ("system", "system", "a\nb"),
    ]
    assert [m.metadata for m in batch.messages] == [
        {"recordType": "brand-new"},
        {"recordType": "later-kind"},
        {"attachment": "new-kind"},
    ]
    assert [(line.line, line.reason) for line in batch.position.left_out] == [
        (5, "Records of type 'silent-kind' are not known, and it holds no text.")
    ]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ([{"type": "resource", "resource": {"uri": "t://x", "text": "ticket"}}], "t://x\nticket"),
        ([{"type": "resource_link", "uri": "file:///c.md", "name": "c.md"}], "file:///c.md\nc.md"),
        ([{"type": "audio", "data": "QUJD", "mimeType": "audio/wav"}], "[audio]"),
        ([{"type": "kind-of-2027", "parts": [{"said": "hello"}], "blob": "QUJD"}], "hello"),
        ({"type": "web_fetch_result", "url": "https://e.org", "content": []}, "https://e.org"),
        ([{"type": "search_result", "title": "T", "content": [text("body")]}], "T\nbody"),
        ([{"type": "document", "source": {"type": "text", "data": "plain"}}], "plain"),
        (["loose", text("blocks")], "loose\nblocks"),
        (None, ""),
    ],
)
def test_tool_results_of_every_kind(tmp_path: Path, content: Any, expected: str) -> None:
    result = {"type": "tool_result", "tool_use_id": "c", "content": content}
    assert rows(take(tmp_path, user("u1", [result]))) == [("u1", "tool_result", "tool", expected)]


def test_results_of_tools_that_the_model_runs_itself(tmp_path: Path) -> None:
    found = {"type": "web_search_result", "title": "Rounding", "url": "https://e.org/r"}
    failed = {"type": "web_search_tool_result_error", "error_code": "unavailable"}
    batch = take(
        tmp_path,
        assistant(
            "a1",
            {"type": "server_tool_use", "id": "w", "name": "web_search", "input": {"query": "q"}},
            {
                "type": "web_search_tool_result",
                "tool_use_id": "w",
                "content": [found | {"encrypted_content": "AAAA"}],
            },
            {"type": "web_search_tool_result", "tool_use_id": "v", "content": failed},
        ),
    )
    assert [(m.type, m.tool_name, m.content) for m in batch.messages] == [
        ("tool_use", "web_search", "q"),
        ("tool_result", "web_search", "Rounding\nhttps://e.org/r"),
        ("tool_result", None, "unavailable"),
    ]


def persisted(path: Path, shown: str = "first lines") -> str:
    return (
        f"<persisted-output>\nOutput too large (41.2KB). Full output saved to: {path}\n\n"
        f"Preview (first 2KB):\n{shown}\n...\n</persisted-output>"
    )


def result_of(path: Path, content: str) -> str:
    block = {"type": "tool_result", "tool_use_id": "c", "content": content}
    return read(write(path, user("u1", [block]))).messages[0].content


def test_output_beside_the_transcript_is_read(tmp_path: Path) -> None:
    path = tmp_path / "s1.jsonl"
    kept = tmp_path / "s1" / "tool-results" / "c.txt"
    kept.parent.mkdir(parents=True)
    kept.write_text("all of it")
    assert result_of(path, persisted(kept)) == "all of it"
    path.unlink()
    # The folder was moved since.
    assert result_of(path, persisted(Path("/home/of/another/tool-results/c.txt"))) == "all of it"
    path.unlink()
    moved = f"Error: result exceeds 25000 tokens. Output has been saved to {kept}\nUse jq."
    assert result_of(path, moved) == "all of it"
    inner = tmp_path / "s1" / "subagents" / "agent-a.jsonl"
    assert result_of(inner, persisted(kept)) == "all of it"


def test_a_saved_output_is_captured_up_to_a_limit(tmp_path: Path) -> None:
    kept = tmp_path / "s1" / "tool-results" / "c.txt"
    kept.parent.mkdir(parents=True)
    kept.write_bytes(b"a" * 2_000_000 + b"the end")
    content = result_of(tmp_path / "s1.jsonl", persisted(kept))
    assert content.startswith("a" * (768 << 10) + "\n[951,431 bytes are left out here]\na")
    assert content.endswith("athe end")


def test_a_saved_output_is_cut_between_lines(tmp_path: Path) -> None:
    kept = tmp_path / "s1" / "tool-results" / "c.txt"
    kept.parent.mkdir(parents=True)
    line = "GITHUB=ghp_" + "aB3dE5fG7hJ9kL1mN2pQ4rS6tU8vW0xY1zA2" + "\n"
    kept.write_text(line * 30_000)
    content = result_of(tmp_path / "s1.jsonl", persisted(kept))
    kinds = {each for each in content.splitlines() if "left out" not in each}
    assert kinds == {line.strip()}
    left_out = int(content.split("[")[1].split()[0].replace(",", ""))
    assert left_out == len(line) * (30_000 - content.count("ghp_"))


@pytest.mark.parametrize("kind", ["gone", "link to a file", "link to a folder", "pipe", "parent"])
def test_tool_results_outside_the_folder(tmp_path: Path, kind: str) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "c.txt").write_text("private")
    folder = tmp_path / "p" / "s1" / "tool-results"
    folder.parent.mkdir(parents=True)
    name = folder / "c.txt"
    match kind:
        case "link to a folder":
            folder.symlink_to(outside)
        case "link to a file":
            folder.mkdir()
            name.symlink_to(outside / "c.txt")
        case "pipe":
            folder.mkdir()
            os.mkfifo(name)
        case "parent":
            name = folder / ".." / ".." / ".." / "outside" / "c.txt"
    assert result_of(tmp_path / "p" / "s1.jsonl", persisted(name)) == (
        "first lines\n[the rest of the output is no longer there]"
    )


@pytest.mark.parametrize("levels", [330, 5_000])
def test_arguments_nested_too_deeply_are_cut(tmp_path: Path, levels: int) -> None:
    deep = '{"a":' * levels + '"falcon"' + "}" * levels
    line = json.dumps(assistant("a1", {"type": "tool_use", "id": "c", "name": "T", "input": "@"}))
    batch = take(
        tmp_path, user("u1", "kestrel"), line.replace('"@"', f'{{"x": "gull", "d": {deep}}}')
    )
    assert [m.content for m in batch.messages] == ["kestrel", "gull\n[nested too deeply]"]
    assert [(line.line, line.reason) for line in batch.position.left_out] == [
        (2, "Arguments of a tool call are nested too deeply and were cut.")
    ]


def test_oversized_numbers(tmp_path: Path) -> None:
    batch = take(
        tmp_path,
        assistant("a1", text("kept"), id="m1", usage={"output_tokens": 10**30}),
        assistant("a2", text("too"), id="m2", usage={"output_tokens": 7}),
    )
    assert [(m.content, m.tokens) for m in batch.messages] == [("kept", None), ("too", 7)]
    assert batch.position.skipped_lines == 1


def test_the_folder_may_be_told_after_the_first_record(tmp_path: Path) -> None:
    batch = take(tmp_path, user("u1", "no cwd"), user("u2", "cwd", cwd="/nowhere/app"))
    assert [(s.project, s.project_path) for s in batch.sessions] == [
        ("/nowhere/app", "/nowhere/app")
    ]


def test_a_worktree_is_told_by_its_own_record(tmp_path: Path) -> None:
    state = {"originalCwd": "/nowhere/app", "worktreePath": "/nowhere/elsewhere"}
    batch = take(
        tmp_path,
        user("u1", "x", cwd="/nowhere/elsewhere"),
        record("worktree-state", None, worktreeSession=state),
    )
    assert [s.project for s in batch.sessions] == ["/nowhere/app"]


def test_forks_and_teams_stand_under_their_session(tmp_path: Path) -> None:
    fork = take(tmp_path, user("u1", "go on", forkedFrom={"sessionId": "s0", "messageUuid": "x"}))
    assert [(s.parent_id, s.metadata) for s in fork.sessions] == [("s0", {"forkedFrom": "s0"})]
    assert said(fork) == [("user", "user", "go on")]
    config = tmp_path / "claude" / "teams" / "shop" / "config.json"
    config.parent.mkdir(parents=True)
    config.write_text('{"leadSessionId": "lead"}')
    path = tmp_path / "claude" / "projects" / "-x" / "s1.jsonl"
    team = read(write(path, user("u1", "hi", teamName="shop", agentName="dev")))
    assert [(s.parent_id, s.metadata) for s in team.sessions] == [
        ("lead", {"team": "shop", "agent": "dev"})
    ]
