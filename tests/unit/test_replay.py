"""What the calls of a session come to, file by file."""

from __future__ import annotations

import json
from typing import Any

import pytest

from aiana.protocol.results import ChangedFile
from aiana.render.changes import changed_file, unified
from aiana.touches.calls import touches_of_call
from aiana.touches.edits import edits_of_call
from aiana.touches.replay import Replay


def replayed(*calls: tuple[str, dict[str, Any]]) -> list[ChangedFile]:
    """The files after calls, whose turns are called by their numbers."""
    replay = Replay()
    for number, (tool, arguments) in enumerate(calls):
        text = json.dumps(arguments)
        told = touches_of_call(tool, text)
        # As where the answers say that the files were new.
        touched = [(t.path, "created" if t.how == "written" else t.how) for t in told]
        replay.add(str(number), touched, edits_of_call(tool, text))
    return [changed_file(file) for file in replay.files()]


def edit(old: str, new: str, path: str = "/a.py") -> tuple[str, dict[str, Any]]:
    return "Edit", {"file_path": path, "old_string": old, "new_string": new}


def write(text: str, path: str = "/a.py") -> tuple[str, dict[str, Any]]:
    return "Write", {"file_path": path, "content": text}


def bash(command: str) -> tuple[str, dict[str, Any]]:
    return "Bash", {"command": command}


def test_edits_of_one_place_come_to_one() -> None:
    (file,) = replayed(edit("one", "two"), edit("two", "three"))
    assert (file.before, file.after, file.turns) == ("one", "three", ["0", "1"])
    assert [(part.line, part.turns) for part in file.parts] == [(0, ["0", "1"])]


def test_edits_of_two_places_stand_apart() -> None:
    (file,) = replayed(edit("a\nb", "A\nb"), edit("y", "z"))
    assert (file.before, file.after, file.whole) == ("a\nb\n⋯\ny\n", "A\nb\n⋯\nz\n", False)
    assert [(part.line, part.turns) for part in file.parts] == [(0, ["0"]), (3, ["1"])]


def test_edit_around_an_earlier_one() -> None:
    (file,) = replayed(edit("one", "two"), edit("before two after", "gone"))
    assert (file.before, file.after) == ("before one after", "gone")


def test_file_that_is_written_and_then_edited() -> None:
    (file,) = replayed(write("a = 1\n"), edit("a = 1", "a = 2"))
    assert (file.kind, file.before, file.after, file.whole) == ("created", "", "a = 2\n", True)


def test_file_that_is_written_over_after_edits() -> None:
    (file,) = replayed(edit("1", "2"), write("all\n"))
    assert (file.kind, file.before, file.after, file.whole) == ("edited", None, "all\n", True)
    assert file.turns == ["0", "1"]


def test_file_that_came_and_went_is_not_told() -> None:
    assert replayed(write("x"), bash("rm /a.py")) == []


def test_file_that_is_deleted() -> None:
    (file,) = replayed(bash("rm /a.py"))
    assert (file.kind, file.before, file.after) == ("deleted", None, "")


def test_file_that_is_moved_keeps_its_changes() -> None:
    (file,) = replayed(edit("1", "2"), bash("git mv /a.py /b.py"), edit("2", "3", "/b.py"))
    assert (file.kind, file.path, file.old_path) == ("moved", "/b.py", "/a.py")
    assert (file.before, file.after, file.turns) == ("1", "3", ["0", "1", "2"])


def test_change_that_no_call_shows() -> None:
    (file,) = replayed(bash("sed -i s/a/b/ /a.py"))
    assert (file.kind, file.before, file.after, file.turns) == ("edited", None, None, ["0"])


def test_patch_of_several_files() -> None:
    patch = "\n".join(
        [
            "*** Begin Patch",
            "*** Add File: /new.py",
            "+a = 1",
            "*** Update File: /old.py",
            "@@",
            " keep",
            "-b = 1",
            "+b = 2",
            "*** Delete File: /gone.py",
            "*** End Patch",
        ]
    )
    files = replayed(("apply_patch", {"input": patch}))
    assert [(file.path, file.kind, file.before, file.after) for file in files] == [
        ("/new.py", "created", "", "a = 1"),
        ("/old.py", "edited", "keep\nb = 1", "keep\nb = 2"),
        ("/gone.py", "deleted", None, ""),
    ]


def patched(*lines: str) -> tuple[str, dict[str, Any]]:
    return "apply_patch", {"input": "\n".join(["*** Begin Patch", *lines, "*** End Patch"])}


def test_patch_that_moves_files_and_makes_empty_ones() -> None:
    files = replayed(
        patched(
            *("*** Update File: /a.py", "*** Move to: /b.py", "@@", "-1", "+2"),
            *("*** Update File: /c.py", "*** Move to: /d.py", "@@", "-3", "+4"),
            *("*** Add File: /e.py", "*** Add File: /f.py", "+x"),
        ),
        patched("*** Update File: /g.py", "*** Move to: /h.py"),
    )
    assert [(file.kind, file.old_path, file.path, file.before, file.after) for file in files] == [
        ("moved", "/a.py", "/b.py", "1", "2"),
        ("moved", "/c.py", "/d.py", "3", "4"),
        ("created", None, "/e.py", "", ""),
        ("created", None, "/f.py", "", "x"),
        ("moved", "/g.py", "/h.py", None, None),
    ]
    assert unified(files[4:]) == (
        "--- /g.py\n+++ /h.py\n@@ moved; what stands in it is not told @@\n"
    )


