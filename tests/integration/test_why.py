"""Why a line is so: with a real repository, and with what is not sure left out."""

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
from aiana.errors import InvalidQuery, NotFound
from aiana.models import Message, Session
from aiana.paths import lines_at
from aiana.projects import project_of
from aiana.service import Aiana, open_aiana
from tests.benchmarks.lines import Story, score

LITTLE = "This says too little to be told from other lines."
LINE = "total = sum_of(cart, rate=7)"


@pytest.fixture
def aiana(tmp_path: Path) -> Iterator[Aiana]:
    opened = open_aiana(Config(data_dir=tmp_path / "home"))
    yield opened
    opened.close()


class Shop:
    """A repository, and sessions in it; the n-th thing happens in the n-th minute."""

    def __init__(self, root: Path, aiana: Aiana) -> None:
        self.root, self.aiana, self.minute = root, aiana, 0
        self.file = root / "cart.py"
        root.mkdir()
        self.git("init", "-q", "-b", "main")

    def git(self, *arguments: str) -> None:
        self.minute += 1
        who = {"NAME": "Ada", "EMAIL": "ada@shop.example", "DATE": f"@{self.moment} +0000"}
        facts = {f"GIT_{role}_{k}": v for role in ("AUTHOR", "COMMITTER") for k, v in who.items()}
        facts |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
        subprocess.run(
            ["git", *arguments], cwd=self.root, env={**os.environ, **facts}, check=True, timeout=120
        )

    @property
    def moment(self) -> int:
        return 1_769_940_000 + self.minute * 60

    def commit(self, *lines: str) -> None:
        self.file.write_text("\n".join(lines) + "\n")
        self.git("add", "-A")
        self.git("commit", "-q", "-m", f"Commit {self.minute}")

    def say(self, session: str, kind: Any, text: str = "", **fields: Any) -> str:
        self.minute += 1
        id = f"{session}-{self.minute}"
        role = {"user": "user", "tool_result": "tool"}.get(kind, "assistant")
        hours, minutes = divmod(self.minute, 60)
        told = Message(
            id=id,
            session_id=session,
            type=kind,
            role=role,
            content=text,
            timestamp=f"2026-02-01T{10 + hours}:{minutes:02}:00.000Z",
            **fields,
        )
        about = Session(
            id=session,
            source="codex",
            started_at="2026-02-01T10:00:00.000Z",
            project=project_of(str(self.root)).id,
            project_path=str(self.root),
        )
        self.aiana.record_messages(about, [told])
        return id

    def edit(self, session: str, old: str, new: str, refused: bool = False) -> str:
        arguments = {"file_path": str(self.file), "old_string": old, "new_string": new}
        return self.call(session, "Edit", arguments, refused)

    def call(
        self, session: str, tool: str, arguments: dict[str, Any], refused: bool = False
    ) -> str:
        id = {"toolCallId": f"{session}-{self.minute}"}
        made = self.say(
            session, "tool_use", tool_name=tool, tool_input=json.dumps(arguments), metadata=id
        )
        answer = "The user rejected the edit." if refused else "Done."
        self.say(session, "tool_result", answer, metadata={**id, "isError": refused})
        return made

    def why(self, line: int, **more: Any) -> list[tuple[str, str]]:
        found = self.aiana.why(self.file, line, line, **more)
        assert found.notes in ([], [LITTLE])
        return [(reason.message_id, reason.how) for reason in found.reasons]


@pytest.fixture
def shop(aiana: Aiana, tmp_path: Path) -> Shop:
    return Shop(tmp_path / "shop", aiana)


def test_an_edit_that_stands_there_today(shop: Shop) -> None:
    shop.commit("import os", "print(os.name)")
    shop.say("s", "user", "Add the total, please")
    refused = shop.edit("s", "import os", f"import os\n{LINE} + 1", refused=True)
    made = shop.edit("s", "import os", f"import os\n{LINE}")
    shop.commit("import os", LINE, "print(os.name)")
    (reason,) = shop.aiana.why(shop.file, 2, 2).reasons
    assert (reason.message_id, reason.kind, reason.how) == (made, "edited", "edited here")
    assert reason.uri == f"aiana:///session/s/codex#{made}"
    assert reason.lines == [(2, 2)]
    assert reason.asked is not None
    assert reason.asked.text == "Add the total, please"
    assert [each.uri.partition("#")[2] for each in reason.rejected] == [refused]
    assert shop.why(1) == []
    assert shop.why(3) == []


