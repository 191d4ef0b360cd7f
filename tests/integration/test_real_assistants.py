"""Real programs with a model that follows a script: what they leave is what the scenario had.

`AIANA_ASSISTANTS` names the folder of their executables; what is not installed there is skipped.
A driver beside the project starts them, without a network, in homes of their own.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from msgspec import Struct

from aiana.capture.importer import import_sources
from aiana.storage import AianaStorage

DRIVER = Path(__file__).parents[3] / "shared" / "assistants" / "run.sh"
PROGRAMS = os.environ.get("AIANA_ASSISTANTS", "")
TURN_S = 240
"""Seconds after which a turn is given up; they take some ten, on an idle machine."""
PROMPTS = ("Why does the sum come out wrong? Please fix it.", "Check that it works now")
BEFORE, AFTER = "    return a - b", "    return a + b"
THOUGHT = "The test imports a module that does not exist."
LOOK, ANSWER = (
    "ls -la && cat app.py",
    "The helper now adds; `zebra_crossing_total` was the wrong name.",
)
CHECK, CHECKED = "python3 -c 'import helper; print(helper.add(2, 3))'", "It prints 5"
SCENARIO = [
    [
        {"think": THOUGHT},
        {"say": "I'll look at what is there."},
        {"run": LOOK},
        {"write": ["helper.py", f"def add(a, b):\n{BEFORE}\n"]},
        {"read": "helper.py"},
        {"edit": ["helper.py", BEFORE, AFTER]},
        {"say": ANSWER},
    ],
    [{"run": CHECK}, {"say": f"{CHECKED}, so the sum is right."}],
]


class Program(Struct, frozen=True, kw_only=True):
    """One that is driven, and what its files are known not to hold."""

    source: str
    executable: str
    thinks: bool = True
    """Whether it stores thoughts."""
    turns: int = 2


DRIVEN = {
    "claude": Program(source="claude-code", executable="claude", thinks=False),
    "codex": Program(source="codex", executable="codex"),
    "copilot": Program(source="copilot-cli", executable="copilot"),
    "opencode": Program(source="opencode", executable="opencode"),
    "gemini": Program(source="gemini", executable="gemini"),
    "qwen": Program(source="qwen", executable="qwen"),
    "continue": Program(source="continue", executable="cn", thinks=False),
    # Its command line resumes in a terminal only.
    "cline": Program(source="cline", executable="cline", turns=1),
}


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[AianaStorage]:
    with AianaStorage(tmp_path / "data" / "conversations.db") as opened:
        yield opened


def end_what_is_left(home: str) -> None:
    """End the servers that a program left behind, known by their home."""
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.environ().get("HOME") == home:
                process.kill()


def run(name: str, folder: Path) -> None:
    """Let a program play the scenario; its home is `home` and it works in `project`."""
    program = DRIVEN[name]
    if not PROGRAMS or shutil.which(program.executable, path=PROGRAMS) is None:
        pytest.skip(f"AIANA_ASSISTANTS names no folder with {program.executable}")
    if not DRIVER.is_file() or os.name != "posix" or os.geteuid() != 0:
        pytest.skip("what drives the programs is not here, or needs another user")
    scenario = folder / "scenario.json"
    scenario.write_text(json.dumps(SCENARIO))
    environment = {
        "BIN": PROGRAMS,
        "PATH": os.environ["PATH"],
        "HOME": str(folder / "home"),
        "SECONDS_A_TURN": str(TURN_S),
    }
    try:
        subprocess.run(
            ["bash", str(DRIVER), name, str(folder), str(scenario), *PROMPTS[: program.turns]],
            env=environment,
            check=True,
            timeout=3 * TURN_S,
            stdin=subprocess.DEVNULL,
            capture_output=True,
        )
    finally:
        end_what_is_left(environment["HOME"])
    assert "status " not in (folder / "output.log").read_text(errors="replace")


@pytest.mark.timeout(4 * TURN_S)
@pytest.mark.parametrize("name", DRIVEN)
def test_real_assistants_import(
    name: str, tmp_path: Path, storage: AianaStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    run(name, folder)
    for variable in list(os.environ):
        if variable.startswith(
            ("XDG_", "CLAUDE_", "CODEX_", "COPILOT_", "GEMINI_", "QWEN_", "CLINE_")
        ):
            monkeypatch.delenv(variable)
    monkeypatch.delenv("CONTINUE_GLOBAL_DIR", raising=False)
    monkeypatch.setenv("HOME", str(folder / "home"))
    program = DRIVEN[name]
    result = import_sources(storage, sources=[program.source])
    assert result.sources[program.source].failed == []
    assert result.sources[program.source].left_out == []
    (session,) = storage.list_sessions()
    assert session.project_path == str(folder / "project")
    messages = storage.get_messages(session.id)
    asked = [m.content for m in messages if m.type == "user"]
    assert asked == list(PROMPTS[: program.turns])
    said = [m.content for m in messages if m.type == "assistant"]
    assert sum(ANSWER in text for text in said) == 1
    called = [m for m in messages if m.type == "tool_use"]
    inputs = [m.tool_input or "" for m in called]
    results = [m.content for m in messages if m.type == "tool_result"]
    assert sum(LOOK in m.content for m in called) == 1
    assert any('print("hello")' in text for text in results)
    edits = [given for given in inputs if BEFORE.strip() in given and AFTER.strip() in given]
    assert len(edits) == 1
    if program.thinks:
        thoughts = [m.content for m in messages if m.type == "thinking"]
        assert sum(THOUGHT.rstrip(".") in text for text in thoughts) == 1
    if program.turns == 2:
        assert sum(CHECKED in text for text in said) == 1
        assert said[-1].startswith(CHECKED)
    first = next(n for n, m in enumerate(messages) if m.content == PROMPTS[0])
    assert first < next(n for n, m in enumerate(messages) if ANSWER in m.content)
    # Nothing is read twice.
    again = import_sources(storage, sources=[program.source])
    assert again.sources[program.source].messages == 0
