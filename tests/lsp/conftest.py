"""A running server for each test, over a real pipe."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.lsp.client import Client


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """An environment with a data folder, and no assistants, of its own."""
    return {
        **os.environ,
        "AIANA_HOME": str(tmp_path / "aiana"),
        "CLAUDE_CONFIG_DIR": str(tmp_path / "claude"),
        "AIANA_EMBEDDING_MODEL": "no-such-model",
    }


@pytest.fixture
def start(environ: dict[str, str]) -> Iterator[Callable[..., Client]]:
    """Starts servers, and ends them after the test."""
    clients: list[Client] = []

    def start_one(*command: str, env: dict[str, str] | None = None) -> Client:
        clients.append(Client(env or environ, *command))
        return clients[-1]

    yield start_one
    for client in clients:
        client.close()


@pytest.fixture
def client(start: Callable[..., Client]) -> Client:
    """An initialized server without a workspace."""
    running = start()
    running.initialize()
    return running
