"""What fixed an error: what went away after a change is told, and nothing that only seems so."""

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
from aiana.models import Message, Session
from aiana.service import Aiana, open_aiana

ERROR = "src/cart.ts(41,7): error TS2304: Cannot find name 'total'."
ASKED = "lib/till.ts(3,1): error TS2304: Cannot find name 'sum'."


@pytest.fixture
def aiana(tmp_path: Path) -> Iterator[Aiana]:
    opened = open_aiana(Config(data_dir=tmp_path / "home"))
    yield opened
    opened.close()


class Talk:
    """A session; the n-th thing in it happens in the n-th second."""

    def __init__(self, aiana: Aiana, id: str = "s", day: int = 1, source: str = "codex") -> None:
        self.aiana, self.id, self.day, self.source, self.count = aiana, id, day, source, 0

    def say(self, kind: Any, text: str = "", **fields: Any) -> str:
        self.count += 1
        minutes, seconds = divmod(self.count, 60)
        message = Message(
            id=f"{self.id}-{self.count}",
            session_id=self.id,
            type=kind,
            role={"user": "user", "tool_result": "tool"}.get(kind, "assistant"),
            content=text,
            timestamp=f"2026-02-{self.day:02}T10:{minutes:02}:{seconds:02}.000Z",
            **fields,
        )
        self.aiana.record_messages(
            Session(id=self.id, source=self.source, project_path="/work/shop"), [message]
        )
        return message.id

    def call(self, tool: str, arguments: dict[str, Any], answer: str, **told: Any) -> str:
        """A call and its answer, whose id is given."""
        id = {"toolCallId": f"{self.id}-call-{self.count}"}
        self.say("tool_use", tool_name=tool, tool_input=json.dumps(arguments), metadata=id)
        return self.say("tool_result", answer, tool_name=tool, metadata={**id, **told})

    def run(self, answer: str, command: str = "npx tsc", **told: Any) -> str:
        return self.call("Bash", {"command": command}, answer, **told)

    def fail(self, answer: str = ERROR, command: str = "npx tsc") -> str:
        return self.run(answer, command, isError=True)

    def edit(self, file: str = "src/cart.ts", **told: Any) -> str:
        arguments = {"file_path": file, "old_string": "a", "new_string": "let total = 0"}
        self.call("Edit", arguments, "Done.", **told)
        return f"aiana:///session/{self.id}/{self.source}#{self.id}-{self.count - 1}"


@pytest.fixture
def talk(aiana: Aiana) -> Talk:
    return Talk(aiana)


def proofs(aiana: Aiana, text: str = ASKED, rule: str | None = None) -> list[tuple[str, str]]:
    found = aiana.fixes(text, rule).fixes
    return [(fix.message_id, fix.proof.partition("#")[2]) for fix in found]


def test_the_same_command_ran_again_without_it(aiana: Aiana, talk: Talk) -> None:
    talk.say("user", "Make it build")
    first = talk.fail()
    talk.edit("src/other.ts")
    stood = talk.fail()
    turn = talk.edit()
    talk.run("3 files", "git status")
    proof = talk.run("", " npx tsc ")
    [fix] = aiana.fixes(ASKED).fixes
    assert first != stood
    assert (fix.message_id, fix.message, fix.how, fix.exact) == (stood, ERROR, "succeeded", False)
    assert (fix.edits, fix.files, fix.turns) == (1, ["/work/shop/src/cart.ts"], [turn])
    assert (fix.command, fix.commands) == ("npx tsc", [])
    assert fix.uri == f"aiana:///session/s/codex#{stood}"
    assert fix.proof == f"aiana:///session/s/codex#{proof}"
    assert aiana.fixes(ERROR).fixes[0].exact


@pytest.mark.parametrize(
    ("asked", "rule"),
    [
        (f"$ npx tsc\n{ASKED}\n\nFound 1 error.\n", None),
        ("Cannot find name 'sum'.", "2304"),
        ("Cannot find name 'sum'.\nDid you mean 'num'?", ""),
        ("Cannot find name 'sum'.ts(2304)", None),
    ],
)
def test_it_is_asked_in_many_ways(aiana: Aiana, talk: Talk, asked: str, rule: str | None) -> None:
    stood, _, proof = talk.fail(), talk.edit(), talk.run("")
    assert proofs(aiana, asked, rule) == [(stood, proof)]
    assert proofs(aiana, "Cannot find name 'sum'.", "2552") == []
    assert proofs(aiana, "Cannot find module 'sum'.", "") == []
    assert proofs(aiana, "Process exited with code 1") == []


@pytest.mark.parametrize(
    "asked",
    ["No module named 'yaml'", "No module named yaml", "E   ImportError: No module named 'yaml'"],
)
def test_a_message_is_known_without_what_stands_before_it(
    aiana: Aiana, talk: Talk, asked: str
) -> None:
    stood = talk.fail("make: app.py:3: in <module>\nModuleNotFoundError: No module named 'yaml'")
    talk.edit()
    proof = talk.run("ok")
    of_another_class = "ImportError" in asked
    assert proofs(aiana, asked) == ([] if of_another_class else [(stood, proof)])
    assert all(fix.exact for fix in aiana.fixes(asked).fixes)


