"""Continue: a document that is written anew, and the list of all of them."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

from hypothesis import given, settings

from aiana.capture.continue_dev import Continue
from tests.unit.sources import (
    CASES,
    TRANSCRIPTS,
    check_messages,
    damaged,
    damages,
    read,
    read_on,
    rows,
    survives,
)

WRITTEN = TRANSCRIPTS / "continue-1.5.47"
NAME = "58574c33-b176-4f86-acda-2bf0f918e01c"
T = 1_769_947_200  # 2026-02-01T12:00:00Z


def test_a_session_is_read_as_the_program_wrote_it(tmp_path: Path) -> None:
    folder = shutil.copytree(WRITTEN, tmp_path / "sessions")
    path = folder / f"{NAME}.json"
    batch = read(Continue(), path)
    assert [(m.type, m.tool_name, m.content.split("\n")[0]) for m in batch.messages] == [
        ("user", None, "Why does the sum come out wrong? Please fix it."),
        ("assistant", None, "I'll look at what is there."),
        ("tool_use", "Bash", "ls -la && cat app.py"),
        ("tool_result", "Bash", "total 16"),
        ("tool_use", "Write", "/work/shop/helper.py"),
        ("tool_result", "Write", "Successfully created file: /work/shop/helper.py"),
        ("tool_use", "Read", "/work/shop/helper.py"),
        ("tool_result", "Read", "Content of /work/shop/helper.py:"),
        ("tool_use", "Edit", "/work/shop/helper.py"),
        ("tool_result", "Edit", "Successfully edited /work/shop/helper.py"),
        ("assistant", None, "The helper now adds; `zebra_crossing_total` was the wrong name."),
        ("user", None, "Check that it works now"),
        ("tool_use", "Bash", "python3 -c 'import helper; print(helper.add(2, 3))'"),
        ("tool_result", "Bash", "5"),
        ("assistant", None, "It prints 5, so the sum is right."),
    ]
    assert json.loads(batch.messages[8].tool_input or "") == {
        "file_path": "/work/shop/helper.py",
        "old_string": "    return a - b",
        "new_string": "    return a + b",
    }
    (session,) = batch.sessions
    assert (session.id, session.project_path, session.title) == (NAME, "/work/shop", None)
    assert session.started_at == "2026-11-26T22:33:23.602Z"
    assert batch.messages[1].metadata == {"model": "scripted"}
    assert sum(m.tokens or 0 for m in batch.messages) == 140
    check_messages(batch.messages)
    assert not Continue().recognises(folder / "sessions.json")


def session(folder: Path, *history: dict[str, Any], at: int = T, **facts: Any) -> Path:
    path = folder / "s1.json"
    path.write_text(json.dumps({"sessionId": "s1", "history": history, **facts}))
    os.utime(path, (at, at))
    return path


def said(role: str, text: Any, **facts: Any) -> dict[str, Any]:
    return {"message": {"role": role, "content": text}, **facts}


def test_what_else_an_item_may_hold(tmp_path: Path) -> None:
    call = {"id": "t1", "function": {"name": "run", "arguments": '{"command":"ls"}'}}
    path = session(
        tmp_path,
        said("system", "Be brief."),
        said(
            "user",
            [{"type": "text", "text": "look"}, {"type": "imageUrl", "imageUrl": {"url": "data:"}}],
            contextItems=[{"name": "a.py", "content": "a whole file"}],
            promptLogs=[{"prompt": "all of it again"}],
        ),
        said(
            "assistant",
            "",
            reasoning={"text": "Hm."},
            toolCallState={"toolCallId": "t1", "toolCall": call, "status": "errored"},
        ),
        said("tool", "Command failed with exit code 2\nno", toolCallId="t1"),
        said("thinking", "So."),
        said("assistant", "No.", conversationSummary="We looked."),
        title="Look",
        mode="agent",
        chatModelTitle="M 1",
    )
    batch = read(Continue(), path)
    assert rows(batch) == [
        ("user", "user", None, "look"),
        ("thinking", "assistant", None, "Hm."),
        ("tool_use", "assistant", "run", "ls"),
        ("tool_result", "tool", "run", ""),
        ("tool_result", "tool", None, "Command failed with exit code 2\nno"),
        ("thinking", "assistant", None, "So."),
        ("summary", "system", None, "We looked."),
        ("assistant", "assistant", None, "No."),
    ]
    assert batch.messages[0].metadata == {"attachments": ["a.py", "image"]}
    assert batch.messages[3].metadata["isError"] is True
    assert batch.messages[4].metadata["exitCode"] == 2
    assert batch.messages[7].metadata == {"model": "M 1"}
    assert (batch.sessions[0].title, batch.sessions[0].metadata) == ("Look", {"mode": "agent"})


def test_ids_after_a_rewrite(tmp_path: Path) -> None:
    one, two = said("user", "one"), said("assistant", "two")
    first = read(Continue(), session(tmp_path, one, two))
    path = session(tmp_path, one, two, said("user", "three"), at=T + 60)
    second = read_on(Continue(), path, first.position)
    assert second.messages[:2] == first.messages
    assert second.messages[2].timestamp == "2026-02-01T12:01:00.000Z"
    # A compaction leaves the last words alone.
    path = session(tmp_path, two, said("user", "three"), at=T + 120)
    third = read_on(Continue(), path, second.position)
    assert [m.id for m in third.messages] == [m.id for m in second.messages[1:]]


@settings(max_examples=CASES, deadline=None)
@given(damages)
def test_nothing_in_a_session_is_too_odd(changes: list[tuple[int, str, int]]) -> None:
    survives(Continue(), damaged((WRITTEN / f"{NAME}.json").read_bytes(), changes), "s1.json")
