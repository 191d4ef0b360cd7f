"""The cache: one contract for Redis and SQLite, and what happens when Redis goes away."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from aiana.config import Config
from aiana.errors import TierUnavailable
from aiana.protocol.results import ContextResult
from aiana.service import Aiana, open_aiana
from aiana.storage import AianaStorage
from aiana.storage import redis as redis_module
from aiana.storage.cache import Cache, SqliteCache
from aiana.storage.redis import MOST_ACTIVITIES, MOST_VARIANTS, RedisCache
from tests.integration.servers import PASSWORD, RedisServer, certificate, until

FAST = {"every_s": 0.02, "retry_s": 0.02}


@pytest.fixture(scope="module")
def shared_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path)
    server.start()
    yield server
    server.stop()


def raw(server: RedisServer) -> Any:
    from redis import Redis

    return Redis.from_url(server.url, decode_responses=True)


@pytest.fixture(params=["sqlite", "redis"])
def open_cache(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], Cache]]:
    """Opens the cache as one more process would."""
    opened: list[Any] = []
    if request.param == "redis":
        server: RedisServer = request.getfixturevalue("shared_server")
        raw(server).flushall()

    def open() -> Cache:
        cache: Any
        if request.param == "redis":
            cache = RedisCache(server.url, timeout_s=5)
        else:
            storage = AianaStorage(tmp_path / "conversations.db")
            opened.append(storage)
            cache = SqliteCache(tmp_path / "cache.db", storage.preferences)
        opened.append(cache)
        return cache  # type: ignore[no-any-return]

    yield open
    for one in opened:
        one.close()


class TestContract:
    """What SQLite and Redis answer alike."""

    def test_session_from_start_to_end(self, open_cache: Callable[[], Cache]) -> None:
        cache, other = open_cache(), open_cache()
        assert cache.get_active_session("abc123") is None
        cache.set_active_session(
            session_id="abc123", project="/projects/git-steer", metadata={"started_by": "user"}
        )
        session = other.get_active_session("abc123")
        assert session is not None
        assert session["session_id"] == "abc123"
        assert session["project"] == "/projects/git-steer"
        assert session["metadata"] == {"started_by": "user"}
        assert cache.update_session("abc123", {"message_count": 42}) == other.get_active_session(
            "abc123"
        )
        updated = other.get_active_session("abc123")
        assert updated is not None
        assert updated["message_count"] == 42
        assert updated["metadata"] == {"started_by": "user"}
        assert other.end_session("abc123") is True
        assert cache.get_active_session("abc123") is None
        assert cache.end_session("abc123") is False
        assert cache.update_session("abc123", {"message_count": 43}) is None

    def test_no_update_is_lost_between_clients(self, open_cache: Callable[[], Cache]) -> None:
        caches = [open_cache() for _ in range(4)]
        caches[0].set_active_session("s", "p")

        def count(number: int) -> None:
            for step in range(25):
                while True:
                    try:
                        caches[number].update_session("s", {f"field-{number}-{step}": step})
                        break
                    except TierUnavailable:  # The file was busy; a caller may try again.
                        continue

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(count, range(4)))
        session = caches[0].get_active_session("s")
        assert session is not None
        assert sum(name.startswith("field-") for name in session) == 100

    def test_contexts_live_and_are_invalidated(self, open_cache: Callable[[], Cache]) -> None:
        cache, other = open_cache(), open_cache()
        assert cache.get_cached_context("git-steer") is None
        cache.cache_context(project="git-steer", context="<aiana-context>é</aiana-context>")
        cache.cache_context("git-steer", "another", variant="v")
        cache.cache_context("shop", "kept", ttl=60)
        assert other.get_cached_context("git-steer") == "<aiana-context>é</aiana-context>"
        assert other.get_cached_context("git-steer", variant="v") == "another"
        other.invalidate_context("git-steer")
        assert cache.get_cached_context("git-steer") is None
        assert cache.get_cached_context("git-steer", variant="v") is None
        assert cache.get_cached_context("shop") == "kept"
        cache.invalidate_context()
        assert other.get_cached_context("shop") is None

    def test_contexts_of_a_project_are_bounded(self, open_cache: Callable[[], Cache]) -> None:
        cache = open_cache()
        for number in range(MOST_VARIANTS + 1):
            cache.cache_context("p", "text", variant=str(number))
        held = [
            cache.get_cached_context("p", variant=str(number))
            for number in range(MOST_VARIANTS + 1)
        ]
        assert held == [None] * MOST_VARIANTS + ["text"]

    def test_profile(self, open_cache: Callable[[], Cache]) -> None:
        cache = open_cache()
        assert cache.get_profile() == {"static": [], "dynamic": []}
        cache.add_preference("Uses TypeScript", static=True)
        cache.add_preference("Uses uv", static=True)
        cache.add_preference("Working on docs", static=False)
        cache.add_preference("Working on tests", static=False)
        assert open_cache().get_profile() == {
            "static": ["Uses TypeScript", "Uses uv"],
            "dynamic": ["Working on tests", "Working on docs"],
        }

    def test_activities_are_bounded_and_newest_first(self, open_cache: Callable[[], Cache]) -> None:
        cache = open_cache()
        for number in range(MOST_ACTIVITIES + 3):
            cache.record_activity({"kind": "memory", "number": number})
        numbers = [activity["number"] for activity in cache.recent_activities(10_000)]
        assert numbers == list(range(MOST_ACTIVITIES + 2, 2, -1))
        assert len(cache.recent_activities(2)) == 2
        assert cache.recent_activities(0) == []


def test_keys_and_times_to_live(server: RedisServer) -> None:
    cache, redis = RedisCache(server.url, timeout_s=5), raw(server)
    cache.set_active_session("abc", "p")
    cache.cache_context("p", "text")
    cache.add_preference("Uses uv")
    cache.record_activity({"kind": "memory"})
    lifetimes = {key: redis.ttl(key) for key in redis.scan_iter()}
    assert set(lifetimes) == {
        "aiana:session:abc",
        "aiana:context:p",
        "aiana:profile:default",
        "aiana:recent:activities",
    }
    hour = 3600
    assert 24 * hour - 5 <= lifetimes["aiana:session:abc"] <= 24 * hour
    assert 4 * hour - 5 <= lifetimes["aiana:context:p"] <= 4 * hour
    assert 7 * 24 * hour - 5 <= lifetimes["aiana:profile:default"] <= 7 * 24 * hour
    assert lifetimes["aiana:recent:activities"] == -1
    cache.close()


def test_wrong_password_is_said_and_never_shown(server: RedisServer) -> None:
    url = server.url.replace("s3cret-of-the-test", "hunter2-wrong")
    cache = RedisCache(url, timeout_s=5)
    with pytest.raises(TierUnavailable) as caught:
        cache.get_profile()
    assert "does not accept the user or password" in str(caught.value)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["redis://:hunter2@127.0.0.1:1/0", "nonsense://:hunter2@h", "redis://h:port", ""]
)
def test_redis_url_without_password(url: str) -> None:
    with pytest.raises(TierUnavailable) as caught:
        RedisCache(url).ping()
    assert "hunter2" not in str(caught.value)


class TestService:
    """What the service does with the cache, with and without Redis."""

    @pytest.fixture(autouse=True)
    def patient(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A Redis that is well may take its time on a busy machine."""
        monkeypatch.setattr(redis_module, "TIMEOUT_S", 5)

    @pytest.fixture(params=["sqlite", "redis"])
    def config(
        self, request: pytest.FixtureRequest, tmp_path: Path, compiled_model_home: Path
    ) -> Config:
        (tmp_path / "models").symlink_to(compiled_model_home / "models")
        url = None
        if request.param == "redis":
            server: RedisServer = request.getfixturevalue("server")
            url = server.url
        return Config(data_dir=tmp_path, redis_url=url)

    @pytest.fixture
    def window(self, config: Config) -> Iterator[Callable[[], Aiana]]:
        """Opens one more editor window."""
        opened = []

        def open() -> Aiana:
            aiana = open_aiana(config)
            opened.append(aiana)
            if aiana.container.cache.link is not None:
                link = aiana.container.cache.link
                until(lambda: link.is_up)
            aiana.index_pending()
            return aiana

        yield open
        for aiana in opened:
            aiana.close()

    def test_context_cache_invalidation(self, window: Callable[[], Aiana]) -> None:
        one, other = window(), window()

        def context(aiana: Aiana, project: str = "shop") -> ContextResult:
            return aiana.context("redis client", project=project, wait_for_model=True)

        one.add_memory("The redis client is pinned below 5.", project="shop")
        one.add_memory("Bring an umbrella.", project="weather")
        one.index_pending()
        built = context(one)
        assert built.cached is False
        kept = context(other)
        assert kept.cached is True
        assert (kept.context, kept.items, kept.tokens) == (built.context, built.items, built.tokens)
        assert context(other, "weather").cached is False

        other.add_preference("Uses uv")
        assert context(one).cached is False
        assert "Uses uv" in context(other).context
        memory = other.add_memory("The redis client needs RESP 2.", project="shop").memory
        assert context(one).cached is False
        other.start_session("s", project="shop-folder")
        one.index_pending()
        assert context(one).cached is False
        assert context(one).cached is True
        receipt = other.delete_memories([memory.id]).receipt
        assert receipt is not None
        assert receipt.redis == (1 if one.config.redis_url else None)
        assert memory.content not in context(one).context

    def test_context_of_another_request_or_user_is_another(
        self, window: Callable[[], Aiana], config: Config
    ) -> None:
        aiana = window()
        aiana.add_memory("The redis client is pinned below 5.", project="shop")
        aiana.index_pending()
        for project, tokens in (("shop", 500), ("shop", 600), ("other", 500)):
            again = [
                aiana.context("redis", project=project, max_tokens=tokens, wait_for_model=True)
                for _ in range(2)
            ]
            assert [context.cached for context in again] == [False, True]
        with closing(open_aiana(replace(config, user="ada"))) as ada:
            if ada.container.cache.link is not None:
                link = ada.container.cache.link
                until(lambda: link.is_up)
            context = ada.context("redis", project="shop", max_tokens=500, wait_for_model=True)
        assert context.cached is False

    def test_active_session_and_activities(self, window: Callable[[], Aiana]) -> None:
        one, other = window(), window()
        one.start_session("chat-1", project="shop", metadata={"by": "editor"})
        active = other.container.cache.get_active_session("chat-1")
        assert active is not None
        assert active["metadata"] == {"by": "editor"}
        one.end_session("chat-1")
        assert other.container.cache.get_active_session("chat-1") is None
        kinds = [activity["kind"] for activity in other.container.cache.recent_activities()]
        assert kinds == ["session ended", "session started"]

    def test_outage_is_reported_until_it_ends(self, tmp_path: Path, server: RedisServer) -> None:
        """Outage is said in answers and in the status until it is over."""
        with closing(open_aiana(Config(data_dir=tmp_path, redis_url=server.url))) as aiana:
            link = aiana.container.cache.link
            assert link is not None
            until(lambda: link.is_up)
            assert aiana.status().tiers.redis.state == "ok"
            assert PASSWORD not in aiana.status().tiers.redis.detail
            assert aiana.activity().servers == (True,)
            server.stop()
            aiana.add_memory("Kept all the same.")
            assert aiana.activity().servers == (False,)
            answer = aiana.context("kept")
            assert "redis" in [entry.tier for entry in answer.degraded]
            status = aiana.status()
            assert status.tiers.redis.state == "unavailable"
            assert PASSWORD not in status.tiers.redis.detail
            assert aiana.container.cache.recent_activities()[0]["kind"] == "memory"
            server.start()
            until(lambda: link.is_up)
            assert aiana.status().tiers.redis.state == "ok"
            assert "redis" not in [entry.tier for entry in aiana.context("kept").degraded]


