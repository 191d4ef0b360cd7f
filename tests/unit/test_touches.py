"""What tool calls did to files, whatever the assistant calls its tools."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiana.touches.calls import command_of, how_of_result, lines_of_result, touches_of_call
from aiana.touches.patches import touches_of_patch
from aiana.touches.shell import refs_of_command, touches_of_command
from aiana.touches.values import GitRef, Touch


def told(tool: str, arguments: Any) -> list[tuple[str, str, int | None, int | None]]:
    found = touches_of_call(tool, json.dumps(arguments))
    return [(touch.how, touch.path, touch.first_line, touch.last_line) for touch in found]


@pytest.mark.parametrize(
    ("tool", "arguments", "expected"),
    [
        ("Read", {"file_path": "/a.py"}, ("read", "/a.py", None, None)),
        ("Read", {"file_path": "/a.py", "offset": 10, "limit": 5}, ("read", "/a.py", 10, 14)),
        (
            "copilot_readFile",
            {"filePath": "/a", "startLine": 2, "endLine": 9},
            ("read", "/a", 2, 9),
        ),
        ("view", {"path": "/a", "view_range": [3, 9]}, ("read", "/a", 3, 9)),
        ("view", {"path": "/a", "view_range": [3, -1]}, ("read", "/a", 3, None)),
        ("peruse", {"uri": "file:///a", "start_line": 4}, ("read", "file:///a", 4, None)),
        (
            "read_file",
            {"target_file": "a", "start_line_one_indexed": 1, "end_line_one_indexed_inclusive": 9},
            ("read", "a", 1, 9),
        ),
        ("Edit", {"file_path": "/a", "old_string": "x", "new_string": "y"}, ("edited", "/a")),
        ("edit", {"path": "/a", "old_str": "x", "new_str": "y"}, ("edited", "/a")),
        ("swap", {"filename": "a", "search": "x", "replace": "y"}, ("edited", "a")),
        ("many", {"file": "a", "edits": [{"oldText": "x", "newText": "y"}]}, ("edited", "a")),
        ("edit_file", {"target_file": "a", "code_edit": "x"}, ("edited", "a")),
        ("replace_in_file", {"path": "a", "diff": "<<<<<<< SEARCH"}, ("edited", "a")),
        ("insert", {"path": "a", "insert_line": 3, "content": "x"}, ("edited", "a")),
        ("replace", {"file_path": "a", "old_string": "", "new_string": "x"}, ("created", "a")),
        ("Write", {"file_path": "/a", "content": "x"}, ("written", "/a")),
        ("create", {"path": "/a", "file_text": "x"}, ("written", "/a")),
        ("delete_file", {"target_file": "a"}, ("deleted", "a")),
        ("editor", {"command": "view", "path": "/a"}, ("read", "/a")),
        ("editor", {"command": "create", "path": "/a", "file_text": "x"}, ("written", "/a")),
        ("Read", {"file_path": "/odd\nname\t.py"}, ("read", "/odd\nname\t.py")),
        ("Grep", {"pattern": "x", "path": "/src"}, ("named", "/src")),
        ("list_directory", {"path": "C:\\src"}, ("named", "C:\\src")),
        ("shell", {"command": ["bash", "-lc", "cat README.md"]}, ("read", "README.md")),
    ],
)
def test_the_shape_of_the_arguments_tells(
    tool: str, arguments: Any, expected: tuple[Any, ...]
) -> None:
    assert told(tool, arguments) == [(*expected, None, None)[:4]]


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("Task", {"prompt": "read /a/b.py and edit it", "description": "x"}),
        ("WebFetch", {"url": "https://example.org/a.py"}),
        ("open", {"uri": "https://example.org/a.py"}),
        ("Glob", {"pattern": "**/*.py"}),
        ("read", {"path": "src/*.ts"}),
        ("Write", {"path": "two\nlines", "content": "x"}),
        ("TodoWrite", {"todos": [{"content": "write a.py"}]}),
        ("anything", None),
        ("anything", "no JSON object"),
    ],
)
def test_what_names_no_file_touches_none(tool: str, arguments: Any) -> None:
    assert told(tool, arguments) == []


def test_a_move_deletes_and_creates() -> None:
    assert [
        (how, path) for how, path, *_ in told("move", {"source": "/a", "destination": "/b"})
    ] == [
        ("deleted", "/a"),
        ("created", "/b"),
    ]


def test_changes_by_path_tell_kind_and_lines() -> None:
    changes = {
        "/p/a.py": {
            "type": "update",
            "unified_diff": "@@ -1,2 +3,4 @@\n x\n",
            "move_path": "/p/b.py",
        },
        "/p/n.py": {"type": "add", "content": "z"},
        "/p/o.py": {"type": "delete", "content": "z"},
    }
    assert told("FileChange", {"changes": changes}) == [
        ("deleted", "/p/a.py", 3, 6),
        ("created", "/p/b.py", None, None),
        ("created", "/p/n.py", None, None),
        ("deleted", "/p/o.py", None, None),
    ]


PATCH = """*** Begin Patch
*** Update File: src/a.py
@@
-x
+y
*** Add File: b.py
+1
*** Delete File: c.py
*** End Patch
"""
DIFF = """--- a/src/a.py
+++ b/src/a.py
@@ -1,2 +1,3 @@
 x
