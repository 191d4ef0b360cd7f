"""Several processes capture the same chats at once: nothing is doubled, and nothing lost."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.lsp.client import Client

Start = Callable[..., Client]
TURNS = [(f"question {n} about the heron", f"Answer {n}.") for n in range(1, 7)]


@pytest.fixture
def user(environ: dict[str, str], tmp_path: Path) -> Path:
    """The folder `User` of an editor whose windows keep chats in it."""
    environ["VSCODE_USER_DATA_DIR"] = str(tmp_path / "code")
    for name in ("a1", "b2"):
        workspace = tmp_path / "code" / "User" / "workspaceStorage" / name
        (workspace / "chatSessions").mkdir(parents=True)
        (workspace / "workspace.json").write_text(json.dumps({"folder": f"file:///work/{name}"}))
    return tmp_path / "code" / "User"


def chat(*turns: int) -> dict[str, Any]:
    requests = [
        {
            "requestId": f"request_{n}",
            "timestamp": 1_769_947_200_000 + n,
            "message": {"text": TURNS[n][0]},
            "response": [{"value": TURNS[n][1]}],
        }
        for n in turns
    ]
    return {"version": 3, "sessionId": "s1", "responderUsername": "", "requests": requests}


def begin(path: Path, *turns: int) -> None:
    """A window writes its log of the chat from the beginning."""
    beside = path.with_suffix(".new")
    beside.write_text(json.dumps({"kind": 0, "v": chat(*turns)}) + "\n")
    beside.replace(path)


def go_on(path: Path, turn: int) -> None:
    """A window that has the chat open adds a turn to its log."""
    entry = {"kind": 2, "k": ["requests"], "v": chat(turn)["requests"]}
    with path.open("a") as log:
        log.write(json.dumps(entry) + "\n")


def told(client: Client) -> dict[str, list[str]]:
    """What a server says of all sessions: their texts in their order."""
    sessions = client.request("aiana/session/list", {})["sessions"]
    return {
        each["id"]: [
            message["content"]
            for message in client.request("aiana/session/messages", {"id": each["id"]})["messages"]
        ]
        for each in sessions
    }


def until(client: Client, turns: int) -> None:
    """Wait until a server tells so many turns: those, once each, and in their order."""
    texts = [text for turn in TURNS[:turns] for text in turn]
    while (found := told(client)) != {"s1": texts}:
        assert all(texts[: len(each)] == each for each in found.values()), found
        client.notification("aiana/didChange")


def run(environ: dict[str, str], *arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "aiana", *arguments], env=environ, stdout=subprocess.DEVNULL
    )


def test_a_chat_in_two_windows_and_two_workspaces(
    start: Start, environ: dict[str, str], user: Path
) -> None:
    first, second = start(), start()
    for client in (first, second):
        client.initialize()
    here = user / "workspaceStorage" / "a1" / "chatSessions" / "s1.jsonl"
    there = user / "workspaceStorage" / "b2" / "chatSessions" / "s1.jsonl"
    begin(here, 0)
    until(first, 1)
    until(second, 1)
    go_on(here, 1)  # the other window has it open, too
    until(second, 2)
    first.process.kill()
    go_on(here, 2)
    until(second, 3)
    # It is handed to the other workspace, and goes on there while two more processes import.
    handed = user / "globalStorage" / "transferredChatSessions" / "s1.json"
    handed.parent.mkdir(parents=True)
    handed.write_text(json.dumps(chat(0, 1, 2)))
    shutil.copy(here, there)
    importing = [run(environ, "import", "vscode-chat", "--no-embed") for _ in range(2)]
    third = start()
    third.initialize()
    go_on(there, 3)
    for process in importing:
        assert process.wait() == 0
    until(second, 4)
    until(third, 4)
    handed.unlink()
    # The window writes its log anew, shorter than it was; the old one stays where it is.
    begin(there, 0, 1, 2, 3, 4)
    until(third, 5)
    go_on(there, 5)
    until(second, 6)
    until(third, 6)
    clean = environ | {"AIANA_HOME": environ["AIANA_HOME"] + "-clean"}
    assert run(clean, "import", "vscode-chat", "--no-embed").wait() == 0
    another = start(env=clean)
    another.initialize()
    assert told(another) == told(third)


def test_many_processes_import_the_same_files_at_once(
    start: Start, environ: dict[str, str], user: Path
) -> None:
    for name in ("a1", "b2"):
        begin(user / "workspaceStorage" / name / "chatSessions" / "s1.jsonl", *range(len(TURNS)))
    importing = [run(environ, "import", "vscode-chat", "--no-embed") for _ in range(4)]
    assert [process.wait() for process in importing] == [0] * 4
    client = start()
    client.initialize()
    until(client, len(TURNS))
