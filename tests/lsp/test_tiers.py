"""Redis and Qdrant go away and come back while an editor runs: it is told, and always answered."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.qdrant_endpoint import KEY, QdrantEndpoint
from tests.integration.servers import PASSWORD, RedisServer
from tests.lsp.client import Client

TEXT = "The flaky login test is fixed by freezing the clock."


class Servers:
    """Both, by name."""

    def __init__(self, folder: Path) -> None:
        self.redis, self.qdrant = RedisServer(folder), QdrantEndpoint()
        self.start(["redis", "qdrant"])

    def start(self, names: list[str]) -> None:
        for name in names:
            getattr(self, name).start()

    def stop(self, names: list[str]) -> None:
        for name in names:
            getattr(self, name).stop()


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[Servers]:
    servers = Servers(tmp_path)
    yield servers
    servers.redis.stop()
    servers.qdrant.close()


@pytest.fixture
def client(
    start: Callable[..., Client],
    environ: dict[str, str],
    servers: Servers,
    compiled_model_home: Path,
) -> Client:
    home = Path(environ["AIANA_HOME"])
    home.mkdir()
    (home / "models").symlink_to(compiled_model_home / "models")
    urls = {
        "REDIS_URL": servers.redis.url,
        "QDRANT_URL": servers.qdrant.url,
        "QDRANT_API_KEY": KEY,
        "AIANA_EMBEDDING_MODEL": "all-MiniLM-L6-v2",
    }
    client = start(env={**environ, **urls})
    client.initialize()
    client.request("aiana/memory/add", {"content": TEXT})
    return client


def told(client: Client, **states: str) -> dict[str, Any]:
    """The next status in which these tiers are in these states, and everything is embedded."""
    while True:
        status: dict[str, Any] = client.notification("aiana/statusChanged")
        found = {name: status["tiers"][name]["state"] for name in states}
        if found == states and status["counts"]["vectors"] == 1:
            return status


def until_equal(ask: Callable[[], Any], wanted: Any) -> None:
    """Ask until it is so: on a busy machine a server may for once take longer than it may."""
    deadline = time.monotonic() + 60
    while (answer := ask()) != wanted:
        assert time.monotonic() < deadline, answer
        time.sleep(0.05)


@pytest.mark.parametrize(
    "gone", [["redis"], ["qdrant"], ["redis", "qdrant"]], ids=["redis", "qdrant", "both"]
)
def test_editor_is_told_and_answered(client: Client, servers: Servers, gone: list[str]) -> None:
    def search() -> tuple[list[str], list[str]]:
        params = {"query": "authentication spec fails", "mode": "semantic"}
        answer = client.request("aiana/search", params)
        return [hit["content"] for hit in answer["hits"]], [d["tier"] for d in answer["degraded"]]

    def context() -> tuple[bool, list[str]]:
        answer = client.request("aiana/context", {"query": "login", "scope": "all"})
        return TEXT in answer["context"], [entry["tier"] for entry in answer["degraded"]]

    all_well = {"redis": "ok", "qdrant": "ok"}
    assert told(client, **all_well)["health"] == "ok"
    before = servers.qdrant.searches
    until_equal(search, ([TEXT], []))
    assert servers.qdrant.searches > before
    until_equal(context, (True, []))

    servers.stop(gone)
    missed = [name for name in gone if name == "qdrant"]
    hits, degraded = search()
    assert (hits, set(missed) <= set(degraded)) == ([TEXT], True)
    until_equal(search, ([TEXT], missed))
    client.request("aiana/preference/add", {"text": "Uses uv"})
    until_equal(context, (True, gone))
    status = told(client, **all_well | dict.fromkeys(gone, "unavailable"))
    assert status["health"] == "warning"
    for name in gone:
        assert "eanwhile" in status["tiers"][name]["detail"]

    servers.start(gone)
    assert told(client, **all_well)["health"] == "ok"
    until_equal(search, ([TEXT], []))
    until_equal(context, (True, []))
    assert PASSWORD.encode() not in client.stderr
    assert KEY.encode() not in client.stderr
