"""A store of two sessions, and servers over real pipes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from aiana.config import Config
from aiana.container import Container
from aiana.models import Message, Session
from aiana.service import Aiana
from tests.mcp.client import Client


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    folder.mkdir()
    return folder


@pytest.fixture
def environ(tmp_path: Path, project: Path) -> dict[str, str]:
    """An environment whose data folder holds yesterday's session of `project`, and another's."""
    home = tmp_path / "aiana"
    aiana = Aiana(Container(Config(data_dir=home)))
    for id, folder, said in (
        ("yesterday", project, "The login test was flaky since two workers shared one port."),
        ("elsewhere", tmp_path / "other", "The login page is blue."),
    ):
        session = Session(
            id=id,
            source="codex",
            project=aiana.project_of(folder),
            project_path=str(folder),
            started_at="2026-02-01T12:00:00.000Z",
            title=f"About {id}",
        )
        turns = [("user", "Why is the login test flaky?"), ("assistant", said)]
        messages = [
            Message(
                id=f"{id}-{place}",
                session_id=id,
                type="user" if role == "user" else "assistant",
                role=role,
                content=text,
                timestamp="2026-02-01T12:00:00.000Z",
                position=place,
            )
            for place, (role, text) in enumerate(turns)
        ]
        aiana.record_messages(session, messages)
    aiana.close()
    return {
        **os.environ,
        "AIANA_HOME": str(home),
        "CLAUDE_CONFIG_DIR": str(tmp_path / "claude"),
        "AIANA_EMBEDDING_MODEL": "no-such-model",
    }


@pytest.fixture
def start(environ: dict[str, str], project: Path) -> Iterator[Callable[[], Client]]:
    """Starts servers in the project, and ends them after the test."""
    clients: list[Client] = []

    def start_one() -> Client:
        clients.append(Client(environ, project))
        return clients[-1]

    yield start_one
    for client in clients:
        client.close()


@pytest.fixture
def client(start: Callable[[], Client]) -> Client:
    running = start()
    running.initialize()
    return running
