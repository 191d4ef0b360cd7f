"""What hooks tell assistants of a project full of attacks: all of it stands in one fence."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from aiana.config import Config
from aiana.models import Message, Session
from aiana.service import open_aiana
from tests.hostile import ACTING, ATTACKS, WHEN, fill

CHOSEN = list(enumerate(ATTACKS))[::5]
OWN = re.compile(r"(## [A-Z][a-z ]+|- [^<]+ · aiana:///\S+|>.*|)")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project, beside the data folder that holds it."""
    project = tmp_path_factory.mktemp("hostile") / "shop"
    project.mkdir()
    aiana = open_aiana(Config(data_dir=project.parent / "aiana"))
    fill(aiana, aiana.project_of(project))
    session = Session(
        id="locks",
        source="codex",
        project=aiana.project_of(project),
        started_at=WHEN,
        title="Locks",
    )
    said = [f"The zebra{n}_lock fixture mends the test. {attack}" for n, attack in CHOSEN]
    messages = [
        Message(
            id=f"lock-{n}",
            session_id="locks",
            type="assistant",
            role="assistant",
            content=text,
            timestamp=WHEN,
        )
        for n, text in enumerate(said)
    ]
    aiana.record_messages(session, messages)
    aiana.close()
    return project


def told(folder: Path, event: str, **given: Any) -> str:
    """The context that a hook gives, whose lines were checked."""
    done = subprocess.run(
        [sys.executable, "-m", "aiana", "hook", event],
        input=json.dumps({"session_id": "new", "cwd": str(folder), **given}),
        capture_output=True,
        text=True,
        env={**os.environ, "AIANA_HOME": str(folder.parent / "aiana")},
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    if not done.stdout.strip():
        return ""
    context = str(json.loads(done.stdout)["hookSpecificOutput"]["additionalContext"])
    lines = context.split("\n")
    nonce = re.fullmatch(r'<aiana-context nonce="([0-9a-f]+)">', lines[0])
    assert nonce, lines[0]
    assert lines[-2:] == [f"end {nonce[1]}", "</aiana-context>"]
    assert context.count("<") == 2
    assert [line for line in lines[2:-2] if not OWN.fullmatch(line)] == []
    assert ACTING.findall(context) == []
    return context


def test_the_start_of_a_session(folder: Path) -> None:
    context = told(folder, "session-start", hook_event_name="SessionStart", source="startup")
    assert "## Kept" in context


@pytest.mark.parametrize(("number", "attack"), CHOSEN)
def test_a_prompt(folder: Path, number: int, attack: str) -> None:
    prompt = f"what does the zebra{number}_lock fixture mend, and {attack}"
    context = told(folder, "prompt", hook_event_name="UserPromptSubmit", prompt=prompt)
    assert f"zebra{number}_lock" in context
