"""What happened to a file: over sessions, clones and names."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from aiana.config import Config
from aiana.errors import InvalidQuery
from aiana.models import Message, Session
from aiana.projects import project_of
from aiana.service import Aiana, open_aiana


@pytest.fixture
def aiana(tmp_path: Path) -> Iterator[Aiana]:
    opened = open_aiana(Config(data_dir=tmp_path / "home"))
    yield opened
    opened.close()


def repository(folder: Path) -> Path:
    (folder / ".git").mkdir(parents=True)
    (folder / ".git" / "config").write_text(
        '[remote "origin"]\n\turl = https://github.com/ada/shop.git\n'
    )
    (folder / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    return folder


def session(aiana: Aiana, name: str, folder: Path, *calls: tuple[str, dict[str, Any]]) -> None:
    """A session in a folder; the n-th call is made at the n-th minute of its hour."""
    about = Session(
        id=name,
        source="codex",
        title=f"Session {name}",
        project=project_of(str(folder)).id,
        project_path=str(folder),
    )
    messages = []
    for number, (tool, arguments) in enumerate(calls):
        shared: dict[str, Any] = {
            "session_id": name,
            "tool_name": tool,
            "timestamp": f"2026-02-01T{name}:{number:02}:00.000Z",
            "metadata": {"toolCallId": f"{name}-{number}"},
        }
        call = Message(
            id=f"{name}-{number}", type="tool_use", tool_input=json.dumps(arguments), **shared
        )
        done = Message(id=f"{name}-{number}r", type="tool_result", content="Done.", **shared)
        messages += [call, done]
    aiana.record_messages(about, messages)


def edit(path: Path) -> tuple[str, dict[str, Any]]:
    return "Edit", {"file_path": str(path), "old_string": "1", "new_string": "2"}


def read(path: Path, **lines: int) -> tuple[str, dict[str, Any]]:
    return "Read", {"file_path": str(path), **lines}


def told(aiana: Aiana, path: Path, **page: Any) -> list[tuple[str, str]]:
    found = aiana.file_history(path, **page)
    return [(entry.session_id, entry.touch) for entry in found.entries]


def test_file_history_newest_first(aiana: Aiana, tmp_path: Path) -> None:
    shop = repository(tmp_path / "shop")
    cart = shop / "src" / "cart.py"
    session(
        aiana,
        "10",
        shop,
        read(cart, offset=7, limit=2),
        edit(cart),
        read(cart, offset=9),
        edit(cart),
    )
    session(aiana, "11", shop, edit(shop / "lib" / "cart.py"))
    session(aiana, "12", shop, read(cart))
    page = aiana.file_history(cart)
    assert [(e.uri.rpartition("#")[2], e.kind, e.timestamp[11:16]) for e in page.entries] == [
        ("12-0", "read", "12:00"),
        ("10-3", "edit", "10:03"),
        ("10-2", "read", "10:02"),
        ("10-1", "edit", "10:01"),
    ]
    assert page.entries[1].uri == "aiana:///session/10/codex#10-3"
    assert page.entries[1].session_title == "Session 10"
    assert (page.names, page.next_cursor) == ([str(cart)], None)


def test_file_history_of_clones(aiana: Aiana, tmp_path: Path) -> None:
    one, two = repository(tmp_path / "one"), repository(tmp_path / "two")
    other = tmp_path / "other"
    session(aiana, "10", one, edit(one / "README.md"), edit(one / "docs" / "README.md"))
    session(aiana, "11", other, edit(other / "README.md"))
    assert told(aiana, two / "README.md") == [("10", "edited")]
    assert told(aiana, other / "README.md") == [("11", "edited")]
    assert told(aiana, tmp_path / "README.md") == []


def test_file_history_under_old_names(aiana: Aiana, tmp_path: Path) -> None:
    shop = repository(tmp_path / "shop")
    old, new = shop / "cart.py", shop / "basket.py"
    session(aiana, "10", shop, edit(old))
    session(aiana, "11", shop, ("Bash", {"command": f"git mv {old} {new}"}))
    session(aiana, "12", shop, edit(new))
    session(aiana, "13", shop, edit(old))  # another file by now
    page = aiana.file_history(new)
    assert [(e.session_id, e.touch, Path(e.path).name) for e in page.entries] == [
        ("12", "edited", "basket.py"),
        ("11", "created", "basket.py"),
        ("10", "edited", "cart.py"),
    ]
    assert page.names == [str(new), str(old)]


def test_file_history_pages(aiana: Aiana, tmp_path: Path) -> None:
    shop, clone = repository(tmp_path / "shop"), repository(tmp_path / "clone")
    session(aiana, "10", shop, *[edit(shop / "a.py"), read(shop / "a.py")] * 3)
    session(aiana, "09", clone, *[read(clone / "a.py")] * 3)
    session(aiana, "11", clone, ("Bash", {"command": "mv b.py a.py"}), edit(clone / "a.py"))
    session(aiana, "12", clone, edit(clone / "b.py"))
    session(aiana, "08", clone, edit(clone / "b.py"))
    whole = [entry.uri for entry in aiana.file_history(shop / "a.py").entries]
    pages: list[str] = []
    cursor = None
    while True:
        page = aiana.file_history(shop / "a.py", limit=2, cursor=cursor)
        pages += [entry.uri for entry in page.entries]
        if (cursor := page.next_cursor) is None:
            break
    assert pages == whole
    assert [uri.rpartition("#")[2] for uri in whole] == [
        *("11-1", "11-0", "10-5", "10-4", "10-2", "10-0", "09-2", "08-0"),
    ]
    with pytest.raises(InvalidQuery):
        aiana.file_history(shop / "a.py", cursor="x")


def test_a_message_that_is_recorded_again_with_another_time(aiana: Aiana, tmp_path: Path) -> None:
    shop = repository(tmp_path / "shop")
    session(aiana, "10", shop, edit(shop / "a.py"))
    session(aiana, "11", shop, edit(shop / "a.py"))
    later = Message(
        id="10-0",
        session_id="10",
        type="tool_use",
        tool_name="Edit",
        tool_input=json.dumps(edit(shop / "a.py")[1]),
        timestamp="2026-03-01T00:00:00.000Z",
        metadata={"toolCallId": "10-0"},
    )
    aiana.record_messages(Session(id="10", source="codex"), [later])
    assert told(aiana, shop / "a.py") == [("10", "edited"), ("11", "edited")]


def test_file_history_on_the_command_line(aiana: Aiana, tmp_path: Path) -> None:
    shop = repository(tmp_path / "shop")
    session(aiana, "10", shop, edit(shop / "a.py"))
    command = [sys.executable, "-m", "aiana", "history"]
    done = subprocess.run(
        [*command, "a.py"],
        cwd=shop,
        env={"AIANA_HOME": str(tmp_path / "home"), "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.stdout == (
        "2026-02-01T10:00:00.000Z\tedited\tcodex\tSession 10\t"
        f"{shop / 'a.py'}\taiana:///session/10/codex#10-0\n"
    )