def test_redis_tls(tmp_path: Path) -> None:
    pem = str(certificate(tmp_path))
    files = ("--tls-cert-file", pem, "--tls-key-file", pem)
    server = RedisServer(tmp_path, "--tls-auth-clients", "no", *files, tls=True)
    server.start()
    url = f"rediss://:{PASSWORD}@localhost:{server.port}/0"
    trusting = RedisCache(url, timeout_s=5, ca_file=pem)
    trusting.add_preference("Uses TLS")
    assert trusting.get_profile() == {"static": ["Uses TLS"], "dynamic": []}
    trusting.close()
    with pytest.raises(TierUnavailable, match=f"rediss://localhost:{server.port}/0"):
        RedisCache(url, timeout_s=5).ping()
    server.stop()


class DrippingServer:
    """Answers every command with a long text, a byte at a time, without ever coming to its end."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"redis://127.0.0.1:{self._listener.getsockname()[1]}"
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self._threads.append(threading.Thread(target=self._drip, args=(connection,)))
                self._threads[-1].start()

    def _drip(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            connection.recv(1000)
            connection.sendall(b"$100000\r\n")
            while not self._ended.wait(0.02):
                connection.sendall(b"x")

    def close(self) -> None:
        self._ended.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join()


@pytest.mark.parametrize("timeout_s", [0.05, 0.5])
def test_an_answer_that_drips_is_not_waited_for(tmp_path: Path, timeout_s: float) -> None:
    with closing(DrippingServer()) as dripping:
        redis = RedisCache(dripping.url, timeout_s=timeout_s)
        with pytest.raises(TierUnavailable, match=f"within {timeout_s * 4000:.0f} ms"):
            redis.get_profile()
        redis.close()
        with closing(open_aiana(Config(data_dir=tmp_path, redis_url=dripping.url))) as aiana:
            link = aiana.container.cache.link
            assert link is not None
            until(lambda: link.down is not None)
            aiana.add_memory("kept all the same")
            assert "did not answer within" in str(aiana.status().tiers.redis.detail)


def said_by(use: Callable[[], object]) -> str:
    """The error of a call, if it is one that callers expect."""
    try:
        use()
    except TierUnavailable as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    "stored", ["no JSON: private words", '"private words"', '["private", "words"]', "7", "{}"]
)
def test_redis_foreign_values(server: RedisServer, tmp_path: Path, stored: str) -> None:
    client = raw(server)
    client.set("aiana:session:s", stored)
    client.set("aiana:profile:default", stored)
    client.hset("aiana:context:p", "v", stored)
    client.rpush("aiana:recent:activities", stored)
    redis = RedisCache(server.url, timeout_s=5)
    for use in (
        lambda: redis.get_active_session("s"),
        lambda: redis.update_session("s", {"a": 1}),
        lambda: redis.add_preference("x"),
        lambda: redis.get_cached_context("p", "v"),
        lambda: redis.recent_activities(),
        lambda: redis.add_activities([{"timestamp": "2026", "id": "i"}]),
        lambda: redis.forget(["i"]),
    ):
        assert "private" not in said_by(use)
    redis.close()
    with closing(open_aiana(Config(data_dir=tmp_path, redis_url=server.url))) as aiana:
        aiana.add_memory("kept all the same")
        aiana.container.cache.get_active_session("s")
        aiana.container.cache.recent_activities()
        assert "private" not in str(aiana.status())


def test_a_refused_command_is_not_quoted(server: RedisServer) -> None:
    client = raw(server)
    client.config_set("maxmemory", "1")
    redis = RedisCache(server.url, timeout_s=5)
    with pytest.raises(TierUnavailable) as error:
        redis.set_active_session("s", "private project", {"private": "words"})
    assert "it refuses a command" in str(error.value)
    assert "private" not in str(error.value)
    client.config_set("maxmemory", "0")
    client.set("aiana:recent:activities", "private words")
    with pytest.raises(TierUnavailable, match="WRONGTYPE"):
        redis.recent_activities()
    redis.close()


def test_what_is_forgotten_is_forgotten_in_redis_too(server: RedisServer, tmp_path: Path) -> None:
    client = raw(server)
    with closing(open_aiana(Config(data_dir=tmp_path, redis_url=server.url))) as aiana:
        aiana.wait_for_servers()
        kept = aiana.add_memory("kept").memory.id
        memories = [aiana.add_memory(f"gone {n}").memory.id for n in range(3)]
        preference = aiana.add_preference("Likes pomegranates").static[0]
        aiana.start_session("s", str(tmp_path), {"note": "pomegranate"})
        assert "pomegranate" in client.get("aiana:session:s")
        receipt = aiana.delete_memories(memories[:1]).receipt
        assert receipt is not None
        assert receipt.redis == 1
        aiana.delete_session("s")
        assert client.get("aiana:session:s") is None
        server.stop()
        link = aiana.container.cache.link
        assert link is not None
        aiana.delete_memories(memories[1:2])
        aiana.remove_preference(preference.id)
    # It comes back as it was, and whoever opens it next tells it.
    server.start()
    client.rpush("aiana:recent:activities", json.dumps({"timestamp": "2026", "id": memories[1]}))
    client.set("aiana:profile:default", json.dumps({"static": [preference.text], "dynamic": []}))
    with closing(open_aiana(Config(data_dir=tmp_path, redis_url=server.url))) as aiana:
        aiana.wait_for_servers()
        known = [activity["id"] for activity in aiana.container.cache.recent_activities()]
        assert known == [memories[2], kept]
        told = [json.loads(text)["id"] for text in client.lrange("aiana:recent:activities", 0, -1)]
        assert told == known
        assert json.loads(client.get("aiana:profile:default")) == {"static": [], "dynamic": []}
        assert aiana.profile().static == []