def test_a_message_with_a_class_is_known_where_it_stood_without(aiana: Aiana, talk: Talk) -> None:
    stood = talk.fail("/usr/bin/python3: No module named yaml")
    talk.edit()
    proof = talk.run("ok")
    assert proofs(aiana, "No module named 'yaml'") == [(stood, proof)]
    assert aiana.fixes("No module named 'yaml'").fixes[0].exact
    assert not aiana.fixes("error: python3: No module named 'toml'").fixes[0].exact


def test_the_newest_comes_first(aiana: Aiana) -> None:
    told = []
    for day in (2, 3, 1):
        talk = Talk(aiana, f"s{day}", day)
        told.append((talk.fail(), talk.edit(), talk.run("")))
    ends = [(stood, proof) for stood, _, proof in told]
    assert proofs(aiana) == [ends[1], ends[0], ends[2]]
    assert len(aiana.fixes(ASKED, limit=1).fixes) == 1


def test_a_package_that_was_installed(aiana: Aiana, talk: Talk) -> None:
    missing = "E   ModuleNotFoundError: No module named 'yaml'"
    talk.fail(missing, "pytest -q")
    talk.run("", "pytest --version")
    talk.run("Successfully installed", "cd shop && python -m pip install pyyaml")
    talk.run("3 passed", "pytest -q")
    [fix] = aiana.fixes("ModuleNotFoundError: No module named 'toml'").fixes
    assert (fix.edits, fix.files, fix.turns) == (0, [], [])
    assert [each.text for each in fix.commands] == ["cd shop && python -m pip install pyyaml"]


def test_the_person_said_so(aiana: Aiana, talk: Talk) -> None:
    talk.fail()
    talk.edit()
    talk.say("user", "Great, that fixed it")
    [fix] = aiana.fixes(ASKED).fixes
    assert (fix.how, fix.edits) == ("said", 1)


@pytest.mark.parametrize(
    "said",
    ["It still fails", "That fixed it, but now the till breaks", "Works now?", "Go on", "x" * 400],
)
def test_what_the_person_said_otherwise(aiana: Aiana, talk: Talk, said: str) -> None:
    talk.fail()
    talk.edit()
    talk.say("user", said)
    talk.say("user", "ok, it works now")  # of what, nobody knows
    assert proofs(aiana) == []


@pytest.mark.parametrize(
    ("failed", "passed"),
    [
        ("Exit code: 2\n" + ERROR, "Exit code: 0\n0 errors"),
        (f"Output: {ERROR}\nExit Code: 2", "Output: (empty)\nError: (none)\nExit Code: 0"),
        (ERROR, ""),  # as of `npx tsc | tail`, and of those who tell no status at all
        (f"\x1b[31m{ERROR}\x1b[0m\nFound 1 error.", "All good: 0 errors, 0 failed"),
    ],
)
def test_assistants_that_do_not_mark_what_failed(
    aiana: Aiana, talk: Talk, failed: str, passed: str
) -> None:
    stood, _, proof = talk.run(failed), talk.edit(), talk.run(passed)
    assert proofs(aiana) == [(stood, proof)]


def test_answers_without_ids_are_those_of_the_call_before(aiana: Aiana, talk: Talk) -> None:
    for answer, failed in ((ERROR, True), ("", False)):
        talk.say("tool_use", tool_name="shell", tool_input='{"command": ["bash", "-lc", "tsc"]}')
        stood = talk.say("tool_result", answer, metadata={"isError": failed})
        if failed:
            talk.edit()
    assert proofs(aiana) == [("s-2", stood)]


@pytest.mark.parametrize(
    ("tool", "first", "again"),
    [
        (
            "Bash",
            r'{"command": "echo \"gr\u00f6\u00dfe\"\n  npx tsc"}',
            r'{"command": "echo \"größe\"\n  npx tsc"}',
        ),
        ("Bash", '{"command": ["bash", "-lc", "npx tsc"]}', '{"command": "npx tsc"}'),
        ("bash", '{"command": "npx tsc", "description": "x"}', '{"cwd": ".", "command":"npx tsc"}'),
        (None, '{"command": "npx tsc"}', '{"command": " npx tsc "}'),
        ("check", r'{"only": ["a\tb"], "deep": true}', r'{"deep":true,"only":["a\u0009b"]}'),
        ("check", "{}", "{ }"),
    ],
)
def test_the_same_is_run_however_it_is_written(
    aiana: Aiana, talk: Talk, tool: str | None, first: str, again: str
) -> None:
    talk.say("tool_use", tool_name=tool, tool_input=first)
    stood = talk.say("tool_result", ERROR)
    talk.edit()
    talk.say("tool_use", tool_name=tool, tool_input=again)
    proof = talk.say("tool_result", "")
    assert proofs(aiana) == [(stood, proof)]


