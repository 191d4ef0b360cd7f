"""What the server does unasked: it imports what is written, and takes over from the dead."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.lsp.client import Client

SAMPLE = Path(__file__).parents[1] / "fixtures" / "sample"
REDIS = "18a0a8ac-c2fe-5a36-97a5-2ba8e18f0108"

Start = Callable[..., Client]


@pytest.fixture
def projects(environ: dict[str, str]) -> Path:
    """The folder where Claude Code would write its sessions."""
    folder = Path(environ["CLAUDE_CONFIG_DIR"]) / "projects" / "-home-ada-shop"
    folder.mkdir(parents=True)
    return folder


def sessions_after_change(client: Client) -> list[str]:
    """Sessions that are stored once the server has told of a change to them."""
    while "sessions" not in client.notification("aiana/didChange")["kinds"]:
        pass
    return [session["id"] for session in client.request("aiana/session/list", {})["sessions"]]


def test_new_turns_come_in_while_the_server_runs(start: Start, projects: Path) -> None:
    client = start()
    client.initialize()
    client.notification("aiana/statusChanged")
    lines = (SAMPLE / f"{REDIS}.jsonl").read_bytes().splitlines(keepends=True)
    transcript = projects / f"{REDIS}.jsonl"
    transcript.write_bytes(b"".join(lines[:2]) + lines[2][:40])
    assert sessions_after_change(client) == [REDIS]
    assert len(client.request("aiana/session/messages", {"id": REDIS})["messages"]) == 2
    with transcript.open("ab") as file:
        file.write(lines[2][40:] + b"".join(lines[3:]))
    assert sessions_after_change(client) == [REDIS]
    assert len(client.request("aiana/session/messages", {"id": REDIS})["messages"]) == 6


def test_another_server_takes_over_when_one_is_killed(start: Start, projects: Path) -> None:
    first = start()
    first.initialize()
    first.notification("aiana/statusChanged")
    second = start()
    second.initialize()
    second.notification("aiana/statusChanged")
    first.process.kill()
    first.process.wait(30)
    shutil.copy(SAMPLE / f"{REDIS}.jsonl", projects)
    assert sessions_after_change(second) == [REDIS]
