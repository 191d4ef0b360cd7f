"""Cline, Roo Code and Kilo Code: tasks as they went to the model, and as the panel showed them."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from aiana.capture import Source
from aiana.capture.cline import Cline, KiloCode, RooCode
from aiana.capture.cline.texts import asked_in, said_in
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

T = 1_769_947_200_000  # 2026-02-01T12:00:00.000Z
NAME = "1795732434067_rctd4"
SURROUNDINGS = (
    "<environment_details>\n# VSCode Open Tabs\na.py\n\n"
    "# Current Working Directory (/work/shop) Files\na.py\n</environment_details>"
)
WRITTEN = """I'll change it.

<thinking>It subtracts.</thinking>

<replace_in_file>
<path>a.py</path>
<diff>
------- SEARCH
    return a - b
=======
    return a + b
+++++++ REPLACE
</diff>
</replace_in_file>"""


def task(folder: Path, source: Any, messages: Any, *, name: str = str(T), **files: Any) -> Path:
    """A task in the storage of an editor; `files` are those beside it."""
    place: Path = folder / "Code/User/globalStorage" / source.extension / "tasks" / name
    place.mkdir(parents=True, exist_ok=True)
    for file, value in {"api_conversation_history": messages, **files}.items():
        if value is not None:
            text = value if isinstance(value, str) else json.dumps(value)
            (place / f"{file}.json").write_text(text)
    return place / "api_conversation_history.json"


def text(said: str) -> dict[str, str]:
    return {"type": "text", "text": said}


OLD = [
    {"role": "user", "content": [text("<task>\nmend the sum\n</task>"), text(SURROUNDINGS)]},
    {"role": "assistant", "content": [text(WRITTEN)]},
    {
        "role": "user",
        "content": [
            text("[replace_in_file for 'a.py'] Result:"),
            text("The content was saved.\n<task>not typed</task>"),
            text(SURROUNDINGS),
        ],
    },
    {
        "role": "assistant",
        "content": "<attempt_completion>\n<result>\nIt adds now.\n</result>\n</attempt_completion>",
    },
    {
        "role": "user",
        "content": [
            text("[attempt_completion] Result:"),
            text("The user has provided feedback.\n<feedback>\nand test it\n</feedback>"),
        ],
    },
    {"role": "user", "content": "[ERROR] You did not use a tool in your previous response!"},
]
TOLD = [
    ("user", "user", None, "mend the sum"),
    ("assistant", "assistant", None, "I'll change it."),
    ("thinking", "assistant", None, "It subtracts."),
    ("tool_use", "assistant", "replace_in_file", "a.py\n    return a - b\n    return a + b"),
    (
        "tool_result",
        "tool",
        "replace_in_file",
        "The content was saved.\n<task>not typed</task>",
    ),
    ("assistant", "assistant", None, "It adds now."),
    ("user", "user", None, "and test it"),
    (
        "system",
        "system",
        None,
        "[ERROR] You did not use a tool in your previous response!",
    ),
]


def test_tools_in_the_text_are_told_apart_from_it(tmp_path: Path) -> None:
    shown = [
        {"ts": T + 1000, "type": "say", "say": "text", "conversationHistoryIndex": -1},
        {
            "ts": T + 2000,
            "type": "say",
            "say": "api_req_started",
            "text": json.dumps({"request": "...", "tokensOut": 42}),
            "conversationHistoryIndex": 0,
        },
    ]
    path = task(tmp_path, Cline(), OLD, ui_messages=shown)
    batch = read(Cline(), path)
    assert rows(batch) == TOLD
    assert json.loads(batch.messages[3].tool_input or "") == {
        "path": "a.py",
        "edits": [{"oldText": "    return a - b", "newText": "    return a + b"}],
    }
    (session,) = batch.sessions
    assert (session.id, session.project_path) == (str(T), "/work/shop")
    assert [m.timestamp[17:19] for m in batch.messages[:2]] == ["01", "02"]
    assert (batch.messages[1].tokens, batch.messages[2].tokens) == (42, None)
    check_messages(batch.messages)


def test_read_the_panels_messages(tmp_path: Path) -> None:
    shown = [
        {"ts": T, "type": "say", "say": "text", "text": "mend the sum"},
        {"ts": T, "type": "say", "say": "reasoning", "text": "Hm."},
        {"ts": T, "type": "ask", "ask": "tool", "text": '{"tool":"readFile","path":"a.py"}'},
        {"ts": T, "type": "ask", "ask": "command", "text": "ls"},
        {"ts": T, "type": "say", "say": "command_output", "text": "a.py"},
        {"ts": T, "type": "say", "say": "api_req_started", "text": "{}"},
        {"ts": T, "type": "ask", "ask": "followup", "text": '{"question":"which?","options":[]}'},
        {"ts": T, "type": "say", "say": "user_feedback", "text": "that one"},
        {"ts": T + 9, "type": "say", "say": "completion_result", "text": "Done."},
    ]
    path = task(tmp_path, Cline(), None, ui_messages=shown).with_name("ui_messages.json")
    assert rows(read(Cline(), path)) == [
        ("user", "user", None, "mend the sum"),
        ("thinking", "assistant", None, "Hm."),
        ("tool_use", "assistant", "readFile", "readFile\na.py"),
        ("tool_use", "assistant", "execute_command", "ls"),
        ("tool_result", "tool", "execute_command", "a.py"),
        ("assistant", "assistant", None, "which?"),
        ("user", "user", None, "that one"),
        ("assistant", "assistant", None, "Done."),
    ]
    task(tmp_path, Cline(), OLD)
    assert read(Cline(), path).messages == []


def test_version_4_is_read_as_the_program_wrote_it(tmp_path: Path) -> None:
    folder = tmp_path / ".cline" / "data" / "sessions" / NAME
    shutil.copytree(TRANSCRIPTS / "cline-3.0.65", folder)
    batch = read(Cline(), folder / f"{NAME}.messages.json")
    assert [(m.type, m.tool_name, m.content.split("\n")[0]) for m in batch.messages] == [
        ("user", None, "Why does the sum come out wrong? Please fix it."),
        ("thinking", None, "The test imports a module that does not exist."),
        ("assistant", None, "I'll look at what is there."),
        ("tool_use", "run_commands", "ls -la && cat app.py"),
        ("tool_result", "run_commands", "total 16"),
        ("tool_use", "editor", "/work/shop/helper.py"),
        ("tool_result", "editor", "File created successfully at: /work/shop/helper.py"),
        ("tool_use", "read_files", "/work/shop/helper.py"),
        ("tool_result", "read_files", "1 | def add(a, b):"),
        ("tool_use", "editor", "/work/shop/helper.py"),
        ("tool_result", "editor", "Edited /work/shop/helper.py"),
        ("assistant", None, "The helper now adds; `zebra_crossing_total` was the wrong name."),
    ]
    assert json.loads(batch.messages[9].tool_input or "") == {
        "path": "/work/shop/helper.py",
        "old_text": "    return a - b",
        "new_text": "    return a + b",
    }
    (session,) = batch.sessions
    assert (session.id, session.project_path, session.title) == (NAME, "/work/shop", None)
    assert session.metadata == {"version": "3.0.65", "gitBranch": "master"}
    assert batch.messages[2].metadata == {"model": "scripted"}
    assert sum(m.tokens or 0 for m in batch.messages) == 100
    check_messages(batch.messages)


def test_roo_subtasks_and_failures(tmp_path: Path) -> None:
    messages = [
        {"role": "user", "content": [text("<task>look there</task>")], "ts": T},
        {
            "role": "assistant",
            "ts": T + 1000,
            "reasoning_content": "Hm.",
            "content": [
                {"type": "tool_use", "id": "t1", "name": "read_file", "input": {"path": "a.py"}},
                {
                    "type": "tool_use",
                    "id": "t2",
                    "name": "ask_followup_question",
                    "input": {"question": "which?"},
                },
            ],
        },
        {
            "role": "user",
            "ts": T + 2000,
            "content": [
                {"type": "tool_result", "tool_use_id": "t1", "content": "no", "is_error": True},
                {
                    "type": "tool_result",
                    "tool_use_id": "t2",
                    "content": "<answer>\nthe second\n</answer>",
                },
                text(SURROUNDINGS),
            ],
        },
        {"role": "user", "isSummary": True, "content": "We looked.", "ts": T + 3000},
        {"type": "reasoning", "summary": [text("Then.")], "encrypted_content": "x", "ts": T},
    ]
    item = {"id": str(T), "workspace": "/work/shop", "parentTaskId": "p1", "mode": "code"}
    path = task(tmp_path, RooCode(), messages, history_item=item)
    batch = read(RooCode(), path)
    assert rows(batch) == [
        ("user", "assistant", None, "look there"),
        ("thinking", "assistant", None, "Hm."),
        ("tool_use", "assistant", "read_file", "a.py"),
        ("assistant", "assistant", None, "which?"),
        ("tool_result", "tool", "read_file", "no"),
        ("user", "user", None, "the second"),
        ("summary", "system", None, "We looked."),
        ("thinking", "assistant", None, "Then."),
    ]
    assert batch.messages[4].metadata["isError"] is True
    (session,) = batch.sessions
    assert (session.parent_id, session.metadata) == ("p1", {"mode": "code"})
    assert session.project_path == "/work/shop"


def test_read_a_file_cut_by_a_crash(tmp_path: Path) -> None:
    whole = json.dumps(OLD)
    for damage in (whole[: whole.index("not typed")], whole + "]}"):
        path = task(tmp_path, Cline(), damage)
        batch = read(Cline(), path)
        assert rows(batch) == TOLD[: len(batch.messages)]
        assert len(batch.messages) in (4, len(TOLD))
        assert [lost.reason for lost in batch.position.left_out] == [
            "It is damaged; what is whole of it was read."
        ]


def test_ids_after_truncation(tmp_path: Path) -> None:
    first = read(Cline(), task(tmp_path, Cline(), OLD))
    path = task(tmp_path, Cline(), OLD[3:])
    later = read_on(Cline(), path, first.position)
    assert [m.id for m in later.messages] == [m.id for m in first.messages[5:]]


def test_each_knows_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    for name in ("CLINE_DIR", "CLINE_DATA_DIR", "VSCODE_USER_DATA_DIR"):
        monkeypatch.delenv(name, raising=False)
    user = tmp_path / ".config" / "Some New Editor" / "User"
    user.mkdir(parents=True)
    moved = tmp_path / "elsewhere"
    (user / "settings.json").write_text(
        '{\n  // mine\n  "roo-cline.customStoragePath": ' + json.dumps(str(moved)) + ",\n}"
    )
    sources: list[Source] = [Cline(), RooCode(), KiloCode()]
    if os.name == "posix" and os.uname().sysname != "Darwin":
        assert moved / "tasks" in RooCode().roots()
        assert user / "globalStorage/kilocode.kilo-code/tasks" in KiloCode().roots()
    assert tmp_path / ".cline/data/sessions" in Cline().roots()
    for own in sources:
        path = task(tmp_path, own, OLD)
        assert [source for source in sources if source.recognises(path)] == [own]
        assert own.enters(path.parent)
        assert not own.enters(path.parent / "checkpoints")


@pytest.mark.parametrize(
    "said",
    [
        "<ul>\n<li>a</li>\n</ul>",
        "<my_tool>words</my_tool>",
        "<my_tool><path>a</path>",
        "<my_tool><path>a</my_tool>",
    ],
)
def test_what_only_looks_like_a_call_is_text(said: str) -> None:
    assert said_in(said) == [("said", said, {})]


def test_arguments_may_hold_what_looks_like_their_end() -> None:
    given = "<write_to_file>\n<path>a.xml</path>\n<content>\n<content>x</content>!\n</content>\n"
    assert said_in(given + "</write_to_file> ok") == [
        ("call", "write_to_file", {"path": "a.xml", "content": "<content>x</content>!"}),
        ("said", "ok", {}),
    ]


def test_many_beginnings_without_ends_cost_little() -> None:
    assert len(said_in("<a_b><c>x</c>\n" * 3000)) == 1
    assert asked_in("<task>" * 3000).typed == []


@settings(max_examples=CASES, deadline=None)
@given(damages)
def test_nothing_in_a_task_is_too_odd(changes: list[tuple[int, str, int]]) -> None:
    name = f"{Cline.extension}/api_conversation_history.json"
    survives(Cline(), damaged(json.dumps(OLD).encode(), changes), Path(name).name)


@settings(max_examples=CASES, deadline=None)
@given(damages)
def test_nothing_in_a_session_is_too_odd(changes: list[tuple[int, str, int]]) -> None:
    whole = (TRANSCRIPTS / "cline-3.0.65" / f"{NAME}.messages.json").read_bytes()
    survives(Cline(), damaged(whole, changes), f"{NAME}.messages.json")
