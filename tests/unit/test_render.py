"""Sessions as documents: what is stored cannot break out of its place."""

from __future__ import annotations

import json

import pytest

from aiana.models import Message, Session
from aiana.render.blocks import closed, edit_of, fenced
from aiana.render.markdown import call_about, first_words, heading, markdown

WHEN = "2026-01-12T09:14:00.000Z"


def message(content: str = "", **fields: object) -> Message:
    given = {"id": "m", "session_id": "s", "type": "user", "timestamp": WHEN, "content": content}
    return Message(**{**given, **fields})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("```py\nx = 1", "```"),
        ("````\n```\nx", "````"),
        ("~~~\n```", "~~~"),
        ("  ```\nx", "```"),
        ("``` \nx\n```not the end", "```"),
        ("<!-- a\nb", "-->"),
        ("<pre>\nx", "</pre>"),
        ("<SCRIPT src=x>\nx", "</script>"),
        ("<?php\nx", "?>"),
        ("<![CDATA[\nx", "]]>"),
        ("<!DOCTYPE\nx", ">"),
        ("done\n```\nx\n```\n\n```", "```"),
    ],
)
def test_what_a_text_leaves_open_is_closed(text: str, end: str) -> None:
    assert closed(text) == f"{text}\n{end}"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "plain",
        "```\nx\n```",
        "```\nx\n`````  ",
        "```not `a` fence",
        "    ```\nindented code",
        "<!-- one line -->\ntext",
        "<pre>x</pre>",
        "<!-- a\nb -->",
        "a < b <!-- inside a line",
        "<prefix>",
    ],
)
def test_what_is_closed_stays_as_it_is(text: str) -> None:
    assert closed(text) == text


def test_no_run_of_backticks_closes_a_fence() -> None:
    assert fenced("a ```` b") == "`````\na ```` b\n`````"


def test_an_edit_is_a_diff() -> None:
    old, new = "def f():\n    return 1\n", "def f():\n    return 2\n"
    diff = " def f():\n-    return 1\n+    return 2\n "
    assert edit_of({"file_path": "a.py", "old_string": old, "new_string": new}) == diff
    assert edit_of({"edits": [{"oldText": "a", "newText": "b"}]}) == "-a\n+b"
    patch = "*** Begin Patch\n*** Update File: a\n-a\n+b\n*** End Patch"
    assert edit_of({"input": patch}) == patch
    assert edit_of(patch) == patch
    assert edit_of({"old": "", "new": "a\nb"}) == "+a\n+b"
    many = edit_of({"old_str": "a\n" * 300, "new_str": "b\n" * 300})
    assert many is not None
    assert many.splitlines()[:2] == ["-a", "-a"]


@pytest.mark.parametrize(
    "arguments", [None, 3, "ls", [], {"command": "ls"}, {"old_string": "a"}, {"old": 1, "new": 2}]
)
def test_what_changes_nothing_is_no_edit(arguments: object) -> None:
    assert edit_of(arguments) is None


def test_headings_say_who_when_and_what() -> None:
    assert heading(message("# Fix *it*\nplease")) == "## User · 2026-01-12 09:14 · Fix *it*"
    assert heading(message("")) == "## User · 2026-01-12 09:14"
    thought = message("Hm", type="thinking")
    assert heading(thought) == "## Assistant (thinking) · 2026-01-12 09:14 · Hm"
    call = message(type="tool_use", tool_name="Edit", tool_input='{"file_path": "src/a.py"}')
    assert heading(call) == "**Edit** called for src/a.py"


def test_first_words_end_at_a_word() -> None:
    assert first_words("\n\n> - `word` " + "letters " * 20) == (
        "word` letters letters letters letters letters…"
    )
    assert first_words("see " + "x" * 90) == "see " + "x" * 46 + "…"
    assert first_words("```\n```") == ""


def test_a_call_is_about_files_a_command_or_words() -> None:
    patch = "*** Begin Patch\n*** Update File: a.py\n-a\n+b\n*** Add File: b.py\n+c\n*** End Patch"
    call = message(patch, type="tool_use", tool_name="apply_patch", tool_input=patch)
    assert call_about(call) == "a.py, b.py"
    assert call_about(message(type="tool_use", tool_input='{"cmd": "make\\ntest"}')) == "make"
    assert call_about(message(type="tool_use", tool_input='{"file_path": "a.py"}')) == "a.py"
    assert call_about(message(patch, type="tool_result")) == "a.py, b.py"
    assert call_about(message("2 passed\n", type="tool_result")) == "2 passed"


def test_markdown_with_a_torn_fence() -> None:
    edit = {"file_path": "a.py", "old_string": "x = 1", "new_string": "x = 2"}
    turns = [
        message("```py\nx", id="1"),
        message("x = 1", id="2", type="tool_use", tool_name="Edit", tool_input=json.dumps(edit)),
        message("thanks", id="3"),
    ]
    text, starts = markdown(Session(id="s", source="codex", title="A\ntitle"), turns)
    assert text == (
        "# A title\n\n- Assistant: codex\n- Session: s\n\n"
        "## User · 2026-01-12 09:14 · x\n\n```py\nx\n```\n\n"
        "**Edit** called for a.py\n\n```diff\n-x = 1\n+x = 2\n```\n\n"
        "## User · 2026-01-12 09:14 · thanks\n\nthanks\n"
    )
    assert starts == {"1": 5, "2": 11, "3": 18}