def test_changes_by_path() -> None:
    changes = {
        "/a.py": {"type": "delete", "content": "gone\n"},
        "/b.py": {"type": "update", "unified_diff": "@@ -1 +1 @@\n-1\n+2\n", "move_path": "/c.py"},
        "/d.py": {"type": "add", "content": ""},
    }
    files = {file.path: file for file in replayed(("FileChange", {"changes": changes}))}
    assert {
        path: (file.kind, file.old_path, file.before, file.after) for path, file in files.items()
    } == {
        "/a.py": ("deleted", None, "gone\n", ""),
        "/c.py": ("moved", "/b.py", "1", "2"),
        "/d.py": ("created", None, "", ""),
    }


def test_heads_of_git() -> None:
    heads = [
        *("diff --git a/a.py b/b.py", "similarity index 90%", "rename from a.py"),
        *("rename to b.py", "--- a/a.py", "+++ b/b.py", "@@ -1 +1 @@", "-1", "+2"),
        *("diff --git a/c.py b/d.py", "similarity index 100%", "rename from c.py"),
        "rename to d.py",
        *("diff --git a/e.py b/e.py", "new file mode 100644", "index 0000000..e69de29"),
        *("diff --git a/f.py b/f.py", "deleted file mode 100644", "--- a/f.py", "+++ /dev/null"),
        *("@@ -1,2 +0,0 @@", "-one", "-two"),
        *("diff --git a/g.data b/g.data", "index 1..2 100644"),
        "Binary files a/g.data and b/g.data differ",
    ]
    files = {file.path: file for file in replayed(("patch", {"patch": "\n".join(heads)}))}
    assert {
        path: (file.kind, file.old_path, file.before, file.after) for path, file in files.items()
    } == {
        "b.py": ("moved", "a.py", "1", "2"),
        "d.py": ("moved", "c.py", None, None),
        "e.py": ("created", None, "", ""),
        "f.py": ("deleted", None, "one\ntwo", ""),
        "g.data": ("edited", None, None, None),
    }


def test_moves_of_one_call_and_one_that_is_taken_back() -> None:
    files = replayed(bash("mv /a.py /b.py && mv /c.py /d.py"))
    assert [(file.old_path, file.path) for file in files] == [
        ("/a.py", "/b.py"),
        ("/c.py", "/d.py"),
    ]
    assert replayed(bash("mv /a.py /b.py"), bash("mv /b.py /a.py")) == []
    (file,) = replayed(edit("1", "2"), bash("mv /a.py /b.py"), bash("mv /b.py /a.py"))
    assert (file.kind, file.old_path, file.before, file.after) == ("edited", None, "1", "2")


def test_changes_that_were_taken_back_are_none() -> None:
    assert replayed(edit("1", "2"), edit("2", "1")) == []


@pytest.mark.parametrize(
    "call",
    [
        bash("cp /other.png /x.png"),
        write("iVBORw0KGgo=", "/x.png"),
        write("\x89PNG\r\n\x1a\n\0\0", "/x"),
        write("\ufffdPNG\ufffd\ufffd\n", "/x"),
        edit("a", "b", "/x.PDF"),
    ],
)
def test_what_is_no_text_is_named_and_not_compared(call: tuple[str, dict[str, Any]]) -> None:
    (file,) = replayed(call)
    assert (file.binary, file.before, file.after, file.parts) == (True, None, None, [])
    old = "/dev/null" if file.kind == "created" else file.path
    assert unified([file]) == f"Binary files {old} and {file.path} differ\n"


def test_patch_of_a_file_with_other_line_ends() -> None:
    lines = ["*** Begin Patch", "*** Add File: /new.py", "+a\x0c = 1\r", "+\u2028", "*** End Patch"]
    [file] = replayed(("apply_patch", {"input": "\n".join(lines)}))
    assert file.after == "a\x0c = 1\r\n\u2028"
    lines = ["*** Begin Patch", "*** Add File: /new.py", "+a = 1", "", "+b", "*** End Patch"]
    [file] = replayed(("apply_patch", {"input": "\r\n".join(lines)}))
    assert file.after == "a = 1\n\nb"


def test_unified_diff() -> None:
    files = replayed(write("x = 1\n", "/new.py"), edit("1", "2"), bash("rm /gone.py"))
    assert unified(files) == (
        "--- /dev/null\n+++ /new.py\n@@ -0,0 +1 @@\n+x = 1\n"
        "--- /a.py\n+++ /a.py\n@@\n-1\n+2\n"
        "--- /gone.py\n+++ /dev/null\n@@ what stood there is not told @@\n"
    )