def test_a_line_among_many(aiana: Aiana, talk: Talk) -> None:
    noise = "İ src/name.ts: cannot find it\n" * 50
    stood = talk.fail(f"{noise}50 %\r{ERROR}\r\n{noise}")
    talk.edit()
    proof = talk.run(noise.replace("cannot", "can"))
    assert proofs(aiana) == [(stood, proof)]


def test_a_tool_that_is_no_shell(aiana: Aiana, talk: Talk) -> None:
    stood = talk.call("run_tests", {"files": ["a"]}, ERROR, isError=True)
    talk.edit()
    talk.call("run_tests", {"files": ["b"]}, "ok")
    assert proofs(aiana) == []
    proof = talk.call("run_tests", {"files": ["a"]}, "ok")
    assert proofs(aiana) == [(stood, proof)]


class TestLookAlikes:
    """None of these is a fix, or nobody can tell."""

    @pytest.fixture(autouse=True)
    def nothing_is_told(self, aiana: Aiana) -> Iterator[None]:
        yield
        assert aiana.fixes(ASKED).fixes == []

    def test_nothing_was_changed(self, talk: Talk) -> None:
        talk.fail()
        talk.run("lots of it", "cat src/cart.ts")
        talk.run("")

    def test_the_change_was_refused(self, talk: Talk) -> None:
        talk.fail()
        talk.edit(isError=True)
        talk.run("")

    def test_the_change_was_refused_while_it_ran_again(self, talk: Talk) -> None:
        talk.fail()
        edit = {"file_path": "src/cart.ts", "old_string": "a", "new_string": "b"}
        for id, tool, given in (("e", "Edit", edit), ("r", "Bash", {"command": "npx tsc"})):
            arguments = json.dumps(given)
            talk.say("tool_use", tool_name=tool, tool_input=arguments, metadata={"toolCallId": id})
        talk.say("tool_result", "refused", metadata={"toolCallId": "e", "isError": True})
        talk.say("tool_result", "", metadata={"toolCallId": "r"})

    def test_the_same_was_only_run_again(self, talk: Talk) -> None:
        talk.fail(ERROR, "npm install")
        talk.run("", "npm install")
        talk.run("", "npm install")

    def test_another_command(self, talk: Talk) -> None:
        talk.fail()
        talk.edit()
        talk.run("", "npx tsc --noEmit src/other.ts")

    def test_another_error_stands_in_its_place(self, talk: Talk) -> None:
        talk.run(ERROR)
        talk.edit()
        talk.run("src/cart.ts(1,1): error TS1005: ';' expected.")

    def test_it_failed_in_another_way(self, talk: Talk) -> None:
        talk.fail()
        talk.edit()
        talk.fail("Killed")

    def test_it_was_not_awaited(self, talk: Talk) -> None:
        talk.fail()
        talk.edit()
        talk.run("Command running in background with ID 7")

    def test_it_came_back(self, talk: Talk) -> None:
        talk.fail()
        talk.edit()
        talk.run("")
        talk.fail()

    def test_it_was_only_read(self, talk: Talk) -> None:
        talk.run(ERROR, "cat build.log | grep -n error")
        talk.edit()
        talk.run("", "cat build.log | grep -n error")
        talk.call("Read", {"file_path": "notes.md"}, ERROR)
        talk.edit()
        talk.call("Read", {"file_path": "notes.md"}, "nothing")

    def test_another_message_with_its_words(self, talk: Talk) -> None:
        talk.fail("error: name 'x' cannot be found: find another, cannot find name")
        talk.edit()
        talk.run("")

    def test_it_was_said_and_not_answered(self, talk: Talk) -> None:
        talk.say("assistant", ERROR)
        talk.edit()
        talk.run("")


def test_what_is_excluded_is_not_told(aiana: Aiana, talk: Talk) -> None:
    stood, _, proof = talk.fail(), talk.edit(), talk.run("")
    assert proofs(aiana) == [(stood, proof)]
    aiana.exclude("Code", {"excludedPaths": ["/work/shop"]})
    assert proofs(aiana) == []


def test_fixes_on_the_command_line(talk: Talk, tmp_path: Path) -> None:
    stood, _, _ = talk.fail(), talk.edit(), talk.run("")
    home = {"AIANA_HOME": str(tmp_path / "home"), "HOME": str(tmp_path), "PATH": os.environ["PATH"]}

    def run(*arguments: str, given: str = "") -> tuple[str, str, int]:
        done = subprocess.run(
            [sys.executable, "-m", "aiana", "fixes", *arguments],
            env=home,
            input=given,
            capture_output=True,
            text=True,
            timeout=120,
        )
        return done.stdout, done.stderr, done.returncode

    address = f"aiana:///session/s/codex#{stood}\n"
    told = ["succeeded", "1", "/work/shop/src/cart.ts", "codex", ERROR, address]
    for answer in (run(ASKED), run("-", given=ASKED), run(given=f"$ npx tsc\n{ASKED}\n")):
        assert (answer[0].split("\t")[1:], answer[2]) == (told, 0)
    out, note, status = run("Cannot find module 'x'")
    assert (out, status) == ("", 0)
    assert "No session is surely known" in note
    assert "says too little" in run("failed")[1]
    assert run("--json", ASKED)[0].startswith("{")
