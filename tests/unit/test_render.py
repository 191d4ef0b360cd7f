"""Sessions as documents: what is stored cannot break out of its place."""

from __future__ import annotations

import json

import pytest

from aiana.models import Message, Session
from aiana.render.blocks import closed, edit_of, fenced
from aiana.render.drawn import Drawings, draw
from aiana.render.markdown import call_about, export_session, first_words
from aiana.render.pages import line_after, session_page

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
    assert draw(message("# Fix *it*\nplease")).heading == "## User · 2026-01-12 09:14 · Fix *it*"
    assert draw(message("")).heading == "## User · 2026-01-12 09:14"
    thought = message("Hm", type="thinking")
    assert draw(thought).heading == "## Assistant (thinking) · 2026-01-12 09:14 · Hm"
    call = message(type="tool_use", tool_name="Edit", tool_input='{"file_path": "src/a.py"}')
    assert draw(call).heading == "**Edit** called for src/a.py"


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
    session = Session(id="s", source="codex", title="A\ntitle")
    page = session_page(session, [draw(turn) for turn in turns])
    assert page.text == (
        "# A title\n\n- Assistant: codex\n- Session: s\n\n"
        "## User · 2026-01-12 09:14 · x\n\n```py\nx\n```\n\n"
        "**Edit** called for a.py\n\n```diff\n-x = 1\n+x = 2\n```\n\n"
        "## User · 2026-01-12 09:14 · thanks\n\nthanks\n"
    )
    assert [section.line for section in page.sections] == [5, 11, 18]
    assert export_session(session, turns, "markdown") == page.text


def test_a_name_of_a_tool_stays_on_its_line() -> None:
    call = draw(message("x", type="tool_use", tool_name="Bash\n## User"))
    assert (call.heading, call.title) == ("**Bash ## User** called", "Bash ## User: x")


@pytest.mark.parametrize("navigation", [False, True])
def test_lines_are_counted_as_they_are_drawn(navigation: bool) -> None:
    session = Session(id="s", source="codex")
    turns = [
        draw(message(content, id=str(number), type=type))
        for number, (type, content) in enumerate(
            [
                ("user", "one\r\ntwo\rthree\n\n"),
                ("tool_use", "ls\n"),
                ("tool_result", ""),
                ("assistant", "```\nleft open"),
                ("thinking", ""),
                ("user", "last"),
            ]
        )
    ]
    page = session_page(session, turns, navigation=navigation)
    lines = page.text.split("\n")
    for number, turn in enumerate(turns):
        line = line_after(session, turns[:number], navigation=navigation)
        assert (line, lines[line]) == (page.sections[number].line, turn.heading)


def test_what_was_drawn_is_drawn_again_only_where_it_changed() -> None:
    drawings = Drawings(most=100)
    first, second = message("one", id="1"), message("two", id="2")
    one, two = drawings.of("a", [first, second])
    again = drawings.of("a", [message("one", id="1"), message("2", id="2"), message("3", id="3")])
    assert again[0] is one
    assert again[1] is not two
    assert [each.below for each in again] == ["\n\none\n", "\n\n2\n", "\n\n3\n"]
    # Whoever asks for the first ones leaves the rest as it is.
    assert drawings.of("a", [first], whole=False)[0] is one
    assert drawings.of("a", [first, message("2", id="2")])[1] is again[1]
    # One that has no room goes, the longest unused first.
    drawings.of("b", [message("x" * 80, id="1")])
    drawings.of("c", [message("x" * 30, id="1")])
    assert drawings.of("a", [first])[0] is not one


def test_what_was_drawn_is_forgotten() -> None:
    drawings = Drawings()
    [one] = drawings.of("a", [message("one")])
    drawings.forget()
    assert drawings.of("a", [message("one")])[0] is not one
