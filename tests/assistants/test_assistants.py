"""The real assistants: `aiana setup` in a fresh home, a session, and `--remove`.

A scripted model calls `memory_search` once, and keeps everything that it was sent.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from aiana.config import Config
from aiana.models import Message, Session
from aiana.service import open_aiana
from tests.assistants.model import Model
from tests.assistants.programs import PROGRAMS, WITHIN_S, Program, run
from tests.assistants.steps import Calls

ASK = "Why is the login test so flaky?"
SAID = "The login test was flaky since two workers shared one port."
KEPT = "Ports come from a pool"


@pytest.fixture
def model() -> Iterator[Model]:
    running = Model([[Calls("memory_search", {"query": "flaky login test"})]])
    yield running
    running.close()


def remembered(home: Path, project: Path) -> None:
    """Yesterday's session in this project, and something that was kept."""
    aiana = open_aiana(Config(data_dir=home / ".aiana"))
    identity = aiana.project_of(project)
    session = Session(
        id="yesterday",
        source="codex",
        project=identity,
        project_path=str(project),
        started_at="2026-02-01T12:00:00.000Z",
        title="Ports of the tests",
    )
    message = Message(
        id="yesterday-1",
        session_id="yesterday",
        type="assistant",
        role="assistant",
        content=SAID,
        timestamp="2026-02-01T12:00:00.000Z",
    )
    aiana.record_messages(session, [message])
    aiana.add_memory(KEPT, project=identity)
    aiana.close()


def configuration(home: Path) -> dict[str, bytes]:
    """Every file of a home but Aiana's own."""
    paths = [path for path in home.rglob("*") if path.is_file() and ".aiana" not in path.parts]
    return {str(path.relative_to(home)): path.read_bytes() for path in paths}


@pytest.mark.timeout(6 * WITHIN_S)
@pytest.mark.parametrize("program", [each for each in PROGRAMS if each.target], ids=str)
def test_a_real_assistant_has_its_memory(program: Program, tmp_path: Path, model: Model) -> None:
    home, project = tmp_path / "home", tmp_path / "project"
    program.prepare(model.url, home, project)
    remembered(home, project)
    environ = program.environment(model.url, home, AIANA_EMBEDDING_MODEL="none")
    target = program.target or ""

    def aiana(*words: str) -> str:
        return run([sys.executable, "-m", "aiana", *words], project, environ)

    before = configuration(home)
    aiana("setup", target)
    written = configuration(home)
    assert written != before
    aiana("setup", target, "--remove")
    assert configuration(home) == before

    aiana("setup", target)
    program.ask(ASK, project, environ)
    asked = [plain(each) for each in model.asked]
    assert any(f"> {SAID}" in each and "memory_search" in each for each in asked), "by the tool"
    if program.has_hooks:
        first = next(each for each in asked if ASK in each)
        assert f"> {KEPT}" in first, "at the start of the session"
        assert f"> {SAID}" in first, "with the prompt"

    aiana("import", "--no-embed")
    told = json.loads(aiana("search", "--json", "--mode", "keyword", f'"{SAID}"'))
    assert {hit["sessionId"] for hit in told["hits"]} == {"yesterday"}, "never captured again"
    listed = json.loads(aiana("sessions", "list", "--json"))["sessions"]
    assert len(listed) == 2, "the session that was captured, and yesterday's"

    aiana("setup", target, "--remove")
    after = configuration(home)
    for name in written:
        assert after.get(name) == before.get(name) or not re.search(rb"aiana", after[name])


def plain(body: str) -> str:
    """A request with the escapes of what it holds undone, however deep."""
    unescaped: Any = body.replace("\\\\", "\\").replace('\\"', '"')
    return str(unescaped).replace("\\u003e", ">").replace("&gt;", ">")