def test_what_is_not_committed_yet_and_what_an_editor_shows(shop: Shop) -> None:
    shop.commit("import os")
    made = shop.edit("s", "import os", f"import os\n{LINE}")
    shop.file.write_text(f"import os\n{LINE}\n")
    assert shop.why(2) == [(made, "edited here")]
    assert shop.why(3, text=f"# new\nimport os\n{LINE}\n") == [(made, "edited here")]
    assert shop.why(1, text=f"# new\nimport os\n{LINE}\n") == []


def test_a_file_outside_of_any_repository(shop: Shop, tmp_path: Path) -> None:
    shop.file = tmp_path / "plain" / "cart.py"
    shop.file.parent.mkdir()
    made = shop.edit("s", "import os", f"import os\n{LINE}")
    shop.file.write_text(f"import os\n{LINE}\n")
    assert shop.why(2) == [(made, "edited here")]
    with pytest.raises(NotFound):
        shop.aiana.why(tmp_path / "none.py", 1, 1)


def test_lines_that_are_not_there(shop: Shop, aiana: Aiana) -> None:
    shop.commit("import os", LINE)
    for first, last in ((0, 1), (3, 3), (2, 1)):
        with pytest.raises(InvalidQuery):
            aiana.why(shop.file, first, last)
    shop.file.write_text("")
    with pytest.raises(InvalidQuery, match="is empty"):
        aiana.why(shop.file, 1, 1)
    # An editor shows an empty line behind the last one.
    assert aiana.why(shop.file, 3, 3, text=f"import os\n{LINE}\n").reasons == []
    with pytest.raises(InvalidQuery):
        aiana.why(shop.file, 4, 4, text=f"import os\n{LINE}\n")