@@ -10 +11,2 @@
 y
--- /dev/null
+++ b/new.py
@@ -0,0 +1 @@
+z
--- a/old.py
+++ /dev/null
@@ -1 +0,0 @@
-z
"""


@pytest.mark.parametrize("tool", ["apply_patch", "anything"])
def test_a_patch_tells_its_files(tool: str) -> None:
    expected = [("edited", "src/a.py"), ("created", "b.py"), ("deleted", "c.py")]
    for arguments in ({"input": PATCH}, {"command": f"apply_patch <<'EOF'\n{PATCH}EOF"}, PATCH):
        assert [(how, path) for how, path, *_ in told(tool, arguments)] == expected


def test_a_diff_tells_files_and_lines() -> None:
    assert touches_of_patch(DIFF) == [
        Touch("src/a.py", "edited", 1, 12),
        Touch("new.py", "created", 1, 1),
        Touch("old.py", "deleted"),
    ]


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("sed -n 5,20p src/x.py", [Touch("src/x.py", "read", 5, 20)]),
        ("sed -i 's/a/b/' x.py", [Touch("x.py", "edited")]),
        ("cd /a && cat 'b.py' | head -3", [Touch("b.py", "read")]),
        ("echo x > out.txt", [Touch("out.txt", "written")]),
        ("echo x >> out.txt 2>/dev/null", [Touch("out.txt", "edited")]),
        ("cat > a.py <<'EOF'\nimport os; rm b\nEOF", [Touch("a.py", "written")]),
        ("rm -rf build/a.txt; ls", [Touch("build/a.txt", "deleted")]),
        ("git mv a.py b.py", [Touch("a.py", "deleted"), Touch("b.py", "created")]),
        ("cat $FILE *.py", []),
        ("echo 'cat a.py'", []),
        ("python -c 'print(1)'", []),
        ("cat 'unfinished", []),
    ],
)
def test_commands_tell_the_files_that_stand_in_them(command: str, expected: list[Touch]) -> None:
    assert touches_of_command(command) == expected


def test_git_tells_commits_and_branches() -> None:
    made = "[main (root-commit) 1a2b3c4] Fix it\n 1 file changed, 1 insertion(+)"
    assert refs_of_command("git add . && git commit -m 'Fix it'", made) == [
        GitRef("commit", "1a2b3c4"),
        GitRef("branch", "main"),
    ]
    assert refs_of_command("git commit -qm x", "") == []
    detached = refs_of_command("git commit -m x", "[detached HEAD 1a2b3c4d] x")
    assert detached == [GitRef("commit", "1a2b3c4d")]
    assert refs_of_command("git switch -c feat/x", "Switched to a new branch 'feat/x'") == [
        GitRef("branch", "feat/x")
    ]
    assert refs_of_command("cat log", made) == []


def test_results_tell_lines() -> None:
    assert lines_of_result("     5→a\n     6→b\n") == (5, 6)
    assert lines_of_result("5\ta\n6\tb\n7\tc") == (5, 7)
    assert lines_of_result("The file was updated.\n    12→a\n    13→b") == (12, 13)
    assert lines_of_result("@@ -1,2 +3,4 @@\n x") == (3, 6)
    assert lines_of_result("1: error\n7: error") is None
    assert command_of('{"cmd": "ls"}') == "ls"


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(
            st.sampled_from(["path", "file_path", "changes", "command", "edits", "startLine", "x"]),
            inner,
        )
    ),
)


@given(st.text(), values)
def test_nothing_that_a_call_says_is_too_odd(tool: str, arguments: Any) -> None:
    for touch in touches_of_call(tool, json.dumps(arguments)):
        assert touch.path
        assert "\n" not in touch.path
    touches_of_call(tool, str(arguments))


@pytest.mark.parametrize(
    ("answer", "how"),
    [
        ("File created successfully at: /p/updated.py", "created"),
        ("The file /p/updated.py has been updated. Here's the result of `cat -n`:", "edited"),
        ("The file /p/updated.py has been updated.\n     1\tcreate_table()", "edited"),
        ("Successfully created and wrote to new file: /p/updated.py.", "created"),
        ("Successfully overwrote file: /p/updated.py", "edited"),
        ("Created file updated.py with 20 characters", "created"),
        ("New file created, existing imports updated", None),
        ("Wrote file successfully.", None),
        ("Done.\nFile created", None),
        ("", None),
    ],
)
def test_what_a_result_says_of_a_written_file(answer: str, how: str | None) -> None:
    assert how_of_result("/p/updated.py", answer) == how
