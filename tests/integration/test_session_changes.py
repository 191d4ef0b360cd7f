"""What a session and its sub-agents changed, as stored calls show it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from aiana.config import Config
from aiana.errors import InvalidQuery
from aiana.models import Message, Session
from aiana.service import Aiana, open_aiana

SHOP = "/work/shop"


@pytest.fixture
def aiana(tmp_path: Path) -> Iterator[Aiana]:
    opened = open_aiana(Config(data_dir=tmp_path / "home"))
    yield opened
    opened.close()


def record(aiana: Aiana, session: Session, *calls: tuple[str, str, dict[str, Any], bool]) -> None:
    """Calls with their time, tool and arguments, and whether they failed."""
    messages = []
    for number, (time, tool, arguments, failed) in enumerate(calls):
        shared: dict[str, Any] = {
            "session_id": session.id,
            "tool_name": tool,
            "timestamp": f"2026-02-01T{time}:00.000Z",
            "metadata": {"toolCallId": f"{number}"},
        }
        call = Message(id=f"c{number}", type="tool_use", tool_input=json.dumps(arguments), **shared)
        shared["metadata"] = shared["metadata"] | ({"isError": True} if failed else {})
        said = "Created it." if "new" in arguments.get("file_path", "") else "-"
        messages += [call, Message(id=f"r{number}", type="tool_result", content=said, **shared)]
    aiana.record_messages(session, messages)


def edit(time: str, path: str, old: str, new: str, failed: bool = False) -> Any:
    return time, "Edit", {"file_path": path, "old_string": old, "new_string": new}, failed


def test_changes_of_a_session_and_its_agents_in_their_order(aiana: Aiana) -> None:
    main = Session(id="main", source="codex", project="shop", project_path=SHOP)
    agent = Session(id="agent", source="codex", project="shop", project_path=SHOP, parent_id="main")
    record(
        aiana,
        main,
        edit("10:00", "cart.py", "one", "two"),
        edit("10:30", f"{SHOP}/cart.py", "three", "four"),
        edit("10:40", "cart.py", "four", "never", failed=True),
    )
    record(
        aiana,
        agent,
        edit("10:10", "cart.py", "two", "three"),
        ("10:20", "Write", {"file_path": "new.py", "content": "x = 1\n"}, False),
        ("10:21", "Write", {"file_path": "old.py", "content": "x = 2\n"}, False),
    )
    cart, new, old = aiana.session_changes("aiana:///session/main/codex").files
    assert (cart.path, cart.kind, cart.before, cart.after) == (
        f"{SHOP}/cart.py",
        "edited",
        "one",
        "four",
    )
    assert cart.turns == [
        "aiana:///session/main/codex#c0",
        "aiana:///session/agent/codex#c0",
        "aiana:///session/main/codex#c1",
    ]
    assert (new.path, new.kind, new.after) == (f"{SHOP}/new.py", "created", "x = 1\n")
    # Nothing says whether it was there.
    assert (old.kind, old.before, old.after, old.whole) == ("edited", None, "x = 2\n", True)


def test_changes_of_one_turn(aiana: Aiana) -> None:
    session = Session(id="main", source="codex", project="shop", project_path=SHOP)
    record(aiana, session, edit("10:00", "a.py", "1", "2"), edit("10:01", "a.py", "2", "3"))
    (file,) = aiana.session_changes("aiana:///session/main/codex#c1").files
    assert (file.before, file.after) == ("2", "3")
    page = aiana.read_page("aiana:///session/main/codex")
    assert [section.message_id for section in page.sections if section.changes] == ["c0", "c1"]


@pytest.mark.parametrize(
    "content",
    [
        "eins = 1\r\nzwei = 2\r\n",
        "eins = 1\rzwei = 2\r",
        "eins = 1\nzwei = 2",
        "eins = 1\r\nzwei = 2\r",
        "\n\neins\x0c\n\x0czwei\x0b\n\n",
        "eins\u2028zwei\u2029\x85drei\n",
        "\ufeffeins = '\u200b'\n",
        "x",
        "-- a\n++ b\n",
        "long\n" * 5000,
    ],
)
def test_a_printed_patch_gives_the_file_byte_for_byte(
    aiana: Aiana, tmp_path: Path, content: str
) -> None:
    names = ["new.py", "new dir/größe: 1.py", 'new "b" \\ c.py']
    shop = tmp_path / "shop"
    shop.mkdir()
    session = Session(id="new", source="codex", project="shop", project_path=str(shop))
    written = [{"file_path": name, "content": content} for name in names]
    record(aiana, session, *(("10:00", "Write", each, False) for each in written))
    environment = {**os.environ, "AIANA_HOME": str(tmp_path / "home"), "PYTHONUTF8": "1"}
    command = [sys.executable, "-m", "aiana", "sessions", "changes", "new"]
    patch = subprocess.run(command, env=environment, capture_output=True, timeout=120, check=True)
    assert b"note" not in patch.stderr
    strip = f"-p{len(shop.parts)}"
    applying = ["git", "apply", "--whitespace=nowarn", strip]
    subprocess.run(applying, cwd=shop, input=patch.stdout, timeout=120, check=True)
    assert [(shop / name).read_bytes() for name in names] == [content.encode()] * 3


def test_what_a_terminal_acts_on_is_left_out_of_a_patch_and_said(
    capsys: pytest.CaptureFixture[str],
) -> None:
    from aiana.cli.output import print_patch

    print_patch("+a\x1b[31mb\x07\r\n")
    assert capsys.readouterr() == (
        "+ab\r\n",
        "note: Control characters were left out of the patch; `--json` has them.\n",
    )


def test_an_edit_of_a_file_with_other_line_ends_is_laid_over_it(aiana: Aiana) -> None:
    session = Session(id="main", source="codex", project="shop", project_path=SHOP)
    written = {"file_path": "new.py", "content": "a = 1\r\nb = 2\r\n"}
    changed = edit("10:01", "new.py", "a = 1\nb", "a = 3\nb")
    record(aiana, session, ("10:00", "Write", written, False), changed)
    [file] = aiana.session_changes("aiana:///session/main/codex").files
    assert (file.after, file.whole) == ("a = 3\r\nb = 2\r\n", True)


def test_every_kind_of_change_is_an_entry(aiana: Aiana) -> None:
    session = Session(id="main", source="codex", project="shop", project_path=SHOP)
    moved = "*** Begin Patch\n*** Update File: a.py\n*** Move to: b.py\n@@\n-1\n+2\n*** End Patch"
    record(
        aiana,
        session,
        ("10:00", "apply_patch", {"input": moved}, False),
        ("10:01", "Write", {"file_path": "new.txt", "content": ""}, False),
        ("10:02", "Write", {"file_path": "new.bin", "content": "\x7fELF\0\0"}, False),
        ("10:03", "Bash", {"command": "rm c.py"}, False),
        ("10:04", "Bash", {"command": "sed -i s/a/b/ d.py"}, False),
        edit("10:05", "e.py", "1", "2"),
        edit("10:06", "e.py", "2", "3"),
        edit("10:07", "f.py", "1", "2"),
        edit("10:08", "f.py", "2", "1"),
    )
    found = aiana.session_changes("aiana:///session/main/codex", as_diff=True)
    assert found.diff == (
        "--- /work/shop/a.py\n+++ /work/shop/b.py\n@@\n-1\n+2\n"
        "--- /dev/null\n+++ /work/shop/new.txt\n"
        "Binary files /dev/null and /work/shop/new.bin differ\n"
        "--- /work/shop/c.py\n+++ /dev/null\n@@ what stood there is not told @@\n"
        "--- /work/shop/d.py\n+++ /work/shop/d.py\n@@ what stood there is not told @@\n"
        "--- /work/shop/e.py\n+++ /work/shop/e.py\n@@\n-1\n+3\n"
    )
    assert [file.diff_line for file in found.files] == [0, 5, 7, 8, 11, 14]


def test_changes_as_a_diff(aiana: Aiana) -> None:
    session = Session(id="main", source="codex", project="shop", project_path=SHOP)
    record(aiana, session, edit("10:00", "a.py", "1", "2"))
    found = aiana.session_changes("aiana:///session/main/codex", as_diff=True)
    assert found.diff == "--- /work/shop/a.py\n+++ /work/shop/a.py\n@@\n-1\n+2\n"
    assert [(file.before, file.after) for file in found.files] == [(None, None)]


def test_memories_change_nothing(aiana: Aiana) -> None:
    with pytest.raises(InvalidQuery, match="no session"):
        aiana.session_changes("aiana:///memory/1")
