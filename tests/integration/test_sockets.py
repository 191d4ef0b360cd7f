"""No program of Aiana opens a socket to anywhere but this machine, and none listens."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.lsp.client import Client
from tests.mcp.client import Client as McpClient

SAMPLE = Path(__file__).parents[1] / "fixtures" / "sample"
WATCHER = """
import os, sys

def told(event, given):
    if event == "socket.bind" or event == "socket.listen":
        found = f"{event} {given[1:]}"
    elif event in ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"):
        found = f"{event} {given[0]}"
    elif event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
        address = given[1] if len(given) > 1 else None
        if isinstance(address, tuple) and address[0] in ("127.0.0.1", "::1"):
            return
        found = f"{event} {address}"
    else:
        return
    with open(os.environ["AIANA_TEST_SOCKETS"], "a") as log:
        log.write(f"{sys.argv} {found}\\n")
    raise PermissionError(found)

sys.addaudithook(told)
with open(os.environ["AIANA_TEST_SOCKETS"] + ".seen", "a") as log:
    log.write(f"{sys.argv[1:2]}\\n")
"""


@pytest.fixture
def environ(tmp_path: Path, compiled_model_home: Path) -> dict[str, str]:
    """Of programs in which a socket that leads elsewhere is noted, and refused."""
    transcripts = tmp_path / "claude" / "projects" / "-home-ada-shop"
    transcripts.mkdir(parents=True)
    for transcript in SAMPLE.glob("*.jsonl"):
        shutil.copy(transcript, transcripts)
    (tmp_path / "aiana").mkdir(mode=0o700)
    (tmp_path / "aiana" / "models").symlink_to(compiled_model_home / "models")
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(WATCHER)
    kept = {name: value for name, value in os.environ.items() if "URL" not in name}
    return {
        **kept,
        "AIANA_HOME": str(tmp_path / "aiana"),
        "CLAUDE_CONFIG_DIR": str(tmp_path / "claude"),
        "AIANA_TEST_SOCKETS": str(tmp_path / "sockets"),
        "PYTHONPATH": str(tmp_path / "site"),
    }


def run(
    environ: dict[str, str], *arguments: str, input: str = ""
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "aiana", *arguments],
        env=environ, input=input, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip


def opened(environ: dict[str, str]) -> list[str]:
    path = Path(environ["AIANA_TEST_SOCKETS"])
    assert path.with_name("sockets.seen").exists()
    return path.read_text().splitlines() if path.exists() else []


def test_the_watcher_sees_sockets(environ: dict[str, str]) -> None:
    for program in (
        "socket.create_connection(('192.0.2.1', 9))",
        "socket.getaddrinfo('example.invalid', 80)",
        "socket.socket().bind(('127.0.0.1', 0))",
    ):
        command = [sys.executable, "-c", f"import socket; {program}"]
        done = subprocess.run(command, env=environ, capture_output=True, check=False)
        assert b"PermissionError" in done.stderr
    assert len(opened(environ)) == 3


def test_commands_and_hooks_open_no_socket(environ: dict[str, str]) -> None:
    for command in (
        "import", "remember words", "prefer words", "search npm", "search --mode semantic npm",
        "context npm", "memories", "sessions list", "status", "doctor", "backup", "reindex fts",
        "sources", "secrets", "model compile", "setup --list", "forget --text words --yes",
    ):  # fmt: skip
        done = run(environ, *command.split())
        assert "Traceback" not in done.stderr, done.stderr
    given = {"session_id": "s", "cwd": "/", "prompt": "what about npm", "transcript_path": ""}
    for event in ("session-start", "prompt", "stop", "compact"):
        assert run(environ, "hook", event, input=json.dumps(given)).returncode == 0
    assert opened(environ) == []


def test_servers_and_the_watch_open_no_socket(environ: dict[str, str], tmp_path: Path) -> None:
    with Client(environ) as client:
        client.initialize()
        client.request("aiana/capture/import", {})
        client.request("aiana/memory/add", {"content": "words"})
        for mode in ("keyword", "semantic"):
            client.request("aiana/search", {"query": "npm", "mode": mode, "waitForModel": True})
        client.request("aiana/context", {"query": "npm"})
        client.request("aiana/status", {})
    mcp = McpClient(environ, tmp_path)
    mcp.initialize()
    assert mcp.text("memory_search", query="npm")
    mcp.close()
    watch = subprocess.Popen(
        [sys.executable, "-m", "aiana", "watch"],
        env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    assert watch.stdout is not None
    assert watch.stdout.readline()
    watch.terminate()
    watch.communicate(timeout=120)
    assert opened(environ) == []
