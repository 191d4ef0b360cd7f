"""The real assistants: what each does is followed while it does it, and read as it was."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from aiana.capture import sources
from aiana.capture.importer import import_sources
from aiana.models import Message
from aiana.storage import AianaStorage
from tests.assistants.model import Model
from tests.assistants.programs import PROGRAMS, WITHIN_S, Program, end_what_is_left
from tests.assistants.steps import Edits, Reads, Runs, Says, Step, Thinks, Writes

PROMPTS = ("Why does the sum come out wrong? Please fix it.", "Check that it works now")
BEFORE, AFTER = "    return a - b", "    return a + b"
THOUGHT = "The test imports a module that does not exist."
LOOK = "ls -la && cat app.py"
ANSWER = "The helper now adds; `zebra_crossing_total` was the wrong name."
CHECK, CHECKED = "python3 -c 'import helper; print(helper.add(2, 3))'", "It prints 5"
NOT_INHERITED = ("XDG_", "CLAUDE_", "CODEX_", "COPILOT_", "GEMINI_", "QWEN_", "CLINE_", "CONTINUE_")
"""How variables begin that would lead capture out of the home."""


def script(project: Path) -> list[list[Step]]:
    helper = project / "helper.py"
    return [
        [
            Thinks(THOUGHT),
            Says("I'll look at what is there."),
            Runs(LOOK),
            Writes(helper, f"def add(a, b):\n{BEFORE}\n"),
            Reads(helper),
            Edits(helper, BEFORE, AFTER),
            Says(ANSWER),
        ],
        [Runs(CHECK), Says(f"{CHECKED}, so the sum is right.")],
    ]


class Looking(threading.Thread):
    """Looks for texts in what a program has written, and in what can be found."""

    def __init__(self, storage: AianaStorage, folders: list[Path], texts: list[str]) -> None:
        super().__init__(daemon=True)
        self._storage, self._folders, self._texts = storage, folders, texts
        self.written: dict[str, float] = {}
        self.found: dict[str, float] = {}
        self.ended = threading.Event()
        self._seen: dict[Path, tuple[int, int]] = {}

    def run(self) -> None:
        while len(self.found) < len(self._texts) and not self.ended.wait(0.05):
            for text in self._texts:
                if text not in self.found and self._storage.search(f'"{text}"'):
                    self.found[text] = time.monotonic()
            self._look()

    def _look(self) -> None:
        for top in self._folders:
            for folder, _, names in os.walk(top):
                for name in names:
                    with suppress(OSError):
                        self._look_at(Path(folder, name))

    def _look_at(self, path: Path) -> None:
        status = path.stat()
        facts = status.st_size, status.st_mtime_ns
        if self._seen.get(path) != facts:
            self._seen[path] = facts
            data = path.read_bytes()
            for text in self._texts:
                if text.encode() in data:
                    self.written.setdefault(text, time.monotonic())


@pytest.fixture
def watched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[], subprocess.Popen[str]]]:
    """Starts `aiana watch` in the home of the test; returns once it follows."""
    started: list[subprocess.Popen[str]] = []

    def start() -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "aiana", "watch"],
            env=os.environ
            | {"AIANA_HOME": str(tmp_path / "data"), "AIANA_EMBEDDING_MODEL": "none"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        assert process.stderr is not None
        assert any("follows" in line for line in process.stderr)
        return process

    yield start
    for process in started:
        process.terminate()
        process.communicate(timeout=WITHIN_S)


def tells_what_was_done(
    program: Program, project: Path, messages: list[Message], turns: int
) -> None:
    """Each prompt, answer, call, edit and thought of the script, once and in order."""
    asked = [m.content for m in messages if m.type == "user"]
    assert asked == list(PROMPTS[:turns])
    said = [m.content for m in messages if m.type == "assistant"]
    assert sum(ANSWER in text for text in said) == 1
    first = next(n for n, m in enumerate(messages) if m.content == PROMPTS[0])
    assert first < next(n for n, m in enumerate(messages) if ANSWER in m.content)
    if turns == 2:
        assert sum(CHECKED in text for text in said) == 1
        assert CHECKED in said[-1]
    if not program.has_tools:
        return
    called = [m for m in messages if m.type == "tool_use"]
    inputs = [m.tool_input or "" for m in called]
    results = [m.content for m in messages if m.type == "tool_result"]
    assert sum(LOOK in m.content for m in called) == 1
    assert any('print("hello")' in text for text in results)
    edits = [given for given in inputs if BEFORE.strip() in given and AFTER.strip() in given]
    assert len(edits) == 1
    assert AFTER in (project / "helper.py").read_text()
    if program.thinks:
        thoughts = [m.content for m in messages if m.type == "thinking"]
        assert sum(THOUGHT.rstrip(".") in text for text in thoughts) == 1


@pytest.mark.timeout(6 * WITHIN_S)
@pytest.mark.parametrize("program", PROGRAMS, ids=str)
def test_a_real_assistant_is_followed(
    program: Program,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    watched: Callable[[], subprocess.Popen[str]],
    record_property: Callable[[str, object], None],
) -> None:
    home, project = tmp_path / "home", tmp_path / "project"
    program.path  # noqa: B018 - skips
    for variable in list(os.environ):
        if variable.startswith(NOT_INHERITED):
            monkeypatch.delenv(variable)
    monkeypatch.setenv("HOME", str(home))
    model = Model(script(project), is_plain=not program.has_tools)
    turns = 1 if program.again is None else 2
    texts = [ANSWER.partition(";")[0], CHECKED][:turns]
    try:
        program.prepare(model.url, home, project)
        watch = watched()
        places = [root for source in sources().values() for root in source.roots()]
        places = [root for root in places if root.is_relative_to(home)] or [project]
        with AianaStorage(tmp_path / "data" / "conversations.db") as storage:
            looking = Looking(storage, [*places, project], texts)
            looking.start()
            try:
                for n, prompt in enumerate(PROMPTS[:turns]):
                    program.ask(prompt, project, program.environment(model.url, home), n > 0)
                    end_what_is_left(home, watch.pid)
                    if program.history and n == 0:
                        # Nobody lists the projects in which it was used: it is given once.
                        import_sources(storage, paths=[project / program.history])
                looking.join(WITHIN_S)
            finally:
                looking.ended.set()
                looking.join()
            assert set(looking.found) == set(texts)
            told = sorted(storage.list_sessions(), key=lambda session: session.started_at)
            # Without sessions of its own, each start is one.
            assert len(told) == (1 if program.has_tools else turns)
            assert {session.source for session in told} == {program.source}
            assert {session.project_path for session in told} == {str(project)}
            messages = [m for session in told for m in storage.get_messages(session.id)]
            tells_what_was_done(program, project, messages, turns)
            # Nothing is read twice, and nothing was left out.
            again = import_sources(storage, sources=[program.source])
            counts = again.sources[program.source]
            assert (counts.messages, counts.failed, counts.left_out) == (0, [], [])
        live = texts[1:] if program.history else texts
        waits = [looking.found[text] - looking.written[text] for text in live]
        record_property("seconds from write to hit", [round(wait, 2) for wait in waits])
        print(program.source, "from write to hit:", [f"{wait:.2f} s" for wait in waits])  # noqa: T201
    finally:
        model.close()
        end_what_is_left(home)
