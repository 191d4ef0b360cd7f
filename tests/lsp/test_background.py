"""What the server does unasked: it imports what is written, and takes over from the dead."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import pytest
from filelock import FileLock

from aiana.embeddings.locate import compiled_folder
from aiana.lsp.background import COMPILING
from aiana.private import make_folder
from tests.lsp.client import Client, ServerError

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


@pytest.fixture
def uncompiled(tmp_path: Path) -> Path:
    """A model that is still to be compiled, which will fail."""
    for module in ("torch", "sentence_transformers", "onnx"):
        if find_spec(module) is None:
            pytest.skip(f"compiling needs {module}")
    folder = tmp_path / "model"
    folder.mkdir()
    for name in ("modules.json", "tokenizer.json", "model.safetensors"):
        (folder / name).write_text("[]")
    return folder


@contextmanager
def compiling(environ: dict[str, str], model: Path) -> Iterator[None]:
    """The model is being compiled: whoever else would do it waits."""
    folder = compiled_folder(str(model), Path(environ["AIANA_HOME"]) / "models")
    make_folder(folder.parent)
    with FileLock(folder.parent / f".{folder.name}.lock"):
        yield


def test_requests_while_compiling(start: Start, environ: dict[str, str], uncompiled: Path) -> None:
    with compiling(environ, uncompiled):
        client = start(env={**environ, "AIANA_EMBEDDING_MODEL": str(uncompiled)})
        client.initialize(capabilities={"window": {"workDoneProgress": True}})
        client.request("aiana/memory/add", {"content": "the tests need make"})
        found = client.request("aiana/search", {"query": "tests", "partialResultToken": 1})
        assert [hit["content"] for hit in found["hits"]] == ["the tests need make"]
        assert found["modes"] == ["keyword"]
        assert [entry["tier"] for entry in found["degraded"]] == ["embedder"]
        assert "being prepared for this machine" in found["degraded"][0]["reason"]
        assert client.request("aiana/search", {"query": ""})["degraded"] == []
        with pytest.raises(ServerError) as caught:
            client.request("aiana/search", {"query": "tests", "mode": "semantic"})
        assert caught.value.data == {"kind": "modelUnavailable"}
        token = client.reply("window/workDoneProgress/create", None)["token"]
        shown = {
            "token": token,
            "value": {"kind": "begin", "title": COMPILING, "cancellable": False},
        }
        while client.notification("$/progress") != shown:
            pass
    while client.notification("aiana/statusChanged")["tiers"]["embedder"]["state"] != "loading":
        pass
    # Whatever the compiler does, the client may leave.
    assert client.exit() == 0


def test_another_server_takes_over_when_one_is_killed(start: Start, projects: Path) -> None:
    first = start()
    first.initialize()
    first.notification("aiana/statusChanged")
    second = start()
    second.initialize()
    second.notification("aiana/statusChanged")
    first.process.kill()
    first.process.wait(60)
    shutil.copy(SAMPLE / f"{REDIS}.jsonl", projects)
    assert sessions_after_change(second) == [REDIS]