@pytest.mark.timeout(60)
def test_a_pipe_has_no_lines(shop: Shop, aiana: Aiana, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.py")
    with pytest.raises(NotFound):
        aiana.why(tmp_path / "pipe.py", 1, 1)


def test_what_an_editor_shows_with_other_line_ends_is_what_is_saved(shop: Shop) -> None:
    shop.commit("import os")
    made = shop.edit("s", "import os", f"import os\n{LINE}")
    shop.file.write_bytes(f"import os\r\n{LINE}\r\n".encode())
    shop.git("commit", "-qam", "Windows")
    told = [(made, "edited here")]
    assert shop.why(2) == shop.why(2, text=f"import os\r\n{LINE}\r\n") == told


@pytest.mark.parametrize("name", ["odd\nname.py", 'a "b" \\.py', "größe\t.py"])
def test_a_file_with_an_odd_name(shop: Shop, aiana: Aiana, name: str) -> None:
    shop.file = shop.root / name
    shop.commit("import os")
    made = shop.edit("s", "import os", f"import os\n{LINE}")
    shop.commit("import os", LINE)
    shop.commit("import os", f"{LINE}  # as told")
    [(id, how)] = shop.why(2)
    assert (id, how.partition(" by ")[0]) == (made, "edited, then changed")
    assert [entry.message_id for entry in aiana.file_history(shop.file).entries] == [made]
    [file] = aiana.session_changes("aiana:///session/s/codex").files
    assert file.path == str(shop.file)
    assert lines_at(f"{shop.file}:2") == (str(shop.file), 2, 2)


def test_edited_then_changed_by_a_formatter(shop: Shop) -> None:
    shop.commit("import os")
    made = shop.edit("s", "import os", "import os\nname = load_cart('main', 'other')")
    shop.commit("import os", "name = load_cart('main', 'other')")
    shop.commit("import os", 'name = load_cart("main", "other")')
    (reason,) = shop.aiana.why(shop.file, 2, 2).reasons
    assert (reason.message_id, reason.kind) == (made, "changed")
    assert reason.changed_by is not None
    assert reason.changed_by.author == "Ada"
    short = (reason.changed_by.hash or "")[:7]
    assert reason.how == (f"edited, then changed by {short} (Ada: {reason.changed_by.subject})")


def test_what_was_written_again_by_hand_is_nobodys(shop: Shop) -> None:
    shop.commit("import os")
    shop.edit("s", "import os", f"import os\n{LINE}")
    shop.commit("import os", LINE)
    shop.commit("import os")
    shop.commit("import os", LINE)
    assert shop.why(2) == []


def test_a_refused_edit_and_a_later_edit_prove_nothing(shop: Shop) -> None:
    shop.commit("import os")
    shop.edit("s", "import os", f"import os\n{LINE}", refused=True)
    shop.commit("import os", LINE)
    shop.edit("s", "import sys", f"import sys\n{LINE}")  # in another state of the file
    assert shop.why(2) == []


def test_lines_that_say_little_are_known_by_their_neighbours(shop: Shop) -> None:
    body = ["def total(cart):", "    try:", "        return cart.total()", "    except E:"]
    shop.commit("import os", "    try:", "        pass")
    made = shop.edit("s", "        pass", "\n".join(["        pass", *body]))
    shop.commit("import os", "    try:", "        pass", *body)
    assert shop.why(2) == []
    assert shop.why(5) == [(made, "edited here")]


def test_a_line_that_says_little_is_known_by_the_whole_change(shop: Shop, aiana: Aiana) -> None:
    shop.commit("one = 1", "two = 2", "three = 3", "four = 4")
    made = shop.edit("s", "two = 2\n", "two = 20\n")
    shop.commit("one = 1", "two = 20", "three = 3", "four = 4")
    assert shop.why(2) == [(made, "edited here")]
    # With more around it, and not committed yet.
    made = shop.edit("s", "one = 1\ntwo = 20\n", "one = 1\ntwo = 200\n")
    shop.file.write_text("one = 1\ntwo = 200\nthree = 3\nfour = 4\n")
    assert shop.why(2) == [(made, "edited here")]
    # By hand, though a session wrote the same in the place of something else.
    shop.commit("one = 1", "two = 200", "three = 3", "four = 4")
    shop.edit("t", "four = 5", "four = 40")
    shop.commit("one = 1", "two = 200", "three = 3", "four = 40")
    found = aiana.why(shop.file, 4, 4)
    assert found.reasons == []
    assert found.notes == [LITTLE]
    # A line that was committed, and is written again by hand.
    shop.commit("one = 1", "two = 20", "three = 3", "four = 40")
    shop.commit("one = 1", "two = 200", "three = 3", "four = 40")
    assert aiana.why(shop.file, 2, 2).reasons == []


def test_the_same_change_in_many_places_is_one_that_says_so(shop: Shop, aiana: Aiana) -> None:
    shop.commit("old()", "keep = 1", "old()")
    arguments = {"file_path": str(shop.file), "old_string": "old()", "new_string": "new_name()"}
    shop.call("s", "Edit", arguments)
    shop.commit("new_name()", "keep = 1", "new_name()")
    assert aiana.why(shop.file, 1, 3).reasons == []
    shop.git("reset", "-q", "--hard", "HEAD~1")
    made = shop.call("s", "Edit", {**arguments, "replace_all": True})
    shop.commit("new_name()", "keep = 1", "new_name()")
    [reason] = aiana.why(shop.file, 1, 3).reasons
    assert (reason.message_id, reason.lines) == (made, [(1, 1), (3, 3)])


def test_a_file_that_was_written_whole_and_says_little(shop: Shop) -> None:
    shop.commit("import os")
    shop.file = shop.root / "new.py"
    made = shop.call("s", "Write", {"file_path": str(shop.file), "content": "a = 1\nb = 2\n"})
    shop.commit("a = 1", "b = 2")
    assert shop.why(2) == [(made, "edited here")]
    shop.commit("a = 1", "b = 2", "c = 3")
    assert shop.aiana.why(shop.file, 2, 2).reasons == []


def test_old_names_and_other_clones(shop: Shop, aiana: Aiana, tmp_path: Path) -> None:
    shop.git("remote", "add", "origin", "https://git.example/ada/shop.git")
    shop.commit("import os", *(f"line_{n} = {n}" for n in range(20)))
    made = shop.edit("s", "import os", f"import os\n{LINE}")
    shop.commit("import os", LINE, *(f"line_{n} = {n}" for n in range(20)))
    shop.git("mv", "cart.py", "basket.py")
    shop.git("commit", "-q", "-m", "Move")
    shop.file = shop.root / "basket.py"
    assert shop.why(2) == [(made, "edited here")]
    shop.git("clone", "-q", str(shop.root), str(tmp_path / "clone"))
    clone = tmp_path / "clone"
    shop.git("-C", str(clone), "remote", "set-url", "origin", "https://git.example/ada/shop.git")
    found = aiana.why(clone / "basket.py", 2, 2).reasons
    assert [reason.message_id for reason in found] == [made]


def test_who_quotes_a_line(shop: Shop) -> None:
    shop.commit("import os", LINE)
    shop.call("talk", "Read", {"file_path": str(shop.file)})
    said = shop.say("talk", "assistant", f"The rate is fixed here:\n\n```\n{LINE}\n```")
    shop.say("other", "assistant", f"`{LINE}` stands in some other file")
    assert shop.why(2) == [(said, "discussed")]
    assert shop.why(1) == []


def test_git_that_fails_is_told_and_the_rest_answers(shop: Shop) -> None:
    shop.commit("import os")
    made = shop.edit("s", "import os", f"import os\n{LINE}")
    shop.file.write_text(f"import os\n{LINE}\n")
    cancelled = shop.aiana.why(shop.file, 2, 2, cancelled=lambda: True)
    assert [reason.message_id for reason in cancelled.reasons] == [made]
    assert cancelled.notes == ["What git knows was left out: It was cancelled."]


def test_nothing_of_the_repository_is_run(shop: Shop, tmp_path: Path) -> None:
    shop.commit("import os", "print(os.name)")
    ran = tmp_path / "ran"
    for name in ("core.fsmonitor", "diff.external", "diff.x.textconv", "core.pager"):
        shop.git("config", name, f"touch {ran}; cat")
    (shop.root / ".gitattributes").write_text("*.py diff=x\n")
    shop.edit("s", "import os", f"import os\n{LINE}")
    shop.file.write_text(f"import os\n{LINE}\nprint(os.name, 1)\n")
    assert shop.aiana.why(shop.file, 1, 3).reasons
    assert not ran.exists()


def test_a_story_of_two_people_and_assistants(aiana: Aiana, tmp_path: Path) -> None:
    """A short one; `python -m tests.benchmarks.lines` tells one of a thousand commits."""
    story = Story(tmp_path / "told", aiana, seed=5, sessions=12)
    story.go_on(70)
    found = score(story)
    assert found.mistakes == []
    assert found.written_found > 60
    assert found.written_found >= 0.6 * found.written


def test_why_on_the_command_line(shop: Shop, tmp_path: Path) -> None:
    shop.commit("import os")
    shop.say("s", "user", "Add the total")
    made = shop.edit("s", "import os", f"import os\n{LINE}")
    shop.commit("import os", LINE)
    home = {"AIANA_HOME": str(tmp_path / "home"), "HOME": str(tmp_path), "PATH": os.environ["PATH"]}

    def run(place: str) -> tuple[str, str, int]:
        done = subprocess.run(
            [sys.executable, "-m", "aiana", "why", place],
            cwd=shop.root,
            env=home,
            capture_output=True,
            text=True,
            timeout=120,
        )
        return done.stdout, done.stderr, done.returncode

    address = f"aiana:///session/s/codex#{made}"
    out, _, status = run("cart.py:2")
    assert out.split("\t")[1:] == ["edited here", "2", "codex", "Add the total", f"{address}\n"]
    assert status == 0
    out, told, status = run("cart.py:1-1")
    assert (out, status) == ("", 0)
    assert "No session is surely known" in told
    assert run("cart.py")[2] == 2
    for place, why in (
        ("3", f"{shop.file} has 2 lines: there is no line 3."),
        ("99-120", f"{shop.file} has 2 lines: there is no line 99."),
        ("0", "There is no line 0: lines are counted from 1."),
        ("2-1", "Lines 2 to 1 end before they begin."),
        ("2-0", "Lines 2 to 0 end before they begin."),
    ):
        out, told, status = run(f"cart.py:{place}")
        assert (out, status) == ("", 2), place
        assert why in " ".join(told.split()), place
    out, _, status = run("cart.py:2-99")
    assert (out.split("\t")[2], status) == ("2", 0)
