"""The stack's file: valid by Compose's own schema, closed to the network, with checks that work.

No Docker engine is used.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from aiana.diagnostics.doctor import TESTED_QDRANT
from aiana.storage import AianaStorage
from tests.integration.servers import until

ROOT = Path(__file__).parents[2]
COMPOSE = ROOT / "docker-compose.yml"


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    compose = YAML(typ="safe").load(COMPOSE.read_text("utf-8"))
    services: dict[str, Any] = compose["services"]
    return services


def test_file_is_valid_by_the_schema_of_compose() -> None:
    check = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    done = subprocess.run([*check, str(COMPOSE)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_limits_are_those_of_the_specification(services: dict[str, Any]) -> None:
    limits = {name: service["deploy"]["resources"]["limits"] for name, service in services.items()}
    assert limits["aiana"] == {"cpus": "1.0", "memory": "512M"}
    assert limits["redis"] == {"cpus": "0.25", "memory": "192M"}
    assert limits["qdrant"] == {"cpus": "0.5", "memory": "512M"}


def test_ports_are_loopback_by_default(
    services: dict[str, Any],
) -> None:
    """Ports are of this machine alone unless a team says otherwise."""
    for name, service in services.items():
        for port in service.get("ports", []):
            own = "${AIANA_TEAM_ADDRESS:-127.0.0.1}:" if name.endswith("-team") else "127.0.0.1:"
            assert port.startswith(own), name
        assert service.get("profiles", []) == (["team"] if name.endswith("-team") else [])


def test_compose_pins_and_read_only_mounts(services: dict[str, Any]) -> None:
    for service in services.values():
        assert service["image"].rpartition(":")[2][-1:].isalnum()
        assert not service["image"].endswith("latest")
    aiana = services["aiana"]
    assert aiana["read_only"] is True
    assert [v for v in aiana["volumes"] if ":/transcripts" in v and v.endswith(":ro")]
    command = services["redis"]["command"]
    assert command[3:5] == ["--maxmemory", "128mb"]
    assert {"--appendonly", "--maxmemory-policy"} <= set(command)


def test_image_without_torch_and_root() -> None:
    text = (ROOT / "docker" / "Dockerfile").read_text("utf-8")
    running = text.rpartition("\nFROM ")[2]
    assert "torch" not in running
    assert "[full" not in running
    assert "\nUSER aiana\n" in running
    # The compiled model is its owner's alone, who is not root in the second stage.
    assert "--chown=aiana:aiana /build/models " in running


@pytest.mark.parametrize(
    ("service", "setting"),
    [("redis-team", "AIANA_REDIS_PASSWORD"), ("qdrant-team", "AIANA_QDRANT_API_KEY")],
)
def test_missing_password_is_said(services: dict[str, Any], service: str, setting: str) -> None:
    described = services[service]
    command: list[str] = described.get("entrypoint") or described["command"]
    # Compose makes one sign of two.
    script = [word.replace("$$", "$") for word in command]
    environ = {"PATH": os.environ["PATH"]}
    done = subprocess.run(script, env=environ, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert done.stderr.startswith(f"{setting} is not set: ")


def test_servers_are_those_that_were_tested(services: dict[str, Any]) -> None:
    image = services["qdrant"]["image"]
    assert image.startswith(f"qdrant/qdrant:v{TESTED_QDRANT}.")
    assert services["qdrant-team"]["image"] == image


class _Ready(BaseHTTPRequestHandler):
    status = 200

    def do_GET(self) -> None:
        self.send_response(self.status if self.path == "/readyz" else 404)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def ready() -> Iterator[HTTPServer]:
    server = HTTPServer(("127.0.0.1", 0), _Ready)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield server
    _Ready.status = 200
    server.shutdown()
    server.server_close()


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
def test_qdrant_health_check(services: dict[str, Any], ready: HTTPServer) -> None:
    command: list[str] = services["qdrant"]["healthcheck"]["test"][1:]
    check = [word.replace("/6333", f"/{ready.server_port}") for word in command]
    assert subprocess.run(check, timeout=60).returncode == 0
    _Ready.status = 503
    assert subprocess.run(check, timeout=60).returncode != 0
    nobody = [word.replace("/6333", "/1") for word in command]
    assert subprocess.run(nobody, timeout=60, stderr=subprocess.DEVNULL).returncode != 0


_SLOW = (
    "CREATE TABLE many AS WITH RECURSIVE n(i) AS "
    "(SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 250) SELECT i FROM n",
    "CREATE TRIGGER slow AFTER INSERT ON sessions "
    "BEGIN SELECT count(*) FROM many a, many b, many c; END",
)
"""To store a session then takes a good part of a second."""


def test_watch_ends_in_order_in_its_first_round(tmp_path: Path) -> None:
    projects = tmp_path / "claude" / "projects" / "-home-ada-shop"
    projects.mkdir(parents=True)
    sample = max((ROOT / "tests" / "fixtures" / "sample").glob("*.jsonl"), key=_size).read_text()
    for number in range(400):
        text = re.sub(r'"(uuid|sessionId|parentUuid)": ?"', rf'"\1":"{number}-', sample)
        (projects / f"{number}.jsonl").write_text(text)
    home = tmp_path / "home"
    environ = os.environ | {
        "AIANA_HOME": str(home),
        "CLAUDE_CONFIG_DIR": str(tmp_path / "claude"),
        "AIANA_EMBEDDING_MODEL": "none-at-all",
    }
    command = [sys.executable, "-m", "aiana", "watch"]
    with AianaStorage(home / "conversations.db") as storage:
        with storage.database.writing() as connection:
            for statement in _SLOW:
                connection.execute(statement)
        with subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, text=True) as process:
            try:
                until(lambda: storage.get_stats().sessions)
                process.send_signal(signal.SIGTERM)
                said, _ = process.communicate(timeout=60)
            finally:
                process.kill()
        assert process.returncode == 0, said
        left = storage.get_stats().sessions
    assert 0 < left < 400
    assert [path.name for path in home.glob("conversations.db*")] == ["conversations.db"]


def _size(path: Path) -> int:
    return path.stat().st_size


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_watch_goes_on_with_what_is_new(tmp_path: Path, ending: signal.Signals) -> None:
    projects = tmp_path / "claude" / "projects" / "-home-ada-shop"
    projects.mkdir(parents=True)
    first, second = sorted((ROOT / "tests" / "fixtures" / "sample").glob("*.jsonl"))[:2]
    shutil.copy(first, projects)
    home = tmp_path / "home"
    environ = os.environ | {
        "AIANA_HOME": str(home),
        "CLAUDE_CONFIG_DIR": str(tmp_path / "claude"),
        "AIANA_EMBEDDING_MODEL": "none-at-all",
    }
    command = [sys.executable, "-m", "aiana", "watch"]
    # Whoever is started in the background of a shell is told to ignore interrupts.
    ours = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        process = subprocess.Popen(
            command, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
    finally:
        signal.signal(signal.SIGINT, ours)
    try:
        with AianaStorage(home / "conversations.db") as storage:
            until(lambda: storage.get_stats().sessions == 1)
            shutil.copy(second, projects)
            until(lambda: storage.get_stats().sessions == 2)
        process.send_signal(ending)
        assert process.wait(60) == 0
    finally:
        process.kill()
        process.wait()
